/** The forms that Protobuf's values have on the wire, and how to step over them. */

import { fail } from '../../base/errors.ts'
import type { ByteCursor } from '../byte-cursor.ts'
import type { ProtoType } from './schema.ts'

export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2
export const FIXED32 = 5
const GROUP = 3
const GROUP_END = 4

/** The form of a single value of the type. */
export function wireOf({ kind }: ProtoType): number {
  switch (kind) {
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return FIXED64
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return FIXED32
    case 'string':
    case 'bytes':
    case 'message':
      return BYTES
    default:
      return VARINT
  }
}

/** A field's number and form together, as they stand before its value. */
export const tagOf = (number: number, wire: number): number => ((number << 3) | wire) >>> 0

const DEPTH_MAX = 100

/** Steps over the value of a field, whatever it is. INVALID_VALUE for what has no such form. */
export function skipValue(cursor: ByteCursor, wire: number, number: number, depth = 0): void {
  switch (wire) {
    case VARINT:
      cursor.varint()
      return
    case FIXED64:
      cursor.skip(8)
      return
    case BYTES:
      cursor.varint()
      cursor.skip(cursor.length())
      return
    case FIXED32:
      cursor.skip(4)
      return
    case GROUP:
      skipGroup(cursor, number, depth + 1)
      return
    default:
      fail('INVALID_VALUE', 'the message is no Protobuf')
  }
}

function skipGroup(cursor: ByteCursor, number: number, depth: number): void {
  if (depth > DEPTH_MAX) fail('INVALID_VALUE', 'groups are nested too deeply')
  for (;;) {
    cursor.varint()
    const inner = fieldNumber(cursor)
    const wire = cursor.low & 7
    if (wire === GROUP_END && inner === number) return
    skipValue(cursor, wire, inner, depth)
  }
}

/** The field number of the tag that was read. */
export function fieldNumber(cursor: ByteCursor): number {
  const number = cursor.low >>> 3
  if (number === 0 || cursor.high !== 0) fail('INVALID_VALUE', 'the message is no Protobuf')
  return number
}

/** Runs `action` on the next value of the form BYTES as if the message ended with it. */
export function within(cursor: ByteCursor, action: (cursor: ByteCursor) => void): void {
  cursor.varint()
  const outer = cursor.end
  const end = cursor.at + cursor.length()
  cursor.end = end
  action(cursor)
  cursor.at = end
  cursor.end = outer
}
