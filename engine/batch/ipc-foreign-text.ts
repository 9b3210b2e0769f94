/** Strings and bytes of a foreign Arrow stream. */

import { isUtf8 } from 'node:buffer'
import { Type } from 'apache-arrow/fb/type'
import { fail } from '../base/errors.ts'
import { isNullAt } from './ipc-foreign-number.ts'
import { checkOffsets } from './ipc-foreign-offsets.ts'
import type { ForeignData } from './ipc-foreign-read.ts'
import { asBuffer, textAt } from './text.ts'
import type { DataType } from './types.ts'
import { checkLength } from './value-from-json.ts'

export interface Heap {
  readonly values: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

const OFFSET_MAX = 2 ** 31 - 1

/** The column's heap and ranges; undefined if it has neither strings nor bytes as `type` needs. */
export function foreignText(data: ForeignData, type: DataType): Heap | undefined {
  const text = data.type.typeId === Type.Utf8 || data.type.typeId === Type.LargeUtf8
  const bytes = data.type.typeId === Type.Binary || data.type.typeId === Type.LargeBinary
  if (type.kind === 'bytes' ? !bytes : !text) return undefined
  const values = data.values as Uint8Array
  const { starts, ends } = rangesOf(data, values.length)
  if (type.kind !== 'bytes') checkUtf8(data, values, starts)
  const heap = asBuffer(values)
  for (let row = 0; row < data.length; row++) {
    if (type.kind === 'varchar' && type.length === undefined) break
    if (type.kind === 'bytes' || isNullAt(data, row)) continue
    // A character has at least one byte.
    if (type.kind === 'varchar' && ends[row] - starts[row] <= type.length!) continue
    checkText(textAt(heap, starts[row], ends[row]), type, row)
  }
  return { values, starts, ends }
}

function rangesOf({ length, valueOffsets }: ForeignData, size: number): Omit<Heap, 'values'> {
  const given = valueOffsets as Int32Array | BigInt64Array
  // Without rows there may be no offsets at all.
  if (length === 0) return { starts: new Int32Array(0), ends: new Int32Array(0) }
  const offsets = given instanceof Int32Array ? given : narrowed(given, length)
  checkOffsets(offsets, length, size)
  return { starts: offsets.subarray(0, length), ends: offsets.subarray(1, length + 1) }
}

function narrowed(offsets: BigInt64Array, length: number): Int32Array {
  const narrow = new Int32Array(length + 1)
  for (let i = 0; i <= length; i++) {
    const offset = Number(offsets[i])
    if (!(offset >= 0 && offset <= OFFSET_MAX)) fail('INVALID_VALUE', 'an offset is wrong')
    narrow[i] = offset
  }
  return narrow
}

/** The used part of the heap must be UTF-8, and no string may begin inside a character. */
function checkUtf8(data: ForeignData, heap: Uint8Array, starts: Int32Array): void {
  const offsets = data.valueOffsets as ArrayLike<number | bigint>
  if (data.length === 0) return
  const end = Number(offsets[data.length])
  const valid = isUtf8(heap.subarray(starts[0], end))
  for (let row = 0; row < data.length; row++) {
    const cut = starts[row] < end && (heap[starts[row]] & 0xc0) === 0x80
    const own = valid || isUtf8(heap.subarray(starts[row], Number(offsets[row + 1])))
    if (cut || !own) fail('INVALID_VALUE', 'the string is not valid UTF-8', { details: { row } })
  }
}

function checkText(text: string, type: DataType, row: number): void {
  try {
    if (type.kind === 'varchar') checkLength(text, type)
    else JSON.parse(text)
  } catch (error) {
    const reason = type.kind === 'varchar' ? (error as Error).message : 'the text is not JSON'
    fail('INVALID_VALUE', reason, { details: { row } })
  }
}
