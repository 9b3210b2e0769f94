/** Steps over JSON in bytes without making values, checking its grammar as strictly as JSON.parse
 *  does. The generated decoder calls it for what it does not read itself. Reading behind the last
 *  byte gives undefined, which is no part of any JSON: every loop ends there. */

import { isUtf8 } from 'node:buffer'

const QUOTE = 34
const BACKSLASH = 92
/** Deeper values are left to JSON.parse, which knows its own limit. */
const DEPTH_MAX = 64

/** 1: a byte that stands for itself in a string: ASCII but controls, quote and backslash. */
export const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 32 && byte < 128 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)

/** What is known of the bytes as a whole. */
export class Utf8State {
  readonly #bytes: Uint8Array
  #valid: boolean | undefined

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Whether all bytes together are UTF-8; looked at when the first byte is not ASCII. */
  valid(): boolean {
    this.#valid ??= isUtf8(this.#bytes)
    return this.#valid
  }
}

/** The position after white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let p = at
  for (let c = bytes[p]; c === 32 || c === 10 || c === 13 || c === 9; c = bytes[p]) p++
  return p
}

/** The position after the string whose opening quote is at `at`; -1 if it is malformed or not
 *  UTF-8. */
export function skipString(bytes: Uint8Array, at: number, utf8: Utf8State): number {
  let p = at + 1
  for (;;) {
    const c = bytes[p]
    if (PLAIN[c] === 1) p++
    else if (c === QUOTE) return p + 1
    else if (c === BACKSLASH) {
      p = skipEscape(bytes, p)
      if (p < 0) return -1
    } else if (c >= 128) {
      if (!utf8.valid()) return -1
      p++
    } else return -1
  }
}

/** `"\/bfnrt`, or u and four hexadecimal digits. */
function skipEscape(bytes: Uint8Array, at: number): number {
  const c = bytes[at + 1]
  if (c !== 117) return isShortEscape(c) ? at + 2 : -1
  for (let i = at + 2; i < at + 6; i++) if (!isHex(bytes[i])) return -1
  return at + 6
}

const isShortEscape = (c: number): boolean =>
  c === 34 || c === 92 || c === 47 || c === 98 || c === 102 || c === 110 || c === 114 || c === 116

const isHex = (c: number): boolean =>
  (c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70)

const isDigit = (c: number): boolean => c >= 48 && c <= 57

/** The position after the number at `at`; -1 if there is none. */
export function skipNumber(bytes: Uint8Array, at: number): number {
  let p = bytes[at] === 45 ? at + 1 : at
  if (bytes[p] === 48) p++
  else {
    const first = p
    while (isDigit(bytes[p])) p++
    if (p === first) return -1
  }
  if (bytes[p] === 46) {
    const first = ++p
    while (isDigit(bytes[p])) p++
    if (p === first) return -1
  }
  if (bytes[p] === 101 || bytes[p] === 69) {
    p++
    if (bytes[p] === 43 || bytes[p] === 45) p++
    const first = p
    while (isDigit(bytes[p])) p++
    if (p === first) return -1
  }
  return p
}

/** The position after the value at `at`; -1 if it is malformed, not UTF-8 or nested too deeply. */
export function skipValue(bytes: Uint8Array, at: number, utf8: Utf8State, depth = 0): number {
  const c = bytes[at]
  if (c === QUOTE) return skipString(bytes, at, utf8)
  if (c === 123) return depth < DEPTH_MAX ? skipObject(bytes, at, utf8, depth) : -1
  if (c === 91) return depth < DEPTH_MAX ? skipArray(bytes, at, utf8, depth) : -1
  if (c === 116) return word(bytes, at, 114, 117, 101) ? at + 4 : -1
  if (c === 110) return word(bytes, at, 117, 108, 108) ? at + 4 : -1
  if (c === 102) return word(bytes, at, 97, 108, 115) && bytes[at + 4] === 101 ? at + 5 : -1
  return skipNumber(bytes, at)
}

const word = (bytes: Uint8Array, at: number, b: number, c: number, d: number): boolean =>
  bytes[at + 1] === b && bytes[at + 2] === c && bytes[at + 3] === d

function skipArray(bytes: Uint8Array, at: number, utf8: Utf8State, depth: number): number {
  let p = skipSpace(bytes, at + 1)
  if (bytes[p] === 93) return p + 1
  for (;;) {
    p = skipValue(bytes, p, utf8, depth + 1)
    if (p < 0) return -1
    p = skipSpace(bytes, p)
    if (bytes[p] === 93) return p + 1
    if (bytes[p] !== 44) return -1
    p = skipSpace(bytes, p + 1)
  }
}

function skipObject(bytes: Uint8Array, at: number, utf8: Utf8State, depth: number): number {
  let p = skipSpace(bytes, at + 1)
  if (bytes[p] === 125) return p + 1
  for (;;) {
    if (bytes[p] !== QUOTE) return -1
    p = skipString(bytes, p, utf8)
    if (p < 0) return -1
    p = skipSpace(bytes, p)
    if (bytes[p] !== 58) return -1
    p = skipValue(bytes, skipSpace(bytes, p + 1), utf8, depth + 1)
    if (p < 0) return -1
    p = skipSpace(bytes, p)
    if (bytes[p] === 125) return p + 1
    if (bytes[p] !== 44) return -1
    p = skipSpace(bytes, p + 1)
  }
}

/** The text of the string token bytes[start, end), quotes included; undefined if it has half a
 *  surrogate pair. The token must have passed `skipString`. */
export function parseJsonString(bytes: Uint8Array, start: number, end: number): string | undefined {
  const token = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
  const text: string = JSON.parse(token.toString('utf8'))
  return text.isWellFormed() ? text : undefined
}
