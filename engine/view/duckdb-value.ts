/** Single values between columns and DuckDB, for the types whose layouts differ: ARRAY, MAP and
 *  ROW, with anything inside them. */

import type { Column } from '../batch/column.ts'
import { columnBuilder } from '../batch/column-builder.ts'
import { valueAt } from '../batch/rows.ts'
import type { DataType } from '../batch/types.ts'
import { exactInteger, type Value } from '../batch/value.ts'
import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from './duckdb.ts'
import { structField } from './duckdb-type.ts'

/** The value of one row, null for NULL. */
export const duckdbValueAt = (column: Column, row: number): DuckDBValue =>
  toDuckdb(valueAt(column, row), column.type)

function toDuckdb(value: Value, type: DataType): DuckDBValue {
  if (value === null) return null
  switch (type.kind) {
    case 'bigint':
    case 'interval_second':
      return BigInt(value as number | bigint)
    case 'decimal':
      return new DuckDBDecimalValue(BigInt(value as number | bigint), type.precision, type.scale)
    case 'date':
      return new DuckDBDateValue(value as number)
    case 'time':
      return new DuckDBTimeValue(BigInt(value as number | bigint))
    case 'timestamp':
      return new DuckDBTimestampValue(BigInt(value as number | bigint))
    case 'timestamp_ltz':
      return new DuckDBTimestampTZValue(BigInt(value as number | bigint))
    case 'bytes':
      return new DuckDBBlobValue(value as Uint8Array)
    case 'array':
      return new DuckDBListValue((value as Value[]).map((item) => toDuckdb(item, type.element)))
    case 'map':
      return new DuckDBMapValue(
        (value as [Value, Value][]).map(([key, item]) => ({
          key: toDuckdb(key, type.key),
          value: toDuckdb(item, type.value),
        })),
      )
    case 'row':
      return new DuckDBStructValue(
        Object.fromEntries(
          type.fields.map((field, i) => [
            structField(i),
            toDuckdb((value as Value[])[i], field.type),
          ]),
        ),
      )
    default:
      return value as boolean | number | string
  }
}

/** A column of `type` from DuckDB's values. */
export function columnOfDuckdbValues(type: DataType, values: readonly unknown[]): Column {
  const builder = columnBuilder(type)
  for (const value of values) builder.append(fromDuckdb(value, type))
  return builder.finish()
}

function fromDuckdb(value: unknown, type: DataType): Value {
  if (value === null || value === undefined) return null
  switch (type.kind) {
    case 'bigint':
    case 'interval_second':
      return exactInteger(value as bigint)
    case 'decimal':
      return exactInteger((value as DuckDBDecimalValue).value)
    case 'date':
      return (value as DuckDBDateValue).days
    case 'time':
    case 'timestamp':
    case 'timestamp_ltz':
      return exactInteger((value as DuckDBTimestampValue).micros)
    case 'bytes':
      return (value as DuckDBBlobValue).bytes
    case 'array':
      return (value as DuckDBListValue).items.map((item) => fromDuckdb(item, type.element))
    case 'map':
      return (value as DuckDBMapValue).entries.map((entry) => [
        fromDuckdb(entry.key, type.key),
        fromDuckdb(entry.value, type.value),
      ])
    case 'row': {
      const { entries } = value as DuckDBStructValue
      return type.fields.map((field, i) => fromDuckdb(entries[structField(i)], field.type))
    }
    default:
      return value as boolean | number | string
  }
}
