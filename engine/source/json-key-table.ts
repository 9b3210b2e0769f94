/** Which column a JSON key names, found by its bytes. */

import { encodeText } from '../expr/utf8.ts'

const QUOTE = 34
const BACKSLASH = 92

export class JsonKeyTable {
  readonly #names: readonly Uint8Array[]
  /** After `find`: the position after the key's closing quote. */
  end = 0

  constructor(names: readonly string[]) {
    this.#names = names.map(encodeText)
  }

  /** The column of the key whose opening quote is at `at`; -1 if none has the name; -2 if that
   *  takes a closer look: escapes, controls, or a foreign key beyond ASCII. */
  find(bytes: Uint8Array, at: number): number {
    let end = at + 1
    let high = 0
    for (let c = bytes[end]; c !== QUOTE; c = bytes[++end]) {
      if (c === BACKSLASH || !(c >= 32)) return -2
      high |= c
    }
    this.end = end + 1
    const length = end - at - 1
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i]
      if (name.length === length && startsWith(bytes, at + 1, name)) return i
    }
    return high < 128 ? -1 : -2
  }
}

function startsWith(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false
  return true
}
