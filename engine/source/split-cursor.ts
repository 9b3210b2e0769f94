/** Where one reader of a table stands in one split: its offset and its watermark. Turns chunks into
 *  batches with all the table's columns. */

import { assert } from '../base/assert.ts'
import type { EpochClock } from '../base/clock.ts'
import { Batch } from '../batch/batch.ts'
import type { Chunk, Offset, PollLimit, SplitReader } from './source.ts'
import type { TableDecoder } from './table-decoder.ts'

/** What a checkpoint keeps of a split. */
export interface SplitState {
  readonly offset: Offset
  /** null: no row yet. */
  readonly watermarkUs: number | null
  readonly lastRowUs: number
  readonly ended: boolean
  /** See `Split.stop`. */
  readonly stop?: Offset | undefined
}

export interface SplitParts {
  readonly reader: SplitReader
  readonly decoder: TableDecoder
  /** Called whenever a poll may bring something. */
  readonly onReady: () => void
}

export class SplitCursor {
  readonly id: string
  readonly reader: SplitReader
  readonly #decoder: TableDecoder
  readonly #stop: Offset | undefined
  offset: Offset
  watermarkUs: number
  /** The epoch clock when the last row came. */
  lastRowUs: number
  ended: boolean
  /** Polled, but what its decoding needs is still on its way. */
  #held: Chunk | undefined
  #isUnderWay = false
  /** Why it cannot be had. */
  #failure: { readonly error: unknown } | undefined
  readonly #onReady: () => void

  constructor(id: string, { reader, decoder, onReady }: SplitParts, state: SplitState) {
    this.id = id
    this.reader = reader
    this.#decoder = decoder
    this.#onReady = onReady
    this.offset = state.offset
    this.watermarkUs = state.watermarkUs ?? -Infinity
    this.lastRowUs = state.lastRowUs
    this.ended = state.ended
    this.#stop = state.stop
  }

  /** The next chunk, or null if there is none at hand that could be decoded. Moves the offset.
   *  Raises why it can't be. */
  poll(limit: PollLimit): Chunk | null {
    if (this.ended || this.offset === limit.until) return null
    if (this.#failure !== undefined) throw this.#failure.error
    const chunk = this.#held ?? this.reader.poll(limit)
    if (chunk === null) return null
    assert(this.offset === '' || chunk.from === this.offset, `${this.id} skipped records`)
    if (this.#isUnderWay || this.#hold(chunk)) return null
    this.#held = undefined
    this.offset = chunk.to
    this.ended = chunk.end
    return chunk
  }

  /** False if all is there. */
  #hold(chunk: Chunk): boolean {
    const promise = this.#decoder.prepare(chunk)
    if (promise === undefined) return false
    this.#held = chunk
    this.#isUnderWay = true
    promise
      .catch((error: unknown) => {
        this.#failure = { error }
      })
      .then(() => {
        this.#isUnderWay = false
        this.#onReady()
      })
    return true
  }

  /** Records known to be in the split after our position; undefined if it can't be told. */
  lagRows(): number | undefined {
    const behind = this.reader.lagRows()
    return behind === undefined ? undefined : behind + (this.#held?.rowCount ?? 0)
  }

  /** A chunk's rows with computed columns and, if any is behind them or behind the table's
   *  watermark `floorUs`, per-row watermarks; moves the split's watermark. */
  decode(chunk: Chunk, clock: EpochClock, floorUs: number): Batch {
    const batch = this.#decoder.decode(chunk, clock, this.id)
    if (batch.rowCount === 0) return batch
    this.lastRowUs = clock.nowUs
    const follow = this.#decoder.follow
    if (follow === undefined) return batch
    const marks = new Float64Array(batch.rowCount)
    const { running, behind } = follow(batch, this.watermarkUs, marks, clock, floorUs)
    this.watermarkUs = running
    if (!behind && !this.#decoder.isKeyed) return batch
    return new Batch(batch.schema, batch.columns, batch.rowCount, batch.weights, marks)
  }

  state(): SplitState {
    const { offset, watermarkUs, lastRowUs, ended } = this
    return {
      offset,
      watermarkUs: Number.isFinite(watermarkUs) ? watermarkUs : null,
      lastRowUs,
      ended,
      ...(this.#stop === undefined ? {} : { stop: this.#stop }),
    }
  }
}
