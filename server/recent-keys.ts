/** Idempotency keys of one split: a request that is sent again is recognised and not stored
 *  twice. A keyed request is a log frame of its own (in each split) whose `epoch` is a hash of
 *  its key, so the keys are as durable as the records. They are remembered for the split's last
 *  million rows. */

import { createHash } from 'node:crypto'
import type { Disk } from '../engine/base/disk.ts'
import { LogReader } from '../engine/log/reader.ts'
import { KEYED_FLAG } from '../engine/source/stream-frame.ts'

/** Rows back from the end in which a key is found again. */
export const ROWS_REMEMBERED = 1_000_000

/** Offsets [first, next) of a request's rows. */
export interface RowRange {
  readonly first: number
  readonly next: number
}

/** 53 bits of a digest: two keys of a million meet with a chance of about one in 18 000. */
export function keyHash(key: string): number {
  const digest = createHash('sha256').update(key).digest()
  return digest.readUIntBE(0, 6) * 32 + (digest[6] & 31)
}

export class RecentKeys {
  readonly #ranges = new Map<number, RowRange>()

  /** Reads the keys of the split's last rows back from its log. */
  static load(disk: Disk, folder: string, log: { firstOffset: number; nextOffset: number }) {
    const keys = new RecentKeys()
    const reader = new LogReader(disk, folder)
    try {
      reader.seek(Math.max(log.firstOffset, log.nextOffset - ROWS_REMEMBERED))
      for (;;) {
        const frame = reader.next(log.nextOffset)
        if (frame === null) return keys
        if ((frame.flags & KEYED_FLAG) !== 0) keys.add(frame.epoch, frame)
      }
    } finally {
      reader.close()
    }
  }

  /** Where the rows of the key are; undefined if it is new. */
  get(hash: number): RowRange | undefined {
    return this.#ranges.get(hash)
  }

  add(hash: number, { first, next }: RowRange): void {
    this.#ranges.set(hash, { first, next })
    // Oldest first, because offsets only grow.
    for (const [old, range] of this.#ranges) {
      if (range.next > next - ROWS_REMEMBERED) return
      this.#ranges.delete(old)
    }
  }
}
