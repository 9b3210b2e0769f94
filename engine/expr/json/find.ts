/** Follows a JSON path through a document's bytes. Nothing is parsed into objects, so numbers keep
 *  their digits, and what is found is a part of the bytes. */

import { decodeText, equalSlices } from '../utf8.ts'
import type { JsonPath, Step } from './path.ts'
import { skipDocument, skipKey, skipSpace, skipString, skipValue } from './scan.ts'

/** Where the values are that a path leads to. */
export class JsonFinder {
  /** Starts and ends, in turn, in the document's order. */
  readonly found: number[] = []
  readonly path: JsonPath
  #bytes: Uint8Array = new Uint8Array(0)
  #end = 0

  constructor(path: JsonPath) {
    this.path = path
  }

  /** How many values the path leads to in the document bytes[start, end); -1 if it is no JSON. Of
   *  two members with one key, the last counts. */
  find(bytes: Uint8Array, start: number, end: number): number {
    this.found.length = 0
    if (!skipDocument(bytes, start, end)) return -1
    this.#bytes = bytes
    this.#end = end
    this.#walk(skipSpace(bytes, start, end), 0)
    return this.found.length / 2
  }

  /** The keys of the object that bytes[start, end) is, each once, in order; undefined if it is
   *  anything else. */
  keys(bytes: Uint8Array, start: number, end: number): string[] | undefined {
    const at = skipSpace(bytes, start, end)
    if (bytes[at] !== 123 || !skipDocument(bytes, start, end)) return undefined
    this.#bytes = bytes
    this.#end = end
    const keys = new Set<string>()
    for (const [key] of this.#members(at)) {
      keys.add(JSON.parse(decodeText(bytes, key, skipString(bytes, key, end))) as string)
    }
    return [...keys]
  }

  #walk(at: number, next: number): void {
    const { steps } = this.path
    if (next === steps.length) {
      this.found.push(at, skipValue(this.#bytes, at, this.#end))
      return
    }
    const step = steps[next]
    const isObject = this.#bytes[at] === 123
    if (step.kind === 'key') {
      if (isObject) this.#member(at, step, next)
      if (step.deep) this.#inside(at, next)
    } else if (step.kind === 'all') {
      if (isObject === (step.of === 'object')) {
        for (const value of this.#values(at)) this.#walk(value, next + 1)
      }
    } else if (!isObject) this.#elements(at, step.ranges, next)
  }

  #member(at: number, step: Extract<Step, { kind: 'key' }>, next: number): void {
    let last = -1
    for (const [key, value] of this.#members(at)) if (this.#isKey(key, step)) last = value
    if (last >= 0) this.#walk(last, next + 1)
  }

  #isKey(at: number, { name, bytes }: Extract<Step, { kind: 'key' }>): boolean {
    const end = skipString(this.#bytes, at, this.#end)
    if (equalSlices(this.#bytes, at + 1, end - 1, bytes, 0, bytes.length)) return true
    if (this.#bytes.subarray(at, end).indexOf(92) < 0) return false
    return JSON.parse(decodeText(this.#bytes, at, end)) === name
  }

  /** The step again in everything below. */
  #inside(at: number, next: number): void {
    for (const value of this.#values(at)) this.#walk(value, next)
  }

  #elements(at: number, ranges: readonly (readonly [number, number])[], next: number): void {
    const values = [...this.#values(at)]
    if (this.#bytes[at] !== 91) return
    for (const [from, to] of ranges) {
      const place = (index: number) => (index < 0 ? values.length + index : index)
      const last = Math.min(place(to), values.length - 1)
      for (let i = Math.max(place(from), 0); i <= last; i++) this.#walk(values[i], next + 1)
    }
  }

  /** Where the values of an array's elements or an object's members begin. */
  *#values(at: number): Generator<number> {
    if (this.#bytes[at] === 123) {
      for (const [, value] of this.#members(at)) yield value
      return
    }
    if (this.#bytes[at] !== 91) return
    let next = skipSpace(this.#bytes, at + 1, this.#end)
    while (this.#bytes[next] !== 93) {
      yield next
      next = this.#behind(next)
    }
  }

  /** Where the keys and values of an object begin. */
  *#members(at: number): Generator<readonly [key: number, value: number]> {
    let next = skipSpace(this.#bytes, at + 1, this.#end)
    while (this.#bytes[next] !== 125) {
      const value = skipKey(this.#bytes, next, this.#end)
      yield [next, value]
      next = this.#behind(value)
    }
  }

  /** Behind the value at `at` and its comma. */
  #behind(at: number): number {
    const end = skipSpace(this.#bytes, skipValue(this.#bytes, at, this.#end), this.#end)
    return this.#bytes[end] === 44 ? skipSpace(this.#bytes, end + 1, this.#end) : end
  }
}
