/** Rows as messages: the way out of a sink. One text per row, in the format's form. */

import { fail } from '../base/errors.ts'
import { formatTimestamp } from '../base/time-text.ts'
import type { Batch } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import type { Column } from '../batch/column.ts'
import { jsonRowTexts } from '../batch/json-rows.ts'
import { type JsonValue, jsonValue } from '../batch/json-value.ts'
import { valueAt } from '../batch/rows.ts'
import { type Field, type Schema, schemaOf } from '../batch/schema.ts'
import { isTimestamp, VARCHAR } from '../batch/types.ts'

type Options = Readonly<Record<string, string>>

/** One text per row; a row of weight n comes n times. Only changelog formats may be given
 *  retractions. */
export type RowEncoder = (batch: Batch) => string[]

/** Whether the format can say that a row is gone. */
export const writesChangelog = (options: Options): boolean => options.format === 'changelog-json'

/** The encoder of a table's rows. UNSUPPORTED for a format that cannot be written, or not with
 *  these columns. */
export function rowEncoder(schema: Schema, options: Options): RowEncoder {
  switch (options.format) {
    case 'json':
      return (batch) => repeated(batch, jsonTexts(batch, options))
    case 'changelog-json':
      return (batch) => changeTexts(batch, jsonTexts(batch, options))
    case 'csv':
      return (batch) => repeated(batch, csvTexts(batch, options['csv.field-delimiter'] ?? ','))
    case 'raw':
      return rawEncoder(schema)
    default:
      return fail('UNSUPPORTED', `The format '${options.format}' cannot be written`)
  }
}

function repeated({ weights }: Batch, texts: string[]): string[] {
  if (weights === null) return texts
  return texts.flatMap((text, i) => new Array<string>(Math.max(weights[i], 0)).fill(text))
}

function changeTexts({ weights }: Batch, rows: readonly string[]): string[] {
  return rows.flatMap((row, i) => {
    const weight = weights === null ? 1 : weights[i]
    const text = `{"op":"${weight > 0 ? '+I' : '-D'}","row":${row}}`
    return new Array<string>(Math.abs(weight)).fill(text)
  })
}

/** JSON objects; timestamps by `json.timestamp-format.standard`. */
function jsonTexts(batch: Batch, options: Options): string[] {
  if (options['json.timestamp-format.standard'] !== 'SQL') return jsonRowTexts(batch)
  const fields: Field[] = batch.schema.fields.map((field) =>
    isTimestamp(field.type) ? { ...field, type: VARCHAR } : field,
  )
  const columns = batch.columns.map((column) =>
    isTimestamp(column.type) ? sqlTexts(column) : column,
  )
  return jsonRowTexts(batch.withColumns(schemaOf(fields), columns))
}

/** `2024-05-06 07:08:09.123`, with a Z for an instant. */
function sqlTexts(column: Column): Column {
  const { type, length } = column
  if (type.kind !== 'timestamp' && type.kind !== 'timestamp_ltz') return column
  const zone = type.kind === 'timestamp_ltz' ? 'Z' : ''
  const texts = Array.from({ length }, (_, row) => {
    const us = valueAt(column, row)
    return us === null ? null : formatTimestamp(us as number | bigint, type.precision) + zone
  })
  return columnOf(VARCHAR, texts)
}

/** Cells as a CSV reader takes them back: NULL is empty, an empty text is `""`. */
function csvTexts({ columns, rowCount }: Batch, delimiter: string): string[] {
  return Array.from({ length: rowCount }, (_, row) =>
    columns
      .map((column) => csvCell(jsonValue(valueAt(column, row), column.type), delimiter))
      .join(delimiter),
  )
}

function csvCell(value: JsonValue, delimiter: string): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const plain = text !== '' && !/["\r\n]/.test(text) && !text.includes(delimiter)
  return plain ? text : `"${text.replaceAll('"', '""')}"`
}

function rawEncoder({ fields }: Schema): RowEncoder {
  const [field] = fields
  if (fields.length !== 1 || field.type.kind !== 'varchar' || field.nullable) {
    fail('UNSUPPORTED', "The format 'raw' writes one column of type STRING NOT NULL")
  }
  return (batch) =>
    repeated(
      batch,
      Array.from({ length: batch.rowCount }, (_, row) => valueAt(batch.columns[0], row) as string),
    )
}
