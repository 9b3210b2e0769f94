/** Where some of a segment's frames begin: one entry for every so many bytes, made while reading.
 *  Frames of a segment never move, so an entry stays true for the segment's life. */

const STEP_BYTES = 64 << 10

export class SparseIndex {
  /** Ascending, in step. */
  readonly #offsets: number[]
  readonly #positions: number[]

  /** `position` is where the frame of the segment's first offset begins. */
  constructor(first: number, position: number) {
    this.#offsets = [first]
    this.#positions = [position]
  }

  /** Notes that the frame of `offset` begins at `position`. */
  add(offset: number, position: number): void {
    if (position < this.#positions.at(-1)! + STEP_BYTES) return
    this.#offsets.push(offset)
    this.#positions.push(position)
  }

  /** The last known frame that begins at or before `offset`. */
  find(offset: number): { next: number; position: number } {
    let low = 0
    let high = this.#offsets.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.#offsets[middle] <= offset) low = middle
      else high = middle
    }
    return { next: this.#offsets[low], position: this.#positions[low] }
  }
}
