/** One column of a foreign Arrow stream as a column of ours. Nothing in it is trusted: lengths,
 *  offsets, codes, UTF-8 and ranges are checked, for it came over the network. */

import { IntervalUnit } from 'apache-arrow/fb/interval-unit'
import { Type } from 'apache-arrow/fb/type'
import { fail } from '../base/errors.ts'
import { countZeros, unpackBits } from './bits.ts'
import { allocate, Column, gather } from './column.ts'
import { concatColumns } from './concat.ts'
import { foreignDecimal, foreignDouble, foreignInteger } from './ipc-foreign-number.ts'
import { checkOffsets } from './ipc-foreign-offsets.ts'
import type { ForeignData } from './ipc-foreign-read.ts'
import { foreignText } from './ipc-foreign-text.ts'
import { foreignTime } from './ipc-foreign-time.ts'
import { type DataType, partsOf, typeName } from './types.ts'

/** The column as `type`. Raises INVALID_VALUE or OUT_OF_RANGE, with the row in `details` where one
 *  row is at fault. */
export function foreignColumn(data: ForeignData, type: DataType): Column {
  if (data.dictionary !== undefined) return dictionaryColumn(data, data.dictionary, type)
  if (data.type.typeId === Type.Null) return nullColumn(type, data.length)
  const validity = validityOf(data)
  switch (type.kind) {
    case 'array':
    case 'map':
      return listColumn(data, type, validity)
    case 'row':
      return rowColumn(data, type, validity)
    default:
      return scalarColumn(data, type, validity)
  }
}

function scalarColumn(data: ForeignData, type: DataType, validity: Uint8Array | null): Column {
  const parts = { type, length: data.length, validity }
  switch (type.kind) {
    case 'boolean': {
      const bits = data.values as Uint8Array
      if (data.type.typeId !== Type.Bool) unfit(data, type)
      return new Column({ ...parts, values: unpackBits(bits, data.length) })
    }
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return new Column({ ...parts, values: foreignInteger(data, type) ?? unfit(data, type) })
    case 'float':
    case 'double':
      return new Column({ ...parts, values: foreignDouble(data, type) ?? unfit(data, type) })
    case 'decimal':
      return new Column({ ...parts, values: foreignDecimal(data, type) ?? unfit(data, type) })
    case 'varchar':
    case 'json':
    case 'bytes':
      return new Column({ ...parts, ...(foreignText(data, type) ?? unfit(data, type)) })
    case 'interval_month': {
      const months = data.type
      const fits = data.type.typeId === Type.Interval && months.unit === IntervalUnit.YEAR_MONTH
      if (!fits) unfit(data, type)
      return new Column({ ...parts, values: data.values as Int32Array })
    }
    default:
      return new Column({ ...parts, values: foreignTime(data, type) ?? unfit(data, type) })
  }
}

/** Raises INVALID_VALUE: the types do not go together. */
function unfit(data: ForeignData, type: DataType): never {
  fail('INVALID_VALUE', `wanted ${typeName(type)}, found Arrow ${Type[data.type.typeId]}`)
}

function validityOf({ nullBitmap, length }: ForeignData): Uint8Array | null {
  return nullBitmap === null || countZeros(nullBitmap, length) === 0 ? null : nullBitmap
}

/** A column of NULLs. */
export const nullColumn = (type: DataType, length: number): Column =>
  gatherOrNull(emptyOf(type), new Int32Array(length).fill(-1), length)

const emptyOf = (type: DataType): Column =>
  new Column({ type, length: 0, values: allocate(type, 0), children: partsOf(type).map(emptyOf) })

/** Rows of `column`; NULL where the row is -1. */
function gatherOrNull(column: Column, rows: Int32Array, count: number): Column {
  const validity = new Uint8Array((count + 7) >> 3)
  const safe = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    if (rows[i] < 0 || column.isNull(rows[i])) continue
    validity[i >> 3] |= 1 << (i & 7)
    safe[i] = rows[i]
  }
  // A row that is there to stand in for NULLs; its content is never seen.
  const source = column.length > 0 ? column : oneNull(column.type)
  const { values, starts, ends, children, type } = gather(source, safe, count)
  return new Column({ type, length: count, values, validity, starts, ends, children })
}

function oneNull(type: DataType): Column {
  const ranges = { starts: new Int32Array(1), ends: new Int32Array(1) }
  const struct = type.kind === 'row'
  const children = partsOf(type).map((part) => (struct ? oneNull(part) : emptyOf(part)))
  const values = allocate(type, 1)
  const validity = new Uint8Array(1)
  return new Column({ type, length: 1, values, validity, children, ...ranges })
}

function dictionaryColumn(
  data: ForeignData,
  pieces: readonly ForeignData[],
  type: DataType,
): Column {
  const chunks = pieces.map((piece) => foreignColumn(piece, type))
  const entries = chunks.length === 0 ? emptyOf(type) : concatColumns(chunks)
  const validity = validityOf(data)
  const codes = data.values as Int32Array | BigInt64Array
  const rows = new Int32Array(data.length).fill(-1)
  for (let row = 0; row < data.length; row++) {
    if (validity !== null && ((validity[row >> 3] >> (row & 7)) & 1) === 0) continue
    const code = Number(codes[row])
    if (!(code >= 0 && code < entries.length)) {
      fail('INVALID_VALUE', `code ${code} is not in the dictionary`, { details: { row } })
    }
    rows[row] = code
  }
  const column = gatherOrNull(entries, rows, data.length)
  if (type.kind !== 'varchar' || entries.validity !== null || entries.length === 0) return column
  for (let row = 0; row < data.length; row++) if (rows[row] < 0) rows[row] = 0
  return new Column({ ...column, dictionary: { codes: rows, entries } })
}

function listColumn(data: ForeignData, type: DataType, validity: Uint8Array | null): Column {
  const { length, valueOffsets } = data
  const wanted = type.kind === 'map' ? Type.Map : Type.List
  if (data.type.typeId !== wanted || !(valueOffsets instanceof Int32Array)) unfit(data, type)
  const pairs = data.children[0]
  const parts = type.kind === 'map' ? pairs.children : [pairs]
  const children = partsOf(type).map((part, i) => foreignColumn(parts[i], part))
  checkOffsets(valueOffsets, length, children[0].length)
  if (type.kind === 'map' && children[0].validity !== null) {
    fail('INVALID_VALUE', 'a key of a MAP is NULL')
  }
  const starts = valueOffsets.subarray(0, length)
  const ends = valueOffsets.subarray(1, length + 1)
  return new Column({ type, length, validity, starts, ends, children })
}

function rowColumn(
  data: ForeignData,
  type: Extract<DataType, { kind: 'row' }>,
  validity: Uint8Array | null,
): Column {
  if (data.type.typeId !== Type.Struct_) unfit(data, type)
  const names = data.type.fields.map((field) => field.name)
  const children = type.fields.map((field) => {
    const child = data.children[names.indexOf(field.name)]
    if (child === undefined) fail('INVALID_VALUE', `the ROW has no field ${field.name}`)
    return foreignColumn(child, field.type)
  })
  if (children.some((child) => child.length < data.length)) {
    fail('INVALID_VALUE', 'a field of the ROW is too short')
  }
  return new Column({ type, length: data.length, validity, children })
}
