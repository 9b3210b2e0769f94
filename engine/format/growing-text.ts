/** Texts that are not in the messages as they are, behind the message bytes: positions go on where
 *  the messages end, so that one heap serves all the columns of a batch. */

import { parseJsonString } from './json-scan.ts'

export class GrowingText {
  readonly #bytes: Uint8Array
  #more: Uint8Array = new Uint8Array(0)
  #used = 0
  #heap: Uint8Array | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Where the last text ends. */
  get end(): number {
    return this.#bytes.length + this.#used
  }

  /** See `ExtraText`. */
  unescape(start: number, end: number): number {
    const text = parseJsonString(this.#bytes, start, end)
    return text === undefined ? -1 : this.add(Buffer.from(text))
  }

  /** Adds a text; returns where it begins. */
  add(text: Uint8Array): number {
    const needed = this.#used + text.length
    if (needed > this.#more.length) {
      const more = new Uint8Array(Math.max(needed * 2, 256))
      more.set(this.#more.subarray(0, this.#used))
      this.#more = more
    }
    this.#more.set(text, this.#used)
    const start = this.end
    this.#used = needed
    return start
  }

  /** The messages and all texts behind them; no copy if there are none. Call it when all are
   *  there. */
  heap(bytes: Uint8Array): Uint8Array {
    if (this.#used === 0) return bytes
    this.#heap ??= Buffer.concat([bytes, this.#more.subarray(0, this.#used)])
    return this.#heap
  }
}
