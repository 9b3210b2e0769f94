/** Messages that are one CSV line each, without a header: the cells are the columns in order. */

import { fail } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { BatchBuilder } from '../batch/builder.ts'
import { slice } from '../batch/column.ts'
import { concat } from '../batch/concat.ts'
import type { Schema } from '../batch/schema.ts'
import type { DataType } from '../batch/types.ts'
import type { Value } from '../batch/value.ts'
import { valueFromText } from '../batch/value-from-text.ts'
import { badRecord, refuseRecord } from './bad-record.ts'
import type { CsvForm } from './csv-form.ts'
import { type Cell, CsvReader } from './csv-text.ts'
import { decodeUtf8 } from './json-text.ts'
import type { BadMessage, DecodedMessages, MessageDecoder, Messages } from './messages.ts'
import { badMessage } from './messages.ts'

/** Values are read as `valueFromText` does, elements of arrays by `form` as well. A comment is no
 *  row. */
export function csvMessages(schema: Schema, form: CsvForm): MessageDecoder {
  return { decode: (messages) => decode(messages, schema, form) }
}

function decode(messages: Messages, schema: Schema, form: CsvForm): DecodedMessages {
  const { bytes, starts, ends } = messages
  const bad: BadMessage[] = []
  const rows: number[] = []
  const parts = []
  const builder = new BatchBuilder(schema)
  for (let i = 0; i < starts.length; i++) {
    try {
      const text = decodeUtf8(bytes.subarray(starts[i], ends[i]))
      if (form.hasComments && text.startsWith('#')) continue
      addLine(builder, text, form)
      rows.push(i)
    } catch (error) {
      bad.push(badMessage(i, error))
      parts.push(wholeRows(builder))
    }
  }
  const batch = concat([...parts, builder.finish()])
  return { batch, rows: rows.length === starts.length ? null : Int32Array.from(rows), bad }
}

/** The rows so far, without the cells of a row that was broken off. */
function wholeRows(builder: BatchBuilder): Batch {
  const { schema, columns, rowCount, weights } = builder.finish()
  const cut = columns.map((column) => slice(column, 0, rowCount))
  return new Batch(schema, cut, rowCount, weights)
}

function addLine(builder: BatchBuilder, text: string, form: CsvForm): void {
  const { fields } = builder.schema
  const cells = cellsOf(text, form)
  if (cells.length !== fields.length) {
    badRecord({ index: 0, reason: `wanted ${fields.length} cells, found ${cells.length}` })
  }
  let i = 0
  try {
    for (; i < fields.length; i++) {
      const cell = cells[i]
      if (cell !== null) builder.columns[i].append(cellValue(cell, fields[i].type, form))
      else if (fields[i].nullable) builder.columns[i].appendNull()
      else fail('INVALID_VALUE', 'the column is NOT NULL, found NULL')
    }
  } catch (error) {
    refuseRecord(error, { index: 0, column: fields[i].name })
  }
  builder.rowDone()
}

function cellValue(
  cell: string,
  type: DataType,
  { elementDelimiter, nullLiteral }: CsvForm,
): Value {
  if (type.kind !== 'array' || elementDelimiter === undefined) return valueFromText(cell, type)
  if (cell === '') return []
  return cell
    .split(elementDelimiter)
    .map((text) => (text === nullLiteral ? null : valueFromText(text, type.element)))
}

function cellsOf(text: string, form: CsvForm): readonly Cell[] {
  const reader = new CsvReader(text, form)
  const record = reader.next()
  // An empty line is one empty cell.
  if (record === null) return [form.nullLiteral === undefined ? null : '']
  if ('reason' in record) return badRecord({ index: 0, reason: `malformed CSV: ${record.reason}` })
  if (reader.next() !== null) badRecord({ index: 0, reason: 'the message has several lines' })
  return record.cells
}
