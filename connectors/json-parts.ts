/** Finds parts of a JSON text in its bytes, without making values: numbers keep their digits. */

import { fail } from '../engine/base/errors.ts'
import {
  parseJsonString,
  skipSpace,
  skipString,
  skipValue,
  Utf8State,
} from '../engine/format/json-scan.ts'

/** bytes[start, end) */
export interface Range {
  readonly start: number
  readonly end: number
}

const OPEN_OBJECT = 123
const OPEN_ARRAY = 91
const COMMA = 44
const N = 110

/** `$.data.items`, `data.items` or '' (all of it): the names on the way. INVALID_OPTION for what
 *  has brackets or empty names. */
export function parsePath(option: string, text: string): readonly string[] {
  const path = text.replace(/^\$\.?/, '')
  const names = path === '' ? [] : path.split('.')
  if (!/[[\]]/.test(path) && !names.includes('')) return names
  return fail('INVALID_OPTION', `'${option}' = '${text}' is no path`, {
    hint: 'It looks like $.data.items',
  })
}

/** The whole value in the bytes. INVALID_VALUE if they are not JSON. */
export function wholeJson(bytes: Uint8Array): Range {
  const start = skipSpace(bytes, 0)
  const end = skipValue(bytes, start, new Utf8State(bytes))
  if (end >= 0 && skipSpace(bytes, end) >= bytes.length) return { start, end }
  return fail('INVALID_VALUE', 'It is not JSON, or nested more than 64 deep')
}

/** The value that the names lead to, each the field of an object; undefined if there is none. The
 *  bytes are JSON. */
export function partAt(
  bytes: Uint8Array,
  whole: Range,
  names: readonly string[],
): Range | undefined {
  let at: Range | undefined = whole
  for (const name of names) {
    at = fieldOf(bytes, at, name)
    if (at === undefined) return undefined
  }
  return at
}

/** The last of several fields of one name counts, as JSON.parse has it. */
function fieldOf(bytes: Uint8Array, { start }: Range, name: string): Range | undefined {
  if (bytes[start] !== OPEN_OBJECT) return undefined
  const utf8 = new Utf8State(bytes)
  let found: Range | undefined
  let p = skipSpace(bytes, start + 1)
  while (bytes[p] === 34) {
    const keyEnd = skipString(bytes, p, utf8)
    const isWanted = parseJsonString(bytes, p, keyEnd) === name
    const from = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1)
    const to = skipValue(bytes, from, utf8)
    if (isWanted) found = { start: from, end: to }
    p = skipSpace(bytes, to)
    if (bytes[p] !== COMMA) break
    p = skipSpace(bytes, p + 1)
  }
  return found
}

/** The elements of an array; a null has none. undefined if it is anything else. */
export function elementsOf(bytes: Uint8Array, { start }: Range): Range[] | undefined {
  if (bytes[start] === N) return []
  if (bytes[start] !== OPEN_ARRAY) return undefined
  const utf8 = new Utf8State(bytes)
  const elements: Range[] = []
  let p = skipSpace(bytes, start + 1)
  while (bytes[p] !== 93) {
    const end = skipValue(bytes, p, utf8)
    elements.push({ start: p, end })
    p = skipSpace(bytes, end)
    if (bytes[p] === COMMA) p = skipSpace(bytes, p + 1)
  }
  return elements
}

/** The text of a string or number; undefined for anything else. */
export function scalarText(bytes: Uint8Array, { start, end }: Range): string | undefined {
  if (bytes[start] === 34) return parseJsonString(bytes, start, end)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
  return /^-?\d/.test(text) ? text : undefined
}
