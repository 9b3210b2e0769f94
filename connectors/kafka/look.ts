/** Looks which partitions a table has, and where each begins and ends. */

import { fail } from '../../engine/base/errors.ts'
import type { FoundSplit } from '../../engine/source/source.ts'
import { EARLIEST, type KafkaCluster, LATEST, type Topics } from './cluster.ts'
import type { Bound } from './offset-lists.ts'
import { type PartitionName, splitOf } from './partition.ts'
import type { ReadSettings } from './read-settings.ts'

export interface Look {
  readonly splits: readonly FoundSplit[]
  /** Where the partitions ended, by split. */
  readonly ends: ReadonlyMap<string, number>
}

/** The partitions that are not known yet. `first`: nobody has looked before, so the options say
 *  where to begin; what comes later is read from its first record. */
export async function lookForSplits(
  cluster: KafkaCluster,
  topics: Topics,
  settings: ReadSettings,
  { known, first }: { readonly known: ReadonlySet<string>; readonly first: boolean },
): Promise<Look> {
  const all = [...topics.partitions.values()].flat()
  const fresh = all.filter((partition) => !known.has(splitOf(partition)))
  if (fresh.length === 0) return { splits: [], ends: new Map() }
  const find = new Offsets(cluster, topics, settings)
  const froms = await find.of(first ? settings.start : { kind: 'earliest' }, fresh)
  const stops = settings.stop && (await find.of(settings.stop, fresh))
  const ends = await find.at(LATEST, fresh)
  const splits = fresh.map((partition): FoundSplit => {
    const id = splitOf(partition)
    const from = froms.get(id)!
    const stop = stops && Math.max(from, stops.get(id)!)
    return { id, from: String(from), ...(stop === undefined ? {} : { stop: String(stop) }) }
  })
  return { splits, ends }
}

class Offsets {
  readonly #cluster: KafkaCluster
  readonly #topics: Topics
  readonly #settings: ReadSettings

  constructor(cluster: KafkaCluster, topics: Topics, settings: ReadSettings) {
    this.#cluster = cluster
    this.#topics = topics
    this.#settings = settings
  }

  at(timestampMs: number, partitions: readonly PartitionName[]): Promise<Map<string, number>> {
    const { readsCommitted } = this.#settings
    return this.#cluster.offsets(partitions, this.#topics, timestampMs, readsCommitted)
  }

  /** An offset for every partition. */
  async of(bound: Bound, partitions: readonly PartitionName[]): Promise<Map<string, number>> {
    switch (bound.kind) {
      case 'earliest':
        return this.at(EARLIEST, partitions)
      case 'latest':
        return this.at(LATEST, partitions)
      case 'timestamp': {
        const ends = await this.at(LATEST, partitions)
        const found = await this.at(bound.timestampMs, partitions)
        return mapEach(partitions, (id) => (found.get(id)! >= 0 ? found.get(id)! : ends.get(id)!))
      }
      case 'specific': {
        const starts = await this.at(EARLIEST, partitions)
        return mapEach(
          partitions,
          (id, { partition }) => bound.offsets.get(partition) ?? starts.get(id)!,
        )
      }
      case 'group':
        return this.#committed(partitions)
    }
  }

  async #committed(partitions: readonly PartitionName[]): Promise<Map<string, number>> {
    const { group, reset } = this.#settings
    const committed = await this.#cluster.committed(group!, partitions)
    const missing = partitions.find((partition) => !committed.has(splitOf(partition)))
    if (missing === undefined) return committed
    if (reset === 'none') {
      fail('INVALID_OPTION', `The group '${group}' has no offset for ${splitOf(missing)}`, {
        hint: "Say where to begin without one: 'properties.auto.offset.reset' = 'earliest' or 'latest', or 'scan.startup.mode' = 'earliest-offset'.",
      })
    }
    const other = await this.at(reset === 'earliest' ? EARLIEST : LATEST, partitions)
    return mapEach(partitions, (id) => committed.get(id) ?? other.get(id)!)
  }
}

const mapEach = (
  partitions: readonly PartitionName[],
  offsetOf: (split: string, partition: PartitionName) => number,
): Map<string, number> =>
  new Map(
    partitions.map((partition) => [splitOf(partition), offsetOf(splitOf(partition), partition)]),
  )
