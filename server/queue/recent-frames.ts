/** Frames of a stream that were read lately, by split and offset. Those that nobody used for
 *  longest go first. */

import type { StreamFrame } from '../../engine/source/stream-frame.ts'
import type { RecordTexts } from './record-text.ts'

export interface RecentFrame {
  readonly split: number
  readonly frame: StreamFrame
  /** As stored. */
  readonly bytes: number
  texts?: RecordTexts
}

const BYTES_MAX = 16 << 20
/** What a frame takes beside its records, about. */
const OVERHEAD_BYTES = 1024

const costOf = ({ bytes }: RecentFrame): number => bytes + OVERHEAD_BYTES

export class RecentFrames {
  /** The one used last comes last. */
  readonly #all = new Set<RecentFrame>()
  /** By offset, of each split. */
  readonly #ofSplit = new Map<number, RecentFrame[]>()
  #bytes = 0

  /** The frame that holds the record; undefined if it is not here. */
  find(split: number, offset: number): RecentFrame | undefined {
    const frames = this.#ofSplit.get(split) ?? []
    const found = frames[indexAfter(frames, offset) - 1]
    if (found === undefined || offset >= found.frame.next) return undefined
    this.#all.delete(found)
    this.#all.add(found)
    return found
  }

  /** A frame none of whose records is here. */
  add(recent: RecentFrame): void {
    const { split, frame } = recent
    const frames = this.#ofSplit.get(split) ?? []
    this.#ofSplit.set(split, frames)
    frames.splice(indexAfter(frames, frame.first), 0, recent)
    this.#all.add(recent)
    this.#bytes += costOf(recent)
    for (const oldest of this.#all) {
      if (this.#bytes <= BYTES_MAX || oldest === recent) return
      this.#remove(oldest)
    }
  }

  #remove(recent: RecentFrame): void {
    const frames = this.#ofSplit.get(recent.split)!
    frames.splice(indexAfter(frames, recent.frame.first) - 1, 1)
    this.#all.delete(recent)
    this.#bytes -= costOf(recent)
  }

  clear(): void {
    this.#all.clear()
    this.#ofSplit.clear()
    this.#bytes = 0
  }
}

/** The index of the first frame that begins after `offset`. */
function indexAfter(frames: readonly RecentFrame[], offset: number): number {
  let low = 0
  let high = frames.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (frames[middle].frame.first <= offset) low = middle + 1
    else high = middle
  }
  return low
}
