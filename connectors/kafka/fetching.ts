/** Keeps the readers of a table supplied: one long poll at a time at each broker that leads a
 *  partition, for those partitions that have room. */

import type { Connection } from '@platformatic/kafka'
import type { Clock } from '../../engine/base/clock.ts'
import { fail, SqlError } from '../../engine/base/errors.ts'
import { Bell } from './bell.ts'
import { EARLIEST, type KafkaCluster, LATEST, type Topics } from './cluster.ts'
import { type FetchedPartition, fetchRecords } from './fetch-request.ts'
import { splitOf } from './partition.ts'
import type { PartitionReader } from './partition-reader.ts'
import type { ReadSettings } from './read-settings.ts'

export interface FetchingParts {
  readonly clock: Clock
  readonly cluster: KafkaCluster
  readonly settings: ReadSettings
  /** By split; more may come. */
  readonly readers: ReadonlyMap<string, PartitionReader>
  /** A broker has answered. */
  readonly up: () => void
}

/** A partition that holds more than this waits. */
const PARTITION_BYTES_MAX = 2 << 20
/** With more than this in all partitions, only those are fetched that have nothing. */
const BYTES_MAX = 24 << 20
/** A long poll without the partitions that have no room should not keep them waiting. */
const SHORT_WAIT_MS = 20
/** How often to ask where partitions end that are not fetched. */
const ENDS_MS = 1000

const OFFSET_OUT_OF_RANGE = 1

export class Fetching {
  readonly #parts: FetchingParts
  readonly #room: Bell
  readonly #loops = new Map<number, Promise<void>>()
  /** By leader, those that have something new and were not told. */
  readonly #arrived = new Map<number, PartitionReader[]>()
  #topics: Topics
  #stopped = false
  #fail: (error: unknown) => void = () => {}
  /** Rejects when a broker cannot be read any more. */
  readonly failed: Promise<never>

