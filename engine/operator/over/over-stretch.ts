/** What one evaluation of window functions works on: stretches of partitions, laid out one after
 *  the other in a batch, and the frames of the rows to compute. */

import type { Batch } from '../../batch/batch.ts'
import type { OverFrame } from '../nodes.ts'
import type { OrderedRows } from '../ordered/ordered-rows.ts'
import type { RangeDistance } from './over-range.ts'

/** Consecutive rows of one partition, in order. Positions are in the batch, half-open. */
export interface Stretch {
  readonly partition: number
  readonly first: number
  readonly end: number
  /** The rows to compute. */
  readonly from: number
  readonly to: number
  /** Rows of the partition before `first`. */
  readonly before: number
  /** Different order keys before `first`, that of the first row not counted. */
  readonly ranksBefore: number
}

export interface Frames {
  readonly starts: Int32Array
  readonly ends: Int32Array
}

export class Evaluation {
  readonly slots: Int32Array
  readonly stretches: readonly Stretch[]
  /** The rows to compute, as positions in the batch. */
  readonly targets: Int32Array
  readonly #rows: OrderedRows
  readonly #distance: RangeDistance
  readonly #frames = new Map<string, Frames>()
  #batch: Batch | undefined
  #peers: Frames | undefined

  constructor(
    rows: OrderedRows,
    distance: RangeDistance,
    slots: Int32Array,
    stretches: readonly Stretch[],
  ) {
    this.#rows = rows
    this.#distance = distance
    this.slots = slots
    this.stretches = stretches
    const count = stretches.reduce((sum, { from, to }) => sum + to - from, 0)
    this.targets = new Int32Array(count)
    let n = 0
    for (const { from, to } of stretches) for (let i = from; i < to; i++) this.targets[n++] = i
  }

  /** All rows of the stretches, with the input's columns. */
  get batch(): Batch {
    this.#batch ??= this.#rows.rowsAt(this.slots)
    return this.#batch
  }

  /** Per row of the batch: its peers within the stretch. */
  get peers(): Frames {
    this.#peers ??= this.#findPeers()
    return this.#peers
  }

  #findPeers(): Frames {
    const { slots, stretches } = this
    const starts = new Int32Array(slots.length)
    const ends = new Int32Array(slots.length)
    for (const { first, end } of stretches) {
      let start = first
      for (let i = first; i < end; i++) {
        if (this.#rows.comparePeers(slots[start], slots[i]) !== 0) start = i
        starts[i] = start
      }
      let after = end
      for (let i = end - 1; i >= first; i--) {
        ends[i] = after
        if (starts[i] === i) after = i
      }
    }
    return { starts, ends }
  }

  /** The frame of each target; empty ones have start = end. */
  framesOf(frame: OverFrame): Frames {
    const key = `${frame.unit} ${frame.from} ${frame.to}`
    const known = this.#frames.get(key)
    if (known !== undefined) return known
    const frames = frame.unit === 'rows' ? this.#rowFrames(frame) : this.#rangeFrames(frame)
    this.#frames.set(key, frames)
    return frames
  }

  #rowFrames(frame: OverFrame): Frames {
    const { starts, ends } = this.#fresh()
    let n = 0
    for (const { first, end, from, to } of this.stretches) {
      for (let i = from; i < to; i++, n++) {
        starts[n] = Math.min(Math.max(first, i + frame.from), end)
        ends[n] = Math.max(starts[n], Math.min(end, i + frame.to + 1))
      }
    }
    return { starts, ends }
  }

  #rangeFrames(frame: OverFrame): Frames {
    const { starts, ends } = this.#fresh()
    const { slots } = this
    const distance = this.#distance
    let n = 0
    for (const { first, end, from, to } of this.stretches) {
      let [start, after] = [first, first]
      for (let i = from; i < to; i++, n++) {
        const slot = slots[i]
        while (start < end && !distance.isFrom(slot, frame.from, slots[start])) start++
        while (after < end && distance.isWithin(slot, frame.to, slots[after])) after++
        starts[n] = start
        ends[n] = Math.max(start, after)
      }
    }
    return { starts, ends }
  }

  #fresh(): { starts: Int32Array; ends: Int32Array } {
    const { length } = this.targets
    return { starts: new Int32Array(length), ends: new Int32Array(length) }
  }
}
