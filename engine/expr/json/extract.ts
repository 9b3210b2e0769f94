/** Takes one value out of a JSON document: as JSON, or as the text of a scalar. */

import { decodeText, encodeText } from '../utf8.ts'
import { JsonFinder } from './find.ts'
import type { JsonPath } from './path.ts'

/** What comes out: `value`: JSON of any kind. `nested`: arrays and objects. `scalar`: the text of
 *  strings, numbers and truth values. `text`: as `scalar`, and JSON of arrays and objects.
 *  `wrapped`: any value but null in an array; `array`: the same, but arrays as they are. */
export type Wanted = 'value' | 'nested' | 'scalar' | 'text' | 'wrapped' | 'array'

/** Finds in bytes; what it found is heap[start, end) until the next. */
export class JsonExtractor {
  heap: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  readonly #finder: JsonFinder
  readonly #wanted: Wanted

  constructor(path: JsonPath, wanted: Wanted) {
    this.#finder = new JsonFinder(path)
    this.#wanted = wanted
  }

  /** Whether the document has what is wanted: if not, or if it is no JSON, the value is NULL. */
  find(bytes: Uint8Array, start: number, end: number): boolean {
    const count = this.#finder.find(bytes, start, end)
    if (count < 0) return false
    if (!this.#finder.path.isSingle) return this.#takeAll(bytes)
    if (count !== 1) return false
    const [from, to] = this.#finder.found
    return this.#take(bytes, from, to)
  }

  /** A path with several answers gives an array of them. */
  #takeAll(bytes: Uint8Array): boolean {
    const { found } = this.#finder
    if (this.#wanted === 'scalar') return false
    const parts: string[] = []
    for (let i = 0; i < found.length; i += 2) parts.push(decodeText(bytes, found[i], found[i + 1]))
    this.#give(encodeText(`[${parts.join(',')}]`))
    return true
  }

  #take(bytes: Uint8Array, from: number, to: number): boolean {
    const wanted = this.#wanted
    const first = bytes[from]
    const isNested = first === 123 || first === 91
    if (wanted === 'nested' ? !isNested : wanted === 'scalar' && isNested) return false
    if (wanted === 'scalar' || wanted === 'text') {
      // n: null.
      if (first === 110) return false
      if (first === 34) return this.#takeString(bytes, from, to)
    }
    if (wanted === 'wrapped' || (wanted === 'array' && first !== 91)) {
      return first !== 110 && this.#takeAll(bytes)
    }
    this.heap = bytes
    this.start = from
    this.end = to
    return true
  }

  #takeString(bytes: Uint8Array, from: number, to: number): boolean {
    if (bytes.subarray(from, to).indexOf(92) >= 0) {
      this.#give(encodeText(JSON.parse(decodeText(bytes, from, to)) as string))
      return true
    }
    this.heap = bytes
    this.start = from + 1
    this.end = to - 1
    return true
  }

  #give(bytes: Uint8Array): void {
    this.heap = bytes
    this.start = 0
    this.end = bytes.length
  }

  /** The same of a text. */
  text(document: string): string | null {
    const bytes = encodeText(document)
    return this.find(bytes, 0, bytes.length) ? decodeText(this.heap, this.start, this.end) : null
  }
}
