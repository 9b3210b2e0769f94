/** JSON text into plain values, exactly: an integer or a fraction that a double cannot hold stays
 *  as its digits. Malformed text is reported by line and column. */

import { isUtf8 } from 'node:buffer'
import { asBuffer } from '../batch/text.ts'
import type { RawNumber } from '../batch/value-from-json.ts'
import { badRecord, refuseRecord } from './bad-record.ts'
import { findJsonError } from './json-error.ts'

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown

const exactJson = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown
  rawJSON(text: string): RawNumber
}

const LONG = 16

/** Whether there may be a number with more than 15 digits, which a double cannot hold: a run of 16
 *  digits and points (in a string it does no harm). Looks at every 16th byte: no run escapes. */
export function hasLongNumber(body: Uint8Array): boolean {
  for (let i = LONG - 1; i < body.length; i += LONG) {
    if (!isDigit(body[i])) continue
    let start = i
    let end = i + 1
    while (start > 0 && isDigit(body[start - 1])) start--
    while (end < body.length && isDigit(body[end])) end++
    if (end - start >= LONG) return true
  }
  return false
}

const isDigit = (byte: number): boolean => (byte >= 48 && byte <= 57) || byte === 46

/** The bytes as a string. Raises BAD_RECORD if they are not UTF-8. A byte-order mark is dropped. */
export function decodeUtf8(body: Uint8Array): string {
  if (!isUtf8(body)) badRecord({ index: 0, reason: `byte ${badByte(body)} is not valid UTF-8` })
  const text = asBuffer(body).toString('utf8')
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** The first bad byte: where decoding put a replacement character that the bytes do not have. */
function badByte(body: Uint8Array): number {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) {
    const byte = Buffer.byteLength(text.slice(0, at))
    const genuine = body[byte] === 0xef && body[byte + 1] === 0xbf && body[byte + 2] === 0xbd
    if (!genuine) return byte
  }
  return body.length
}

/** Where a text stands in the request body. */
export interface JsonPlace {
  /** The index of its record, as far as there is one. */
  readonly index: number
  /** The line it begins on, from 1. */
  readonly line: number
}

/** The value of `text`. With `exact`, numbers with too many digits for a double become
 *  `JSON.rawJSON` objects. Raises BAD_RECORD. */
export function parseJson(text: string, exact: boolean, place: JsonPlace): unknown {
  try {
    if (!exact) return JSON.parse(text)
    return exactJson.parse(text, (_key, value, { source }) => {
      const lossy = typeof value === 'number' && source !== undefined && String(value) !== source
      return lossy && source.length > 15 ? exactJson.rawJSON(source) : value
    })
  } catch (error) {
    // Digits are looked at by a function that calls itself for what is inside.
    if (error instanceof RangeError) refuseRecord(error, { index: place.index })
    if (!(error instanceof SyntaxError)) throw error
    const { position, reason } = findJsonError(text)
    const before = text.slice(0, position).split('\n')
    const line = place.line + before.length - 1
    const column = before.at(-1)!.length + 1
    return badRecord({
      index: place.index,
      reason: `malformed JSON at line ${line}, column ${column}: ${reason}`,
      place: { line, position: column },
    })
  }
}
