/** Ready records of a consumer group that wait for an earlier one of their key: set aside, so that
 *  nobody looks at them again and again. */

import type { Place } from './away-records.ts'
import { OffsetSet } from './offset-set.ts'

/** How many of a key come back at once: one answer may take several. */
const TOGETHER = 256

export class BlockedRecords {
  /** By split and key; never empty sets. */
  readonly #ofSplit: readonly Map<string, OffsetSet>[]

  constructor(splitCount: number) {
    this.#ofSplit = Array.from({ length: splitCount }, () => new Map())
  }

  add(key: string, { split, offset }: Place): void {
    const set = this.#ofSplit[split].get(key) ?? new OffsetSet()
    set.add(offset, offset + 1)
    this.#ofSplit[split].set(key, set)
  }

  /** Of the keys that block no more, the first records of each split: they wait no longer. */
  takeFree(isBlocking: (key: string) => boolean): Place[] {
    const taken: Place[] = []
    for (const [split, sets] of this.#ofSplit.entries()) {
      for (const [key, set] of sets) {
        if (isBlocking(key)) continue
        const offsets = set[Symbol.iterator]().take(TOGETHER).toArray()
        set.remove(offsets[0], offsets.at(-1)! + 1)
        if (set.isEmpty) sets.delete(key)
        for (const offset of offsets) taken.push({ split, offset })
      }
    }
    return taken
  }
}
