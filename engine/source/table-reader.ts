/** One reading of a table: its splits, their positions and the table's watermark. Queries that
 *  stand at the same position share one reader, so a record is decoded once for all of them. */

import type { EpochClock } from '../base/clock.ts'
import type { SqlError } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import type { DeadLetter } from './dead-letter-table.ts'
import { refuseGone } from './gone-records.ts'
import type { AnySource, Chunk, FoundSplits, GrowingTable, Offset, Split } from './source.ts'
import { SplitCursor, type SplitState } from './split-cursor.ts'
import { isLogged, type TableSpec } from './table.ts'
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
  /** Of a table whose splits are found: more may come, or not. Absent: nobody has looked yet. */
  readonly discovery?: 'open' | 'complete' | undefined
}

export interface TablePoll {
  readonly ranges: readonly TableRange[]
  readonly rowCount: number
}

/** Which of a split's records a poll takes. */
export interface ReadBounds {
  /** Where this reading began when it was done before. */
  readonly from?: Offset | undefined
  /** Not beyond this offset. */
  readonly until?: Offset | undefined
}

export interface TableReaderContext {
  readonly nowUs: number
  /** Called whenever a poll may bring something. */
  readonly onReady: () => void
  /** Takes the records that could not be decoded, if the table keeps such. */
  readonly onDeadLetter?: ((letter: DeadLetter) => void) | undefined
}

const CHUNK_BYTES_MAX = 8 << 20

export class TableReader {
  readonly table: TableSpec
  readonly #decoder: TableDecoder
  readonly #onReady: () => void
  #splits: readonly SplitCursor[]
  /** undefined: the table has its splits for good. */
  readonly #growing: GrowingTable | undefined
  #discovery: TableReaderState['discovery']
  #isWatching = false
  #batchRowsMax = Infinity
  /** Polled, not yet decoded: in the order of polling. */
  #pending: { split: SplitCursor; chunk: Chunk }[] = []
  /** Never goes back. -Infinity before the first row, Infinity after the end. */
  watermarkUs: number
  rowsIn = 0

  constructor(
    table: TableSpec,
    connector: AnySource,
    { nowUs, onReady, onDeadLetter }: TableReaderContext,
    state?: TableReaderState,
  ) {
    this.table = table
    this.#decoder = new TableDecoder(table, onDeadLetter)
    this.#onReady = onReady
    if ('read' in connector) {
      this.#growing = connector.read(table)
      this.#growing.onReady(onReady)
      this.#discovery = state?.discovery
      this.#splits = Object.entries(state?.splits ?? {}).map(([id, from]) =>
        this.#open(this.#growing!, { id, stop: from.stop }, from),
      )
    } else {
      const opener = { open: (split: Split, from: Offset) => connector.open(table, split, from) }
      this.#splits = connector
        .listSplits(table)
        .map((split) => this.#open(opener, split, state?.splits[split.id] ?? fresh('', nowUs)))
    }
    this.watermarkUs = state?.watermarkUs ?? -Infinity
    if (this.ended) this.watermarkUs = Infinity
  }

