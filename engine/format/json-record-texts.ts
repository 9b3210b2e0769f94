/** Rows as JSON texts the way a table's options want them: how timestamps are written, and which
 *  columns lie deeper in the record. */

import { formatTimestamp } from '../base/time-text.ts'
import type { Batch } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { Column } from '../batch/column.ts'
import { valueAt } from '../batch/rows.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { type DataType, DOUBLE, isTimestamp, partsOf, VARCHAR } from '../batch/types.ts'
import type { JsonPaths } from './format.ts'
import { nestedJson } from './nested-json.ts'

/** The writer of a table's rows. UNSUPPORTED for paths that cannot be written. */
export function jsonRecordTexts(
  schema: Schema,
  timestamps: string | undefined,
  paths: JsonPaths | undefined,
): (batch: Batch) => string[] {
  const write = nestedJson(schema, paths)
  const written = TIMESTAMPS[timestamps ?? 'ISO-8601']
  if (written === undefined || !schema.fields.some(({ type }) => hasTimestamp(type))) return write
  return (batch) => {
    const columns = batch.columns.map((column) => withTimestamps(column, written))
    const fields = batch.schema.fields.map((field, i) => ({ ...field, type: columns[i].type }))
    return write(batch.withColumns(schemaOf(fields), columns))
  }
}

type WriteTimestamps = (column: Column, type: Extract<DataType, { precision: number }>) => Column

/** ISO-8601 is how JSON is written anyway. */
const TIMESTAMPS: Readonly<Record<string, WriteTimestamps>> = {
  /** `2024-05-06 07:08:09.123`, with a Z for an instant. */
  SQL: (column, type) => {
    const zone = type.kind === 'timestamp_ltz' ? 'Z' : ''
    return mapped(column, VARCHAR, (us) => formatTimestamp(us, type.precision) + zone)
  },
  'EPOCH-SECONDS': (column) => mapped(column, DOUBLE, (us) => Number(us) / 1e6),
  'EPOCH-MILLIS': (column) => mapped(column, DOUBLE, (us) => Number(us) / 1e3),
}

const hasTimestamp = (type: DataType): boolean =>
  isTimestamp(type) || partsOf(type).some(hasTimestamp)

/** The column with other values for timestamps, also those deep in it. */
function withTimestamps(column: Column, write: WriteTimestamps): Column {
  const { type } = column
  if (type.kind === 'timestamp' || type.kind === 'timestamp_ltz') return write(column, type)
  if (!hasTimestamp(type)) return column
  const children = column.children.map((child) => withTimestamps(child, write))
  const { length, validity, starts, ends } = column
  const parts = children.map((child) => child.type)
  return new Column({ type: ofParts(type, parts), length, validity, starts, ends, children })
}

/** The nested type with other parts. */
function ofParts(type: DataType, parts: readonly DataType[]): DataType {
  switch (type.kind) {
    case 'array':
      return { ...type, element: parts[0] }
    case 'map':
      return { ...type, key: parts[0], value: parts[1] }
    case 'row':
      return { ...type, fields: type.fields.map((field, i) => ({ ...field, type: parts[i] })) }
    default:
      return type
  }
}

function mapped(
  column: Column,
  type: DataType,
  of: (us: number | bigint) => string | number,
): Column {
  const values = Array.from({ length: column.length }, (_, row) => {
    const us = valueAt(column, row)
    return us === null ? null : of(us as number | bigint)
  })
  return columnOf(type, values)
}
