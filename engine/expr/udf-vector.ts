/** Columns as the sandbox takes them, and its answers as columns. */

import { formatDecimal, parseDecimal } from '../base/decimal-text.ts'
import { fail } from '../base/errors.ts'
import { columnOf } from '../batch/builder.ts'
import { Column } from '../batch/column.ts'
import { valueAt } from '../batch/rows.ts'
import { type DataType, storageOf, typeName } from '../batch/types.ts'
import type { Value } from '../batch/value.ts'
import { fitDecimal } from './decimal.ts'
import type { Shape, Vector } from './sandbox/protocol.ts'

const SMALL_BITS = { tinyint: 8, smallint: 16, int: 32, interval_month: 32 } as const

/** What JavaScript sees of the type. UNSUPPORTED for nested types. */
export function shapeOf(type: DataType): Shape {
  switch (type.kind) {
    case 'boolean':
    case 'date':
    case 'decimal':
    case 'json':
    case 'bytes':
      return { kind: type.kind }
    case 'float':
    case 'double':
      return { kind: 'number' }
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'interval_month': {
      const half = 2 ** (SMALL_BITS[type.kind] - 1)
      return { kind: 'small', min: -half, max: half - 1 }
    }
    case 'bigint':
    case 'time':
    case 'interval_second':
      return { kind: 'integer' }
    case 'timestamp':
    case 'timestamp_ltz':
      return { kind: 'instant' }
    case 'varchar':
      return { kind: 'text' }
    default:
      return fail('UNSUPPORTED', `A JavaScript function cannot take or give ${typeName(type)}`, {
        hint: 'Use JSON: the function sees it as an array or an object.',
      })
  }
}

/** The first `count` values of a column. */
export function vectorOf(column: Column, count: number): Vector {
  const { type } = column
  switch (storageOf(type)) {
    case 'bytes':
    case 'i128':
      return { kind: 'texts', texts: textsOf(column, count) }
    case 'i64':
      if (type.kind === 'decimal') return { kind: 'texts', texts: textsOf(column, count) }
      return integersOf(column, count)
    default: {
      const values = new Float64Array(count)
      const source = column.values as Float64Array
      for (let row = 0; row < count; row++) values[row] = source[row]
      return { kind: 'numbers', values, nulls: nullsOf(column, count) }
    }
  }
}

function textsOf(column: Column, count: number): (string | null)[] {
  const { type } = column
  return Array.from({ length: count }, (_, row) => {
    const value = valueAt(column, row)
    if (value === null || typeof value === 'string') return value
    if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
    return formatDecimal(value as number | bigint, type.kind === 'decimal' ? type.scale : 0)
  })
}

function integersOf(column: Column, count: number): Vector {
  const values = new Float64Array(count)
  const large: [number, string][] = []
  for (let row = 0; row < count; row++) {
    const value = valueAt(column, row)
    if (typeof value === 'bigint') large.push([row, String(value)])
    else values[row] = (value ?? 0) as number
  }
  const nulls = nullsOf(column, count)
  return { kind: 'numbers', values, nulls, ...(large.length === 0 ? {} : { large }) }
}

function nullsOf(column: Column, count: number): Uint8Array<ArrayBuffer> | null {
  if (column.validity === null) return null
  const nulls = new Uint8Array(count)
  for (let row = 0; row < count; row++) nulls[row] = column.isNull(row) ? 1 : 0
  return nulls
}

/** A column of `length` rows with the answer's values at `rows`, NULL elsewhere; null: the answer
 *  has them all. INVALID_VALUE or OUT_OF_RANGE for a value that is not of the type. */
export function columnFrom(
  vector: Vector,
  type: DataType,
  { rows, length }: { readonly rows: Int32Array | null; readonly length: number },
): Column {
  const isPlain = vector.kind === 'numbers' && vector.nulls === null && rows === null
  if (isPlain && type.kind === 'double') return new Column({ type, length, values: vector.values })
  const values = vector.kind === 'numbers' ? numbersFrom(vector, type) : textsFrom(vector, type)
  if (rows === null) return columnOf(type, values)
  const spread: Value[] = new Array(length).fill(null)
  for (const [i, value] of values.entries()) spread[rows[i]] = value
  return columnOf(type, spread)
}

function numbersFrom(vector: Extract<Vector, { kind: 'numbers' }>, type: DataType): Value[] {
  const { nulls } = vector
  const values = Array.from(vector.values, (value, i): Value => {
    if (nulls !== null && nulls[i] === 1) return null
    return type.kind === 'boolean' ? value === 1 : value
  })
  for (const [row, digits] of vector.large ?? []) values[row] = BigInt(digits)
  if (!('precision' in type) || type.precision === 6) return values
  const unit = 10 ** (6 - type.precision)
  return values.map((value) => {
    if (typeof value === 'bigint') return value - (value % BigInt(unit))
    return typeof value === 'number' ? Math.floor(value / unit) * unit : value
  })
}

function textsFrom({ texts }: Extract<Vector, { kind: 'texts' }>, type: DataType): Value[] {
  return texts.map((text) => {
    if (text === null) return null
    switch (type.kind) {
      case 'decimal':
        return decimalFrom(text, type)
      case 'bytes':
        return Uint8Array.from(Buffer.from(text, 'latin1'))
      case 'varchar':
        return fitText(text, type)
      default:
        return text
    }
  })
}

function decimalFrom(text: string, type: Extract<DataType, { kind: 'decimal' }>): Value {
  const unscaled = parseDecimal(text, type.scale)
  const value = unscaled === undefined ? undefined : fitDecimal(unscaled, type.precision)
  return value ?? fail('INVALID_VALUE', `${text} is no ${typeName(type)}`)
}

function fitText(text: string, type: Extract<DataType, { kind: 'varchar' }>): string {
  const { length } = type
  if (length === undefined || text.length <= length || [...text].length <= length) return text
  return fail('INVALID_VALUE', `a text of ${[...text].length} characters is no ${typeName(type)}`)
}
