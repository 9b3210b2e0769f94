/** Results as the lines that stand in .slt files. */

import type { Batch } from '../../../engine/batch/batch.ts'
import { jsonValue } from '../../../engine/batch/json-value.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import type { Schema } from '../../../engine/batch/schema.ts'
import { type DataType, typeName } from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/batch/value.ts'
import { caretText } from '../../../sql/index.ts'

/** One line per row. */
export const rowLines = (batches: readonly Batch[]): string[] =>
  batches.filter(({ rowCount }) => rowCount > 0).flatMap(linesOf)

function linesOf(batch: Batch): string[] {
  const { fields } = batch.schema
  return rowsOf(batch).map((row) => row.map((value, i) => token(value, fields[i].type)).join(' '))
}

/** NULL; a text with a space, a quote or nothing in it, and the text NULL, stand in quotes. Line ends
 *  are written as \n. */
function token(value: Value, type: DataType): string {
  if (value === null) return 'NULL'
  const json = type.kind === 'json' ? (value as string) : jsonValue(value, type)
  const text = typeof json === 'string' ? json : JSON.stringify(json)
  const plain = /^[^\s']+$/.test(text) && text !== 'NULL'
  return plain ? text : `'${text.replaceAll("'", "''").replaceAll('\n', '\\n')}'`
}

/** `+ 1 a`; a row of weight 3 comes as three lines. */
export function changeLines(batch: Batch): string[] {
  const rows = linesOf(batch)
  return rows.flatMap((row, i) => {
    const weight = batch.weights?.[i] ?? 1
    return Array<string>(Math.abs(weight)).fill(`${weight < 0 ? '-' : '+'} ${row}`)
  })
}

export const typeNames = ({ fields }: Schema): string[] => fields.map(({ type }) => typeName(type))

/** Rows of one text, line by line; an empty line is written as a dot. */
export const plainLines = (batches: readonly Batch[]): string[] =>
  batches
    .flatMap((batch) => rowsOf(batch))
    .join('\n')
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd() || '.')

/** The error with its place, as the command line shows it. */
export const errorLines = (error: unknown, sql: string): string[] =>
  caretText(error, sql)
    .split('\n')
    .map((line) => line || '.')
