/** One reading of a table: its splits, their positions and the table's watermark. Queries that
 *  stand at the same position share one reader, so a record is decoded once for all of them. */

import type { EpochClock } from '../base/clock.ts'
import type { Batch } from '../batch/batch.ts'
import type { Chunk, Offset, SourceConnector } from './source.ts'
import { SplitCursor, type SplitState } from './split-cursor.ts'
import type { TableSpec } from './table.ts'
import { TableDecoder } from './table-decoder.ts'

export interface TableRange {
  readonly split: string
  readonly from: Offset
  readonly to: Offset
  readonly end: boolean
}

export interface TableReaderState {
  readonly splits: Readonly<Record<string, SplitState>>
  readonly watermarkUs: number | null
}

export interface TablePoll {
  readonly ranges: readonly TableRange[]
  readonly rowCount: number
}

const CHUNK_BYTES_MAX = 8 << 20

export class TableReader {
  readonly table: TableSpec
  readonly #decoder: TableDecoder
  readonly #splits: SplitCursor[]
  /** Polled, not yet decoded: in the order of polling. */
  #pending: { split: SplitCursor; chunk: Chunk }[] = []
  /** Never goes back. -Infinity before the first row, Infinity after the end. */
  watermarkUs: number
  rowsIn = 0

  constructor(
    table: TableSpec,
    connector: SourceConnector,
    nowUs: number,
    onReady: () => void,
    state?: TableReaderState,
  ) {
    this.table = table
    const decoder = new TableDecoder(table)
    this.#decoder = decoder
    this.#splits = connector.listSplits(table).map(({ id }) => {
      const from = state?.splits[id] ?? {
        offset: '',
        watermarkUs: null,
        lastRowUs: nowUs,
        ended: false,
      }
      const reader = connector.open(table, { id }, from.offset)
      reader.onReady(onReady)
      return new SplitCursor(id, reader, decoder, from)
    })
    this.watermarkUs = state?.watermarkUs ?? -Infinity
    if (this.#splits.every((split) => split.ended)) this.watermarkUs = Infinity
  }

  /** Messages that did not fit and were passed over since this reading began. */
  get badRecords(): number {
    return this.#decoder.badRecords
  }

  get ended(): boolean {
    return this.#splits.every((split) => split.ended)
  }

  /** Takes up to `rowsMax` rows from the splits in turn, not beyond `until` where it is given. */
  poll(
    rowsMax: number,
    batchRowsMax: number,
    until?: (split: string) => Offset | undefined,
  ): TablePoll {
    const ranges: TableRange[] = []
    let rowCount = 0
    const share = Math.max(1, Math.ceil(rowsMax / this.#splits.length))
    for (const split of this.#splits) {
      const from = split.offset
      const wasEnded = split.ended
      let left = share
      while (left > 0) {
        const limit = {
          rowsMax: Math.min(left, batchRowsMax),
          bytesMax: CHUNK_BYTES_MAX,
          until: until?.(split.id),
        }
        const chunk = split.poll(limit)
        if (chunk === null) break
        this.#pending.push({ split, chunk })
        left -= Math.max(1, chunk.rowCount)
        rowCount += chunk.rowCount
      }
      if (split.offset !== from || split.ended !== wasEnded) {
        ranges.push({ split: split.id, from, to: split.offset, end: split.ended })
      }
    }
    return { ranges, rowCount }
  }

  /** Decodes what was polled, in order. Then moves the table's watermark. */
  take(clock: EpochClock): Batch[] {
    const batches = this.#pending
      .map(({ split, chunk }) => split.decode(chunk, clock, this.watermarkUs))
      .filter((batch) => batch.rowCount > 0)
    this.#pending = []
    for (const batch of batches) this.rowsIn += batch.rowCount
    this.#moveWatermark(clock.nowUs)
    return batches
  }

  /** min over the splits that are neither ended nor idle. In a stream that is silent as a whole,
   *  event time goes on at the pace of the clock, so that its windows close. */
  #moveWatermark(nowUs: number): void {
    if (this.ended) {
      this.watermarkUs = Infinity
      return
    }
    const idleUs = (this.table.watermark?.idleTimeoutMs ?? 0) * 1000
    const open = this.#splits.filter((split) => !split.ended)
    const active = open.filter((split) => idleUs === 0 || nowUs - split.lastRowUs < idleUs)
    const mark =
      active.length > 0
        ? Math.min(...active.map((split) => split.watermarkUs))
        : Math.max(...open.map((split) => split.watermarkUs + nowUs - split.lastRowUs))
    if (mark > this.watermarkUs) this.watermarkUs = mark
  }

  /** Whether the passing of time alone can move the watermark. */
  get waitsForTime(): boolean {
    const idle = (this.table.watermark?.idleTimeoutMs ?? 0) > 0
    return idle && !this.ended && this.#splits.some((split) => split.watermarkUs > -Infinity)
  }

  /** The server was down: that was not the splits' silence. */
  resume(nowUs: number): void {
    for (const split of this.#splits) split.lastRowUs = nowUs
  }

  offsetOf(split: string): Offset | undefined {
    return this.#splits.find(({ id }) => id === split)?.offset
  }

  /** A replay ends a split where it ended the first time, not where the connector says now. */
  setEnded(split: string, ended: boolean): void {
    const cursor = this.#splits.find(({ id }) => id === split)
    if (cursor !== undefined) cursor.ended = ended
  }

  /** The known end of a split, for a bounded read. */
  endOf(split: string): Offset | undefined {
    return this.#splits.find(({ id }) => id === split)?.reader.end()
  }

  get splitIds(): string[] {
    return this.#splits.map((split) => split.id)
  }

  /** Whether both readings stand at the same record in every split. */
  standsWith(other: TableReader): boolean {
    return this.#splits.every((split) => split.offset === other.offsetOf(split.id))
  }

  lagRows(): number | undefined {
    let sum = 0
    for (const split of this.#splits) {
      const lag = split.reader.lagRows()
      if (lag === undefined) return undefined
      sum += lag
    }
    return sum
  }

  state(): TableReaderState {
    return {
      splits: Object.fromEntries(this.#splits.map((split) => [split.id, split.state()])),
      watermarkUs: Number.isFinite(this.watermarkUs) ? this.watermarkUs : null,
    }
  }

  /** Tells the splits that everything read so far is in a durable checkpoint (law 6). */
  async commit(offsets: TableReaderState): Promise<void> {
    for (const split of this.#splits) {
      const state = offsets.splits[split.id]
      if (state && state.offset !== '') await split.reader.commit(state.offset)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#splits.map((split) => split.reader.close()))
  }
}
