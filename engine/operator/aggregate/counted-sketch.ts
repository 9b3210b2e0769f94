/** A HyperLogLog sketch that rows can be taken out of again: how many rows there are of each
 *  register and rank. What it estimates is what the plain sketch of the rows that are left does. */

import { addEntry, estimateOf, type Sketch } from './hyper-log-log.ts'

/** Rows by `entryOf` of their hash. A count may be below zero while an epoch brings a retraction
 *  before its insertion. */
export type CountedSketch = Map<number, number>

/** Adds `weight` rows; returns the sketch, which may be a new object. */
export function addCounted(
  counts: CountedSketch | undefined,
  entry: number,
  weight: number,
): CountedSketch {
  const known = counts ?? new Map<number, number>()
  const count = (known.get(entry) ?? 0) + weight
  if (count === 0) known.delete(entry)
  else known.set(entry, count)
  return known
}

/** Adds all of `from`, which stays as it is; returns the sketch. */
export function mergeCounted(
  counts: CountedSketch | undefined,
  from: CountedSketch | undefined,
): CountedSketch | undefined {
  if (from === undefined || counts === undefined) return counts ?? (from && new Map(from))
  for (const [entry, weight] of from) addCounted(counts, entry, weight)
  return counts
}

/** The estimated number of distinct values, an integer. */
export function estimateCounted(counts: CountedSketch | undefined): number {
  let sketch: Sketch | undefined
  if (counts !== undefined) {
    for (const [entry, count] of counts) if (count > 0) sketch = addEntry(sketch, entry)
  }
  return estimateOf(sketch)
}