  #open(opener: Opener, split: Split, from: SplitState): SplitCursor {
    const reader = opener.open(split, from.offset)
    reader.onReady(this.#onReady)
    const parts = { reader, decoder: this.#decoder, onReady: this.#onReady }
    return new SplitCursor(split.id, parts, from)
  }

  /** The splits that were found and are not read yet; undefined if there are none, and none is
   *  needed to know that somebody has looked. Not in a replay: that has them from the journal.
   *  Raises what keeps the table from ever being read. */
  findSplits(): FoundSplits | undefined {
    if (this.#growing === undefined || this.#discovery === 'complete') return undefined
    if (!this.#isWatching) {
      this.#isWatching = true
      this.#growing.watch(this.#discovery === undefined ? undefined : this.splitIds)
    }
    const found = this.#growing.found()
    if (found === undefined) return undefined
    const known = new Set(this.splitIds)
    const splits = found.splits.filter(({ id }) => !known.has(id))
    const isNews = splits.length > 0 || this.#discovery === undefined || found.complete
    return isNews ? { splits, complete: found.complete } : undefined
  }

  /** The splits take part from now on. The watermark stays where it is: what they bring behind it
   *  is late. */
  addSplits({ splits, complete }: FoundSplits, nowUs: number): void {
    const known = new Set(this.splitIds)
    const added = splits
      .filter(({ id }) => !known.has(id))
      .map(({ id, stop, from }) =>
        this.#open(this.#growing!, { id, stop }, { ...fresh(from, nowUs), stop }),
      )
    this.#splits = [...this.#splits, ...added]
    this.#discovery = complete ? 'complete' : 'open'
  }

  /** Whether it is known which splits the table has. */
  get hasLooked(): boolean {
    return this.#growing === undefined || this.#discovery !== undefined
  }

  /** Looks for splits again now. */
  lookAgain(): void {
    if (this.#isWatching) this.#growing?.refresh()
  }

  /** Messages that did not fit and were passed over since this reading began. */
  get badRecords(): number {
    return this.#decoder.badRecords
  }

  /** No record will ever come. */
  get ended(): boolean {
    const isWhole = this.#growing === undefined || this.#discovery === 'complete'
    return isWhole && this.#splits.every((split) => split.ended)
  }

  /** Takes up to `rowsMax` rows from the splits in turn, not beyond `until` where it is given. */
  poll(rowsMax: number, batchRowsMax: number, boundsOf?: (split: string) => ReadBounds): TablePoll {
    const ranges: TableRange[] = []
    let rowCount = 0
    this.#batchRowsMax = batchRowsMax
    const share = Math.max(1, Math.ceil(rowsMax / this.#splits.length))
    for (const split of this.#splits) {
      const before = split.offset
      const wasEnded = split.ended
      let from = before
      let left = share
      while (left > 0) {
        const bounds = boundsOf?.(split.id)
        const limit = {
          rowsMax: Math.min(left, batchRowsMax),
          bytesMax: CHUNK_BYTES_MAX,
          until: bounds?.until,
        }
        const chunk = split.poll(limit)
        if (chunk === null) break
        if (from === '' && isLogged(this.table)) {
          from = chunk.from
          const wanted = bounds?.from ?? ''
          // What retention took meanwhile cannot be read again.
          if (wanted !== '' && from !== wanted) {
            const offsets = { offset: Number(wanted), first: Number(from) }
            refuseGone(this.table.name, split.id, offsets)
          }
        }
        this.#pending.push({ split, chunk })
        left -= Math.max(1, chunk.rowCount)
        rowCount += chunk.rowCount
      }
      if (split.offset !== before || split.ended !== wasEnded) {
        ranges.push({ split: split.id, from, to: split.offset, end: split.ended })
      }
    }
    return { ranges, rowCount }
  }

  /** Decodes what was polled, in order. Then moves the table's watermark. */
  take(clock: EpochClock): Batch[] {
    const batches = this.#pending
      .map(({ split, chunk }) => split.decode(chunk, clock, this.watermarkUs))
      .flatMap((batch) => this.#pieces(batch))
    this.#pending = []
    for (const batch of batches) this.rowsIn += batch.rowCount
    this.#moveWatermark(clock.nowUs)
    return batches
  }

  /** A message may hold many rows. */
  #pieces(batch: Batch): Batch[] {
    const most = this.#batchRowsMax
    if (batch.rowCount <= most) return batch.rowCount === 0 ? [] : [batch]
    return Array.from({ length: Math.ceil(batch.rowCount / most) }, (_, i) =>
      batch.slice(i * most, Math.min((i + 1) * most, batch.rowCount)),
    )
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

  /** Why nothing comes from a split for now. */
  get trouble(): SqlError | undefined {
    const all = this.#splits.map(({ reader }) => reader.trouble?.())
    return [this.#growing?.trouble(), ...all].find((trouble) => trouble)
  }

  get splitIds(): string[] {
    return this.#splits.map((split) => split.id)
  }

  /** Whether both readings stand at the same record in every split. */
  standsWith(other: TableReader): boolean {
    if (this.#splits.length !== other.#splits.length || this.hasLooked !== other.hasLooked) {
      return false
    }
    return this.#splits.every((split) => split.offset === other.offsetOf(split.id))
  }

  lagRows(): number | undefined {
    if (!this.hasLooked) return undefined
    let sum = 0
    for (const split of this.#splits) {
      const lag = split.lagRows()
      if (lag === undefined) return undefined
      sum += lag
    }
    return sum
  }

  state(): TableReaderState {
    return {
      splits: Object.fromEntries(this.#splits.map((split) => [split.id, split.state()])),
      watermarkUs: Number.isFinite(this.watermarkUs) ? this.watermarkUs : null,
      ...(this.#discovery === undefined ? {} : { discovery: this.#discovery }),
    }
  }

  /** Tells the splits that no recovery needs what is before these offsets (law 6). */
  async commit({ splits }: TableReaderState): Promise<void> {
    for (const { id, reader } of this.#splits) {
      if (splits[id] && splits[id].offset !== '') await reader.commit(splits[id].offset)
    }
  }

  /** Tells the splits what is in the newest checkpoint. */
  checkpointed({ splits }: TableReaderState): void {
    for (const { id, reader } of this.#splits) {
      if (splits[id] && splits[id].offset !== '') reader.checkpointed?.(splits[id].offset)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#splits.map((split) => split.reader.close()))
    await this.#growing?.close()
  }
}

type Opener = Pick<GrowingTable, 'open'>

const fresh = (offset: Offset, nowUs: number): SplitState => ({
  ...{ offset, watermarkUs: null, lastRowUs: nowUs, ended: false },
})
