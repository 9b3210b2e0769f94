/** Writes JSON as bytes, from texts that are bytes. */

import { Buffer } from 'node:buffer'

const FIRST_BYTES = 4096
/** Of one byte of a text: `\u001f`. */
const ESCAPED_MAX = 6
/** Fewer bytes are copied faster one by one. */
const COPY_MIN = 64
const [QUOTE, BACKSLASH, SPACE] = [34, 92, 32]
/** The ends of escapes, for the bytes below the space that have short ones. */
const SHORT: Readonly<Record<number, string>> = { 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r' }

export class JsonBytes {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0
  }

  /** What was written from `from` on; stays until the next `clear`. */
  since(from: number): Buffer {
    return this.#bytes.subarray(from, this.#length)
  }

  /** The text as it is. */
  text(text: string): void {
    this.#reserve(text.length * 3)
    this.#length += this.#bytes.write(text, this.#length)
  }

  /** The bytes [from, to) as they are. */
  copy(source: Buffer, from = 0, to = source.length): void {
    this.#reserve(to - from)
    const bytes = this.#bytes
    let at = this.#length
    this.#length += to - from
    if (to - from >= COPY_MIN) source.copy(bytes, at, from, to)
    else for (let i = from; i < to; i++) bytes[at++] = source[i]
  }

  /** The UTF-8 text in source[from, to) as a JSON string, as JSON.stringify has it; and `more` in
   *  its end, which needs no escapes. */
  quoted(source: Buffer, from: number, to: number, more = ''): void {
    this.#reserve((to - from) * ESCAPED_MAX + more.length + 2)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at++] = QUOTE
    for (let i = from; i < to; i++) {
      const byte = source[i]
      if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) bytes[at++] = byte
      else at = escaped(bytes, at, byte)
    }
    for (let i = 0; i < more.length; i++) bytes[at++] = more.charCodeAt(i)
    bytes[at++] = QUOTE
    this.#length = at
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + count))
    bigger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bigger
  }
}

/** Writes the escape of a byte; where the next one goes. */
function escaped(bytes: Buffer, at: number, byte: number): number {
  const letter = byte < SPACE ? SHORT[byte] : String.fromCharCode(byte)
  const text = letter === undefined ? `\\u${byte.toString(16).padStart(4, '0')}` : `\\${letter}`
  return at + bytes.write(text, at, 'latin1')
}
