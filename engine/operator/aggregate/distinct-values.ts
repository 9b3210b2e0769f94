/** The distinct values of a DISTINCT aggregate's argument in generated code: which table keeps
 *  them, how a row is counted in it, how it is read for a merge. */

import { type DataType, isFloating, storageOf } from '../../batch/types.ts'
import { exactInteger } from '../../batch/value.ts'
import type { LoopCode } from '../../expr/codegen.ts'
import type { Emitted } from '../../expr/emitted.ts'
import { decodeText } from '../../expr/utf8.ts'
import {
  addDouble,
  addInteger,
  freshLaneCounts,
  type LaneCounts,
  laneEntries,
} from './lane-counts.ts'
import { addSlice, addText, freshTextCounts, type TextCounts, textEntries } from './text-counts.ts'

/** Text, and numbers beyond 64 bits by their digits, are kept as bytes; all else as two lanes. */
const isText = (type: DataType): boolean => ['bytes', 'i128'].includes(storageOf(type))

/** Emits the counting of a value into `element`, which holds the table. Returns a variable: 1 if
 *  the value has appeared, -1 if it has gone, else 0. With weight '0' rows are never taken out. */
export function emitCounting(
  code: LoopCode,
  type: DataType,
  value: Emitted,
  element: string,
  weight: string,
): string {
  const fresh = isText(type) ? freshTextCounts : freshLaneCounts
  code.line(`if (${element} === undefined) ${element} = ${code.bind(fresh, 'freshCounts')}()`)
  return code.constant(
    'delta',
    `${counting(code, type, value)}(${element}, ${argument(value)}, ${weight})`,
  )
}

function counting(code: LoopCode, type: DataType, value: Emitted): string {
  if (!isText(type)) return code.bind(isFloating(type) ? addDouble : addInteger, 'addValue')
  return code.bind(value.form === 'slice' ? addSlice : addText, 'addText')
}

function argument(value: Emitted): string {
  if (value.form === 'slice') return `${value.heap}, ${value.start}, ${value.end}`
  return value.form === 'scalar' ? numeric(value.value) : value.value
}

/** Booleans count as 0 and 1. */
const numeric = (value: string): string => `(typeof ${value} === 'boolean' ? +${value} : ${value})`

/** A function from a table to its [value, count] pairs; the values as generated code has them. */
export function entriesOf(type: DataType): (table: unknown) => Iterable<[unknown, number]> {
  if (!isText(type)) {
    const floating = isFloating(type)
    const isBoolean = type.kind === 'boolean'
    return (table) =>
      Array.from(laneEntries(table as LaneCounts, floating), ([value, count]) => [
        isBoolean ? value === 1 : value,
        count,
      ])
  }
  const read = readerOf(type)
  return (table) =>
    Array.from(textEntries(table as TextCounts), ([bytes, count]) => [read(bytes), count])
}

function readerOf(type: DataType): (bytes: Uint8Array) => unknown {
  if (type.kind === 'bytes') return (bytes) => bytes.slice()
  if (storageOf(type) === 'bytes') return (bytes) => decodeText(bytes, 0, bytes.length)
  return (bytes) => exactInteger(BigInt(decodeText(bytes, 0, bytes.length)))
}
