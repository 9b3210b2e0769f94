/** Our types as DuckDB's. Values that DuckDB holds otherwise than we do are stored as what they are
 *  in memory: an interval as its months or microseconds, JSON as its text. Field names of a ROW are
 *  generated (f0, f1, …): no user text becomes a DuckDB name. */

import { unreachable } from '../base/assert.ts'
import { fail } from '../base/errors.ts'
import type { DataType } from '../batch/types.ts'
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBType,
  FLOAT,
  INTEGER,
  LIST,
  MAP,
  SMALLINT,
  STRUCT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  TINYINT,
  VARCHAR,
} from './duckdb.ts'

/** The name of a ROW's field number `index` in DuckDB. */
export const structField = (index: number): string => `f${index}`

/** The column type that stores values of `type`; its text is valid SQL. */
export function duckdbType(type: DataType): DuckDBType {
  switch (type.kind) {
    case 'boolean':
      return BOOLEAN
    case 'tinyint':
      return TINYINT
    case 'smallint':
      return SMALLINT
    case 'int':
    case 'interval_month':
      return INTEGER
    case 'bigint':
    case 'interval_second':
      return BIGINT
    case 'float':
      return FLOAT
    case 'double':
      return DOUBLE
    case 'decimal':
      return DECIMAL(type.precision, type.scale)
    case 'varchar':
    case 'json':
      return VARCHAR
    case 'bytes':
      return BLOB
    case 'date':
      return DATE
    case 'time':
      return TIME
    case 'timestamp':
      return TIMESTAMP
    case 'timestamp_ltz':
      return TIMESTAMPTZ
    case 'array':
      return LIST(duckdbType(type.element))
    case 'map':
      return MAP(duckdbType(type.key), duckdbType(type.value))
    case 'row':
      return STRUCT(
        Object.fromEntries(type.fields.map((f, i) => [structField(i), duckdbType(f.type)])),
      )
    case 'null':
      return fail('TYPE_MISMATCH', 'A column of a view needs a type; NULL alone has none', {
        hint: 'Write CAST(NULL AS STRING), or another type.',
      })
    default:
      return unreachable(type)
  }
}
