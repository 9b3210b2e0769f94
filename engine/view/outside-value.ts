/** Columns of files and databases of others as DuckDB expressions: to and from the form in which
 *  DuckDB holds our types here, where a ROW has generated field names. */

import { fail } from '../base/errors.ts'
import { type DataType, partsOf, typeName } from '../batch/types.ts'
import { quoted } from './duckdb.ts'
import { duckdbType, structField } from './duckdb-type.ts'

/** The expression of a value outside as one of ours; it is cast to our type. UNSUPPORTED for types
 *  that have no such form. */
export const fromOutside = (value: string, type: DataType): string =>
  convert(value, type, (name, i) => [name, structField(i)])

/** The expression of one of our values with the names that people know. UNSUPPORTED likewise. */
export const toOutside = (value: string, type: DataType): string =>
  convert(value, type, (name, i) => [structField(i), name])

/** Names of a field before and after. */
type Naming = (name: string, index: number) => readonly [string, string]

function convert(value: string, type: DataType, naming: Naming, depth = 0): string {
  switch (type.kind) {
    case 'row': {
      const fields = type.fields.map((field, i) => {
        const [before, after] = naming(field.name, i)
        const part = `struct_extract(${value}, ${text(before)})`
        return `${quoted(after)} := ${convert(part, field.type, naming, depth)}`
      })
      return `CASE WHEN ${value} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`
    }
    case 'array': {
      if (!hasRow(type.element)) break
      const item = `item${depth}`
      const inside = convert(item, type.element, naming, depth + 1)
      return `CASE WHEN ${value} IS NOT NULL THEN [${inside} FOR ${item} IN ${value}] END`
    }
    case 'map':
      if (hasRow(type.key) || hasRow(type.value)) refuse(type)
      break
    case 'interval_month':
    case 'interval_second':
      return refuse(type)
  }
  if (partsOf(type).some(hasInterval)) refuse(type)
  return `CAST(${value} AS ${duckdbType(type)})`
}

const text = (name: string): string => `'${name.replaceAll("'", "''")}'`

const hasRow = (type: DataType): boolean => type.kind === 'row' || partsOf(type).some(hasRow)

const hasInterval = (type: DataType): boolean =>
  type.kind.startsWith('interval') || partsOf(type).some(hasInterval)

function refuse(type: DataType): never {
  fail('UNSUPPORTED', `A ${typeName(type)} in Parquet files and DuckDB tables`, {
    hint: 'A number or a text can stand for an interval, and an array of rows for a map of rows.',
  })
}
