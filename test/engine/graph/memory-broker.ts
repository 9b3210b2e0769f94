/** A broker in memory whose partitions grow in number while it runs, and a connector to it. It can
 *  be down; every reading looks for partitions when it is told to. */

import { SqlError } from '../../../engine/base/errors.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import type { Value } from '../../../engine/expr/ir.ts'
import type {
  Chunk,
  FoundSplit,
  FoundSplits,
  GrowingConnector,
  GrowingTable,
  PollLimit,
  Split,
  SplitReader,
} from '../../../engine/source/source.ts'
import type { TableSpec } from '../../../engine/source/table.ts'

export type Row = readonly Value[]

export class MemoryBroker implements GrowingConnector {
  readonly name = 'memory'
  readonly replay = 'offset'
  readonly partitions: Row[][] = []
  readonly #tables = new Set<MemoryTable>()
  up = true
  /** The table has these splits and no others, and each ends where it ends at the first look. */
  bounded = false
  /** At the first look, begin behind what is there. */
  startsAtEnd = false
  /** How often a reading was told to look again. */
  refreshes = 0

  addPartition(rows: readonly Row[] = []): void {
    this.partitions.push([...rows])
  }

  append(partition: number, rows: readonly Row[]): void {
    this.partitions[partition].push(...rows)
  }

  /** Whoever reads looks for partitions and rows. */
  wake(): void {
    for (const table of this.#tables) table.look()
  }

  read(table: TableSpec): GrowingTable {
    const reading: MemoryTable = new MemoryTable(this, table, () => this.#tables.delete(reading))
    this.#tables.add(reading)
    return reading
  }
}

class MemoryTable implements GrowingTable {
  readonly #broker: MemoryBroker
  readonly #table: TableSpec
  readonly #onClose: () => void
  #known: Set<string> | undefined
  #watching = false
  #isFirst = false
  #found: FoundSplit[] | undefined
  #onReady = () => {}

  constructor(broker: MemoryBroker, table: TableSpec, onClose: () => void) {
    this.#broker = broker
    this.#table = table
    this.#onClose = onClose
  }

  watch(known: readonly string[] | undefined): void {
    this.#watching = true
    this.#isFirst = known === undefined
    this.#known = new Set(known)
    setImmediate(() => this.look())
  }

  refresh(): void {
    this.#broker.refreshes++
    setImmediate(() => this.look())
  }

  look(): void {
    if (this.#watching && this.#broker.up) {
      const { partitions, bounded, startsAtEnd } = this.#broker
      const fresh = partitions
        .map((rows, i) => ({ id: `p${i}`, end: String(rows.length) }))
        .filter(({ id }) => !this.#known!.has(id))
        .map(
          ({ id, end }): FoundSplit => ({
            id,
            from: this.#isFirst && startsAtEnd ? end : '0',
            ...(bounded ? { stop: end } : {}),
          }),
        )
      for (const { id } of fresh) this.#known!.add(id)
      if (fresh.length > 0 || this.#isFirst) this.#found = [...(this.#found ?? []), ...fresh]
      this.#isFirst = false
    }
    this.#onReady()
  }

  found(): FoundSplits | undefined {
    const splits = this.#found
    this.#found = undefined
    return splits && { splits, complete: this.#broker.bounded }
  }

  open({ id, stop }: Split, from: string): SplitReader {
    const broker = this.#broker
    const rows = () => broker.partitions[Number(id.slice(1))]
    const schema = schemaOf(this.#table.schema.fields.slice(0, this.#table.storedCount))
    let position = Number(from)
    return {
      poll({ rowsMax, until }: PollLimit): Chunk | null {
        if (!broker.up) return null
        if (until !== undefined && Number(until) > rows().length) return null
        const limit = Math.min(Number(until ?? stop ?? rows().length), Number(stop ?? Infinity))
        const to = Math.min(position + rowsMax, limit)
        const end = stop !== undefined && to >= Number(stop)
        if (to <= position && !end) return null
        const builder = new BatchBuilder(schema)
        for (const row of rows().slice(position, to)) builder.append(row)
        const chunk = { from: String(position), to: String(to), rowCount: to - position, end }
        position = to
        return { ...chunk, batch: builder.finish() }
      },
      onReady: () => {},
      end: () => stop ?? String(rows().length),
      lagRows: () => rows().length - position,
      trouble: () => this.trouble(),
      commit: async () => {},
      close: async () => {},
    }
  }

  onReady(callback: () => void): void {
    this.#onReady = callback
  }

  trouble(): SqlError | undefined {
    return this.#broker.up ? undefined : new SqlError('CONNECTOR_FAILED', 'the broker is down')
  }

  async close(): Promise<void> {
    this.#onClose()
  }
}
