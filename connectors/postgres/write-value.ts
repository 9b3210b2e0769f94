/** How PostgreSQL's text of a value goes into a JSON message. What most rows are made of is written
 *  byte by byte, since strings of every value would cost more than all the rest; the others go
 *  through their text. */

import type { Buffer } from 'node:buffer'
import type { DataType } from '../../engine/batch/types.ts'
import type { JsonBytes } from './json-bytes.ts'
import { valueJson } from './value-json.ts'

/** Writes the text in bytes[from, to). */
export type WriteValue = (out: JsonBytes, bytes: Buffer, from: number, to: number) => void

/** For a column of our type, with what `valueJson` gives. */
export function writeValue(type: DataType): WriteValue {
  switch (type.kind) {
    case 'varchar':
    case 'decimal':
    case 'date':
    case 'time':
    case 'timestamp':
      return (out, bytes, from, to) => out.quoted(bytes, from, to)
    case 'timestamp_ltz':
      return (out, bytes, from, to) => {
        if (isUtc(bytes, from, to)) out.quoted(bytes, from, to - UTC_LENGTH, 'Z')
        else out.quoted(bytes, from, to)
      }
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return (out, bytes, from, to) => {
        if (isInteger(bytes, from, to)) out.copy(bytes, from, to)
        else out.quoted(bytes, from, to)
      }
    default: {
      const json = valueJson(type)
      return (out, bytes, from, to) => out.text(json(bytes.toString('utf8', from, to)))
    }
  }
}

const [PLUS, MINUS, ZERO, NINE] = [43, 45, 48, 57]
/** Of `+00`. */
const UTC_LENGTH = 3
/** More digits do not fit a JavaScript number. */
const DIGITS_MAX = 15

const isUtc = (bytes: Buffer, from: number, to: number): boolean =>
  to - from >= UTC_LENGTH &&
  bytes[to - 3] === PLUS &&
  bytes[to - 2] === ZERO &&
  bytes[to - 1] === ZERO

/** An optional minus and a few digits. */
function isInteger(bytes: Buffer, from: number, to: number): boolean {
  const first = bytes[from] === MINUS ? from + 1 : from
  if (to <= first || to - first > DIGITS_MAX) return false
  for (let i = first; i < to; i++) if (bytes[i] < ZERO || bytes[i] > NINE) return false
  return true
}
