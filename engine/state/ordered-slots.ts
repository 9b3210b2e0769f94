/** Row slots in an order that their owner defines: chunks of slots, so that a change costs O(log n)
 *  comparisons and the moving of one chunk. The order must be total: no two slots are equal. */

/** The order of two slots: negative or positive; 0 only for a slot and itself. */
export type SlotOrder = (a: number, b: number) => number

const CHUNK_LENGTH_MAX = 512

export class OrderedSlots {
  #chunks: number[][] = [[]]
  length = 0

  /** The slots in any order, as a list in order. */
  static of(slots: Iterable<number>, order: SlotOrder): OrderedSlots {
    const sorted = Array.from(slots).sort(order)
    const list = new OrderedSlots()
    list.length = sorted.length
    for (let at = 0; at < sorted.length; at += CHUNK_LENGTH_MAX / 2) {
      list.#chunks.push(sorted.slice(at, at + CHUNK_LENGTH_MAX / 2))
    }
    if (list.#chunks.length > 1) list.#chunks.shift()
    return list
  }

  insert(slot: number, order: SlotOrder): void {
    const at = this.#chunkOf(slot, order)
    const chunk = this.#chunks[at]
    this.length++
    if (chunk.length === 0 || order(chunk[chunk.length - 1], slot) < 0) chunk.push(slot)
    else chunk.splice(positionIn(chunk, slot, order), 0, slot)
    if (chunk.length <= CHUNK_LENGTH_MAX) return
    const half = chunk.length >> 1
    this.#chunks.splice(at, 1, chunk.slice(0, half), chunk.slice(half))
  }

  /** Takes a slot out; it must be there. */
  remove(slot: number, order: SlotOrder): void {
    const at = this.#chunkOf(slot, order)
    const chunk = this.#chunks[at]
    chunk.splice(positionIn(chunk, slot, order), 1)
    this.length--
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1)
  }

  /** The last chunk that does not begin behind the slot; else the first. */
  #chunkOf(slot: number, order: SlotOrder): number {
    const chunks = this.#chunks
    let [low, high] = [0, chunks.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (order(chunks[middle][0], slot) <= 0) low = middle
      else high = middle - 1
    }
    return low
  }

  /** The slot at a position; -1 outside. */
  at(position: number): number {
    if (position < 0 || position >= this.length) return -1
    let before = 0
    for (const chunk of this.#chunks) {
      if (position < before + chunk.length) return chunk[position - before]
      before += chunk.length
    }
    return -1
  }

  /** The last slot; -1 if there is none. */
  get last(): number {
    const chunk = this.#chunks[this.#chunks.length - 1]
    return chunk.length === 0 ? -1 : chunk[chunk.length - 1]
  }

  /** Takes the last slot out and returns it; there must be one. */
  pop(): number {
    const { last } = this
    this.#chunks[this.#chunks.length - 1].pop()
    this.#dropEmptyEnd()
    this.length--
    return last
  }

  #dropEmptyEnd(): void {
    if (this.#chunks.length > 1 && this.#chunks[this.#chunks.length - 1].length === 0) {
      this.#chunks.pop()
    }
  }

  /** Takes the first `count` slots out and returns them. */
  shift(count: number): number[] {
    const taken: number[] = []
    while (taken.length < count) {
      const chunk = this.#chunks[0]
      taken.push(...chunk.splice(0, count - taken.length))
      if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.shift()
    }
    this.length -= count
    return taken
  }

  /** The slots in order. */
  *[Symbol.iterator](): Generator<number> {
    for (const chunk of this.#chunks) yield* chunk
  }

  /** The slots of the positions [from, to), in order. */
  slice(from = 0, to = this.length): Int32Array {
    const start = Math.max(0, from)
    const end = Math.max(start, Math.min(to, this.length))
    const slots = new Int32Array(end - start)
    let before = 0
    for (const chunk of this.#chunks) {
      if (before >= end) break
      const first = Math.max(0, start - before)
      const last = Math.min(chunk.length, end - before)
      for (let i = first; i < last; i++) slots[before + i - start] = chunk[i]
      before += chunk.length
    }
    return slots
  }

  /** The same as an array, which is made faster than typed memory for lists that are short. */
  toArray(from = 0, to = this.length): readonly number[] {
    const [chunk] = this.#chunks
    if (this.#chunks.length === 1 || to <= chunk.length) return chunk.slice(from, to)
    return Array.from(this.slice(from, to))
  }

  /** The first position whose slot passes; those behind it must pass too. */
  firstWhere(passes: (slot: number) => boolean): number {
    const chunks = this.#chunks
    let [low, high] = [0, chunks.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const chunk = chunks[middle]
      if (chunk.length > 0 && passes(chunk[chunk.length - 1])) high = middle
      else low = middle + 1
    }
    let before = 0
    for (let i = 0; i < low; i++) before += chunks[i].length
    if (low === chunks.length) return before
    const chunk = chunks[low]
    let [first, last] = [0, chunk.length - 1]
    while (first < last) {
      const middle = (first + last) >> 1
      if (passes(chunk[middle])) last = middle
      else first = middle + 1
    }
    return before + first
  }

  /** Gives every slot its new number; their order stays. */
  renumber(numberOf: (slot: number) => number): void {
    for (const chunk of this.#chunks) {
      for (let i = 0; i < chunk.length; i++) chunk[i] = numberOf(chunk[i])
    }
  }

  /** About the bytes it takes. */
  get bytes(): number {
    return 96 + this.#chunks.length * 48 + this.length * 4
  }
}

/** The first position in the chunk that is not before the slot. */
function positionIn(chunk: readonly number[], slot: number, order: SlotOrder): number {
  let [low, high] = [0, chunk.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (order(chunk[middle], slot) < 0) low = middle + 1
    else high = middle
  }
  return low
}