  constructor(parts: FetchingParts, topics: Topics) {
    this.#parts = parts
    this.#topics = topics
    this.#room = new Bell(parts.clock)
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => {})
  }

  /** To be called when there are other readers, or other leaders. */
  update(topics = this.#topics): void {
    this.#topics = topics
    for (const split of this.#parts.readers.keys()) {
      const leader = topics.leaders.get(split)
      if (leader === undefined) {
        this.#fail(new SqlError('CONNECTOR_FAILED', `Kafka has no partition ${split}`))
        return
      }
      if (this.#loops.has(leader)) continue
      const loop = this.#run(leader).catch((error) => this.#fail(error))
      this.#loops.set(leader, loop)
    }
    this.#room.ring()
  }

  /** A reader has taken what was fetched. */
  taken(): void {
    this.#room.ring()
  }

  /** Resolves when nothing is under way; the cluster must be closed for that. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#room.ring()
    await Promise.all(this.#loops.values())
  }

  async #run(leader: number): Promise<void> {
    const { cluster, clock } = this.#parts
    let endsMs = clock.monotonicMs()
    while (!this.#stopped) {
      if (clock.monotonicMs() - endsMs >= ENDS_MS) {
        endsMs = clock.monotonicMs()
        this.#tellArrived(leader)
        await this.#askEnds(leader)
      }
      const own = this.#ofLeader(leader)
      const hungry = this.#hungry(own)
      if (hungry.length === 0) {
        this.#tellArrived(leader)
        await this.#room.wait(ENDS_MS)
        continue
      }
      const open = cluster.openConnection(leader)
      const asked = this.#ask(open ?? (await cluster.fetchConnection(leader)), hungry, own.length)
      // The broker is to be at work while the engine decodes what has come.
      this.#tellArrived(leader)
      const answers = await asked
      for (const answer of answers) {
        if (answer.errorCode === OFFSET_OUT_OF_RANGE) await this.#missing(answer)
        else this.#take(answer, leader)
      }
      if (answers.length > 0) this.#parts.up()
    }
  }

  #ask(
    connection: Connection,
    hungry: readonly PartitionReader[],
    count: number,
  ): Promise<FetchedPartition[]> {
    const { cluster, settings } = this.#parts
    const { maxWaitMs, minBytes, maxBytes, partitionMaxBytes, readsCommitted } = settings
    return fetchRecords(cluster.kafka, connection, {
      partitions: hungry.map(({ name, fetched: { fetchOffset } }) => ({ ...name, fetchOffset })),
      maxWaitMs: hungry.length < count ? Math.min(maxWaitMs, SHORT_WAIT_MS) : maxWaitMs,
      ...{ minBytes, maxBytes, partitionMaxBytes, readsCommitted },
    })
  }

  #tellArrived(leader: number): void {
    const arrived = this.#arrived.get(leader) ?? []
    this.#arrived.delete(leader)
    for (const reader of arrived) reader.onReadyCallback()
  }

  #ofLeader(leader: number): PartitionReader[] {
    const { leaders } = this.#topics
    return [...this.#parts.readers.values()].filter(({ split }) => leaders.get(split) === leader)
  }

  /** Those that have room, the ones that were served last behind the others. */
  #hungry(readers: readonly PartitionReader[]): PartitionReader[] {
    const held = readers.reduce((sum, { fetched }) => sum + fetched.bytes, 0)
    const most = held > BYTES_MAX ? 0 : PARTITION_BYTES_MAX
    return readers
      .filter(({ fetched }) => fetched.bytes <= most)
      .sort((a, b) => a.fetched.bytes - b.fetched.bytes)
  }

  #take(answer: FetchedPartition, leader: number): void {
    const reader = this.#parts.readers.get(splitOf(answer))
    if (reader === undefined) return
    if (answer.errorCode !== 0) this.#refused(answer)
    const knewEnd = reader.endOffset !== undefined
    if (answer.end >= 0) reader.endOffset = answer.end
    const { records, aborted } = answer
    if (records.length > 0) reader.fetched.add(records, aborted)
    if (records.length === 0 && knewEnd) return
    const arrived = this.#arrived.get(leader)
    if (arrived === undefined) this.#arrived.set(leader, [reader])
    else arrived.push(reader)
  }

  #refused(answer: FetchedPartition): never {
    const ids: Readonly<Record<number, string>> = this.#parts.cluster.kafka.protocolErrorsCodesById
    const id = ids[answer.errorCode] ?? answer.errorCode
    return fail('CONNECTOR_FAILED', `${splitOf(answer)} cannot be read: ${id}`)
  }

  /** The broker does not have the offset that comes next. DATA_DAMAGED unless the table says where
   *  to go on. */
  async #missing(answer: FetchedPartition): Promise<void> {
    const reader = this.#parts.readers.get(splitOf(answer))
    if (reader === undefined) return
    const [first, end] = await Promise.all([
      this.#offsets([reader], EARLIEST),
      this.#offsets([reader], LATEST),
    ])
    const { split, fetched } = reader
    const { reset } = this.#parts.settings
    const start = first.get(split)!
    if (reset === 'none' || fetched.fetchOffset > start) {
      const has = `it has ${start} to ${end.get(split)}`
      fail(
        'DATA_DAMAGED',
        `Kafka does not have offset ${fetched.fetchOffset} of ${split}: ${has}`,
        {
          hint: "Messages were removed, or lost, before they were read. To go on without them, drop the query, set 'properties.auto.offset.reset' or a startup mode, and create it again.",
        },
      )
    }
    fetched.skipTo(reset === 'earliest' ? start : end.get(split)!)
    reader.onReadyCallback()
  }

  /** Where partitions end that have no room, and are therefore not fetched. */
  async #askEnds(leader: number): Promise<void> {
    const own = this.#ofLeader(leader)
    const hungry = new Set(this.#hungry(own))
    const full = own.filter((reader) => !hungry.has(reader))
    if (full.length === 0) return
    const ends = await this.#offsets(full, LATEST)
    this.#parts.up()
    for (const reader of full) reader.endOffset = ends.get(reader.split) ?? reader.endOffset
  }

  #offsets(readers: readonly PartitionReader[], timestampMs: number): Promise<Map<string, number>> {
    const { cluster, settings } = this.#parts
    const names = readers.map(({ name }) => name)
    return cluster.offsets(names, this.#topics, timestampMs, settings.readsCommitted)
  }
}
