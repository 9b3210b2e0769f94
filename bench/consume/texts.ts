/** The messages of the consume benchmark, as bytes: hundreds of thousands of strings would make
 *  every garbage collection of the process slow that the readings are measured in. */

import { Buffer } from 'node:buffer'

export class Texts {
  readonly #bytes: Buffer
  readonly #ends: Int32Array
  readonly length: number

  constructor(texts: readonly string[]) {
    this.#bytes = Buffer.from(texts.join(''))
    this.#ends = new Int32Array(texts.length + 1)
    for (const [i, text] of texts.entries()) {
      this.#ends[i + 1] = this.#ends[i] + Buffer.byteLength(text)
    }
    this.length = texts.length
  }

  get byteCount(): number {
    return this.#bytes.length
  }

  /** Texts [from, to). */
  slice(from = 0, to = this.length): string[] {
    const end = Math.min(to, this.length)
    return Array.from({ length: Math.max(0, end - from) }, (_, i) =>
      this.#bytes.toString('utf8', this.#ends[from + i], this.#ends[from + i + 1]),
    )
  }
}
