/** CSV with a header line into a batch. */

import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { BatchBuilder } from '../batch/builder.ts'
import type { Schema } from '../batch/schema.ts'
import { valueFromText } from '../batch/value-from-text.ts'
import { badRecord, refuseRecord } from './bad-record.ts'
import type { CsvForm } from './csv-form.ts'
import { type Cell, CsvReader, type CsvRecord } from './csv-text.ts'
import type { DecodeOptions } from './format.ts'
import { decodeUtf8 } from './json-text.ts'

export interface CsvOptions extends DecodeOptions {
  readonly form?: CsvForm | undefined
}

/** All records of `body` under `schema`, or none. The first line names the columns, in any order.
 *  An empty cell is NULL, an empty string is `""`; cells are read as `valueFromText` does. Raises
 *  BAD_RECORD for the first that does not fit (`details` {index, column, reason, line}). */
export function decodeCsvRows(
  body: Uint8Array,
  schema: Schema,
  options: CsvOptions,
): { batch: Batch } {
  const reader = new CsvReader(decodeUtf8(body), options.form)
  const builder = new BatchBuilder(schema)
  const header = nextRecord(reader, 0)
  if (header === null) return { batch: builder.finish() }
  const positions = columnPositions(header, schema, options)
  for (let index = 0; ; index++) {
    const record = nextRecord(reader, index)
    if (record === null) return { batch: builder.finish() }
    addRecord(builder, record, index, { positions, width: header.cells.length })
  }
}

function nextRecord(reader: CsvReader, index: number): CsvRecord | null {
  const record = reader.next()
  if (record === null || 'cells' in record) return record
  const { line, reason } = record
  return badRecord({ index, reason: `malformed CSV at line ${line}: ${reason}`, place: { line } })
}

/** For each column of the schema its cell's position; -1 if the file does not have it. */
function columnPositions({ cells }: CsvRecord, schema: Schema, options: CsvOptions): number[] {
  const place = { line: 1 }
  const refuse = (column: string, reason: string) => badRecord({ index: 0, column, reason, place })
  const names = cells.map((cell) => cell ?? '')
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i) refuse(name, 'the header names the column twice')
    const known = schema.fields.some((field) => field.name === name)
    if (!known && options.unknownFields === 'fail') refuse(name, 'the stream has no such column')
  }
  return schema.fields.map(({ name, nullable }) => {
    const position = names.indexOf(name)
    if (position < 0 && (!nullable || options.missingFields === 'fail')) {
      refuse(name, 'the header does not name the column')
    }
    return position
  })
}

function addRecord(
  builder: BatchBuilder,
  { cells, line }: CsvRecord,
  index: number,
  { positions, width }: { readonly positions: readonly number[]; readonly width: number },
): void {
  const place = { line }
  if (cells.length !== width) {
    badRecord({ index, reason: `wanted ${width} cells, found ${cells.length}`, place })
  }
  const { fields } = builder.schema
  let i = 0
  try {
    for (; i < fields.length; i++) {
      const cell: Cell = positions[i] < 0 ? null : cells[positions[i]]
      if (cell !== null) builder.columns[i].append(valueFromText(cell, fields[i].type))
      else if (fields[i].nullable) builder.columns[i].appendNull()
      else fail('INVALID_VALUE', 'the column is NOT NULL, found an empty cell')
    }
  } catch (error) {
    refuseRecord(error, { index, column: fields[i].name, place })
  }
  builder.rowDone()
}
