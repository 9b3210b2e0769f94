/** A sorted multiset: distinct values in order, each with a count. It is plain data, so that it can
 *  be an aggregate's state: a sorted array while it is small, then sorted chunks, so that a change
 *  costs O(log n) comparisons and the moving of one chunk. A count may be below zero while an epoch
 *  brings a retraction before its insertion. */

/** value, count, value, count, … */
type Chunk = unknown[]

export type OrderedCounts = Chunk | { readonly chunks: Chunk[] }

/** The order of two values: negative, 0 or positive. */
export type Compare<V> = (a: V, b: V) => number

/** Elements of a chunk; twice the values. */
const CHUNK_LENGTH_MAX = 512

/** Adds `weight` to the count of `value`; returns the multiset, which may be a new object. */
export function addCount<V>(
  counts: OrderedCounts | undefined,
  value: V,
  weight: number,
  compare: Compare<V>,
): OrderedCounts {
  if (counts === undefined) return [value, weight]
  if (Array.isArray(counts)) {
    addToChunk(counts, value, weight, compare)
    return counts.length <= CHUNK_LENGTH_MAX ? counts : { chunks: halves(counts) }
  }
  const { chunks } = counts
  if (chunks.length === 0) chunks.push([])
  const at = chunkOf(chunks, value, compare)
  const chunk = chunks[at]
  addToChunk(chunk, value, weight, compare)
  if (chunk.length > CHUNK_LENGTH_MAX) chunks.splice(at, 1, ...halves(chunk))
  else if (chunk.length === 0) chunks.splice(at, 1)
  return counts
}

/** The last chunk that does not begin above the value; else the first. */
function chunkOf<V>(chunks: readonly Chunk[], value: V, compare: Compare<V>): number {
  let [low, high] = [0, chunks.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (compare(chunks[middle][0] as V, value) <= 0) low = middle
    else high = middle - 1
  }
  return low
}

function addToChunk<V>(chunk: Chunk, value: V, weight: number, compare: Compare<V>): void {
  let [low, high] = [0, chunk.length >> 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(chunk[middle * 2] as V, value) < 0) low = middle + 1
    else high = middle
  }
  const at = low * 2
  if (at === chunk.length || compare(chunk[at] as V, value) !== 0) {
    chunk.splice(at, 0, value, weight)
    return
  }
  const count = (chunk[at + 1] as number) + weight
  if (count === 0) chunk.splice(at, 2)
  else chunk[at + 1] = count
}

function halves(chunk: Chunk): Chunk[] {
  const half = (chunk.length >> 2) << 1
  return [chunk.slice(0, half), chunk.slice(half)]
}

const chunksOf = (counts: OrderedCounts): readonly Chunk[] =>
  Array.isArray(counts) ? [counts] : counts.chunks

/** The least value with a count above zero; undefined if there is none. */
export function leastOf(counts: OrderedCounts | undefined): unknown {
  if (counts === undefined) return undefined
  for (const chunk of chunksOf(counts)) {
    for (let at = 0; at < chunk.length; at += 2) {
      if ((chunk[at + 1] as number) > 0) return chunk[at]
    }
  }
  return undefined
}

/** The greatest value with a count above zero; undefined if there is none. */
export function greatestOf(counts: OrderedCounts | undefined): unknown {
  if (counts === undefined) return undefined
  const chunks = chunksOf(counts)
  for (let c = chunks.length - 1; c >= 0; c--) {
    const chunk = chunks[c]
    for (let at = chunk.length - 2; at >= 0; at -= 2) {
      if ((chunk[at + 1] as number) > 0) return chunk[at]
    }
  }
  return undefined
}

/** Adds all of `from`, which stays as it is; returns the multiset. */
export function mergeCounts<V>(
  counts: OrderedCounts | undefined,
  from: OrderedCounts | undefined,
  compare: Compare<V>,
): OrderedCounts | undefined {
  let merged = counts
  if (from === undefined) return merged
  for (const chunk of chunksOf(from)) {
    if (merged === undefined) {
      merged = chunk.slice()
      continue
    }
    for (let at = 0; at < chunk.length; at += 2) {
      merged = addCount(merged, chunk[at] as V, chunk[at + 1] as number, compare)
    }
  }
  return merged
}
