/** A set of offsets as sorted ranges: small where they are dense. */

/** Offsets [from, to). */
export type OffsetRange = readonly [from: number, to: number]

export class OffsetSet {
  /** Ascending, disjoint and not touching. */
  #ranges: [number, number][] = []

  static of(ranges: Iterable<OffsetRange>): OffsetSet {
    const set = new OffsetSet()
    for (const [from, to] of ranges) set.add(from, to)
    return set
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0
  }

  /** The least offset; undefined if there is none. */
  get first(): number | undefined {
    return this.#ranges[0]?.[0]
  }

  get ranges(): readonly OffsetRange[] {
    return this.#ranges
  }

  get size(): number {
    return this.#ranges.reduce((sum, [from, to]) => sum + to - from, 0)
  }

  has(offset: number): boolean {
    const range = this.#ranges[this.#after(offset)]
    return range !== undefined && range[0] <= offset
  }

  add(from: number, to: number): void {
    if (from >= to) return
    // All ranges that overlap or touch become one.
    const start = this.#after(from - 1)
    let end = start
    let [low, high] = [from, to]
    while (end < this.#ranges.length && this.#ranges[end][0] <= to) {
      low = Math.min(low, this.#ranges[end][0])
      high = Math.max(high, this.#ranges[end][1])
      end++
    }
    this.#ranges.splice(start, end - start, [low, high])
  }

  remove(from: number, to: number): void {
    if (from >= to) return
    const start = this.#after(from)
    let end = start
    const left: [number, number][] = []
    while (end < this.#ranges.length && this.#ranges[end][0] < to) {
      const [low, high] = this.#ranges[end]
      if (low < from) left.push([low, from])
      if (high > to) left.push([to, high])
      end++
    }
    this.#ranges.splice(start, end - start, ...left)
  }

  /** The parts of [from, to) that are not in the set. */
  gaps(from: number, to: number): OffsetRange[] {
    const gaps: OffsetRange[] = []
    let at = from
    for (let i = this.#after(from); i < this.#ranges.length && at < to; i++) {
      const [low, high] = this.#ranges[i]
      if (low >= to) break
      if (low > at) gaps.push([at, low])
      at = Math.max(at, high)
    }
    if (at < to) gaps.push([at, to])
    return gaps
  }

  *[Symbol.iterator](): Generator<number> {
    // A snapshot: the set may change while it is walked.
    for (const [from, to] of [...this.#ranges]) for (let at = from; at < to; at++) yield at
  }

  /** The first range that ends after `offset`. */
  #after(offset: number): number {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#ranges[middle][1] <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Offsets, ascending, as ranges. */
export function rangesOf(offsets: readonly number[]): OffsetRange[] {
  const ranges: [number, number][] = []
  for (const offset of offsets) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === offset) last[1] = offset + 1
    else ranges.push([offset, offset + 1])
  }
  return ranges
}
