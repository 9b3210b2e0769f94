/** Follows a JSON path through a document's bytes. Nothing is parsed into objects, so numbers keep
 *  their digits, and what is found is a part of the bytes. */

import { decodeText } from '../utf8.ts'
import type { JsonPath, Step } from './path.ts'
import { skipDocument, skipKey, skipSpace, skipString, skipValue } from './scan.ts'

type KeyStep = Extract<Step, { kind: 'key' }>

const MISSING = -1
const MALFORMED = -2

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
    this.#bytes = bytes
    this.#end = end
    const at = skipSpace(bytes, start, end)
    const [first] = this.path.steps
    if (first?.kind === 'key' && !first.deep && at < end && bytes[at] === 123) {
      const value = this.#checkedMember(at, first)
      if (value === MALFORMED) return -1
      if (value !== MISSING) this.#walk(value, 1)
      return this.found.length / 2
    }
    if (!skipDocument(bytes, start, end)) return -1
    this.#walk(at, 0)
    return this.found.length / 2
  }

  /** Where the value of the last member with the key begins, in the object that the document is:
   *  looks and checks in one go. */
  #checkedMember(at: number, step: KeyStep): number {
    const bytes = this.#bytes
    const end = this.#end
    let found = MISSING
    let next = skipSpace(bytes, at + 1, end)
    if (next < end && bytes[next] === 125) return this.#isLast(next + 1) ? MISSING : MALFORMED
    for (;;) {
      const value = skipKey(bytes, next, end)
      if (value < 0) return MALFORMED
      if (this.#isKey(next, step)) found = value
      next = skipValue(bytes, value, end)
      if (next < 0) return MALFORMED
      next = skipSpace(bytes, next, end)
      if (next >= end || (bytes[next] !== 44 && bytes[next] !== 125)) return MALFORMED
      if (bytes[next] === 125) return this.#isLast(next + 1) ? found : MALFORMED
      next = skipSpace(bytes, next + 1, end)
    }
  }

  #isLast(at: number): boolean {
    return skipSpace(this.#bytes, at, this.#end) === this.#end
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

  #member(at: number, step: KeyStep, next: number): void {
    let last = MISSING
    for (const [key, value] of this.#members(at)) if (this.#isKey(key, step)) last = value
    if (last !== MISSING) this.#walk(last, next + 1)
  }

  /** Whether the string at `at`, which is well formed, is the key. */
  #isKey(at: number, { name, bytes: wanted, isPlain }: KeyStep): boolean {
    if (!isPlain) return this.#spelledKey(at) === name
    const bytes = this.#bytes
    let i = 0
    // A plain key has no quote, so this ends at the string's own.
    while (i < wanted.length && bytes[at + 1 + i] === wanted[i]) i++
    let next = at + 1 + i
    if (i === wanted.length && bytes[next] === 34) return true
    // An escape may spell the same.
    while (bytes[next] !== 34) if (bytes[next++] === 92) return this.#spelledKey(at) === name
    return false
  }

  #spelledKey(at: number): unknown {
    return JSON.parse(decodeText(this.#bytes, at, skipString(this.#bytes, at, this.#end)))
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
