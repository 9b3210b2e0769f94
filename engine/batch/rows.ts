/** Single values out of columns. An edge's way to read: never for hot loops. */

import type { Batch } from './batch.ts'
import type { Column } from './column.ts'
import { type JsonValue, jsonValue } from './json-value.ts'
import { asBuffer, textAt } from './text.ts'
import { storageOf } from './types.ts'
import { exactInteger, type Value } from './value.ts'

const TWO_32 = 4294967296
/** High lanes in [-2^21, 2^21) belong to integers in [-2^53, 2^53). */
const SAFE_HIGH = 2 ** 21

/** The 64-bit integer at `row` of an i64 column: a number in [-2^53, 2^53), else a bigint. */
export function int64At(column: Column, row: number): number | bigint {
  const high = column.lanes[row * 2 + 1]
  if (high >= -SAFE_HIGH && high < SAFE_HIGH) return high * TWO_32 + (column.lanes[row * 2] >>> 0)
  return column.values[row] as bigint
}

/** The value at `row` (see `Value`); NULL is null. BYTES are a view on the column's memory. */
export function valueAt(column: Column, row: number): Value {
  return column.isNull(row) ? null : presentAt(column, row)
}

function presentAt(column: Column, row: number): Value {
  const { type, values, starts, ends } = column
  switch (storageOf(type)) {
    case 'bool':
      return values[row] === 1
    case 'i64':
      return int64At(column, row)
    case 'i128': {
      const low = BigInt.asUintN(64, values[row * 2] as bigint)
      return exactInteger(((values[row * 2 + 1] as bigint) << 64n) | low)
    }
    case 'bytes': {
      const bytes = values as Uint8Array
      if (type.kind === 'bytes') return bytes.subarray(starts[row], ends[row])
      return textAt(asBuffer(bytes), starts[row], ends[row])
    }
    case 'list':
      return listAt(column, row)
    case 'struct':
      return column.children.map((child) => valueAt(child, row))
    default:
      return values[row] as number
  }
}

function listAt({ starts, ends, children }: Column, row: number): Value {
  const [elements, mapped] = children
  const items: Value[] = []
  for (let at = starts[row]; at < ends[row]; at++) {
    const item = valueAt(elements, at)
    items.push(mapped === undefined ? item : [item, valueAt(mapped, at)])
  }
  return items
}

/** All rows as arrays of one value per column. Weights are left out. */
export function rowsOf(batch: Batch): Value[][] {
  const rows: Value[][] = []
  for (let row = 0; row < batch.rowCount; row++) {
    rows.push(batch.columns.map((column) => valueAt(column, row)))
  }
  return rows
}

export type JsonRow = Readonly<Record<string, JsonValue>>

/** All rows as objects in their HTTP form (json-value.ts). Weights are left out. To send rows, use
 *  `jsonRowTexts` (json-rows.ts): it is many times faster than these objects and their
 *  `JSON.stringify`. */
export function jsonRows(batch: Batch): JsonRow[] {
  const { fields } = batch.schema
  return rowsOf(batch).map((row) =>
    Object.fromEntries(fields.map(({ name, type }, i) => [name, jsonValue(row[i], type)])),
  )
}
