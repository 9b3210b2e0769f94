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
  markDouble,
  markInteger,
} from './lane-counts.ts'
import {
  addSlice,
  addText,
  freshTextCounts,
  markSlice,
  markText,
  type TextCounts,
  textEntries,
} from './text-counts.ts'

/** Text, and numbers beyond 64 bits by their digits, are kept as bytes; all else as two lanes. */
const isText = (type: DataType): boolean => ['bytes', 'i128'].includes(storageOf(type))

/** A value, and the state's element that holds the table. */
export interface Counted {
  readonly type: DataType
  readonly value: Emitted
  readonly element: string
}

/** Emits the counting of a value. Returns a variable: 1 if the value has appeared, -1 if it has
 *  gone, else 0. */
export function emitCounting(code: LoopCode, counted: Counted, weight: string): string {
  const { type, value } = counted
  const counting = isText(type)
    ? code.bind(value.form === 'slice' ? addSlice : addText, 'addText')
    : code.bind(isFloating(type) ? addDouble : addInteger, 'addValue')
  return emitChange(code, counted, counting, weight)
}

/** Emits the marking of a value as seen by the sets of `bits`. Returns a variable: the bits that it
 *  did not have yet. */
export function emitMarking(code: LoopCode, counted: Counted, bits: string): string {
  const { type, value } = counted
  const marking = isText(type)
    ? code.bind(value.form === 'slice' ? markSlice : markText, 'markText')
    : code.bind(isFloating(type) ? markDouble : markInteger, 'markValue')
  return emitChange(code, counted, marking, bits)
}

function emitChange(
  code: LoopCode,
  { type, value, element }: Counted,
  change: string,
  by: string,
): string {
  const fresh = isText(type) ? freshTextCounts : freshLaneCounts
  code.line(`if (${element} === undefined) ${element} = ${code.bind(fresh, 'freshCounts')}()`)
  return code.constant('delta', `${change}(${element}, ${argument(value)}, ${by})`)
}

function argument(value: Emitted): string {
  if (value.form === 'slice') return `${value.heap}, ${value.start}, ${value.end}`
  return value.form === 'scalar' ? numeric(value.value) : value.value
}

/** Booleans count as 0 and 1. */
const numeric = (value: string): string => `(typeof ${value} === 'boolean' ? +${value} : ${value})`

/** A function from a table to its [value, count or marks] pairs; the values as generated code has
 *  them. */
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
