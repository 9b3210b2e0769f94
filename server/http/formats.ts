/** Rows in the formats a client can ask for. */

import { fail } from '../../engine/base/errors.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { toArrowStream } from '../../engine/batch/ipc-stream.ts'
import { jsonRowTexts } from '../../engine/batch/json-rows.ts'
import { type JsonValue, jsonValue } from '../../engine/batch/json-value.ts'
import { valueAt } from '../../engine/batch/rows.ts'
import type { Schema } from '../../engine/batch/schema.ts'

/** Rows that are still in columns. */
export interface RowSet {
  readonly schema: Schema
  readonly batches: readonly Batch[]
}

export type RowFormat = 'json' | 'csv' | 'ndjson' | 'arrow'

const MEDIA_TYPES: Readonly<Record<RowFormat, string>> = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
  arrow: 'application/vnd.apache.arrow.stream',
}

const BY_MEDIA_TYPE: Readonly<Record<string, RowFormat>> = {
  'application/json': 'json',
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/vnd.apache.arrow.stream': 'arrow',
}

/** The first format of the Accept header that there is; JSON if the client takes anything.
 *  UNSUPPORTED_MEDIA_TYPE if it takes none of ours. */
export function acceptedFormat(accept: string | undefined): RowFormat {
  const wanted = (accept ?? '*/*').split(',').map((part) => part.split(';')[0].trim().toLowerCase())
  for (const type of wanted) {
    const format = BY_MEDIA_TYPE[type]
    if (format !== undefined) return format
  }
  const anything = wanted.some((type) => ['', '*/*', 'application/*', 'text/html'].includes(type))
  if (anything) return 'json'
  return fail('UNSUPPORTED_MEDIA_TYPE', `There is no format for Accept: ${accept}`, {
    hint: `Ask for ${Object.keys(BY_MEDIA_TYPE).join(', ')}.`,
  })
}

/** All rows as a response in a format other than JSON. */
export function rowsResponse(format: Exclude<RowFormat, 'json'>, rows: RowSet): Response {
  const headers = { 'content-type': MEDIA_TYPES[format] }
  if (format === 'arrow') {
    return new Response(Buffer.from(toArrowStream(rows.schema, rows.batches)), { headers })
  }
  return new Response(format === 'csv' ? csvText(rows) : ndjsonText(rows), { headers })
}

const ndjsonText = ({ batches }: RowSet): string =>
  batches.flatMap((batch) => jsonRowTexts(batch).map((text) => `${text}\n`)).join('')

/** RFC 4180 with a header line. NULL is an empty cell, an empty string is "". */
function csvText({ schema, batches }: RowSet): string {
  const lines = [schema.fields.map(({ name }) => csvCell(name)).join(',')]
  for (const { columns, rowCount } of batches) {
    for (let row = 0; row < rowCount; row++) {
      lines.push(columns.map((c) => csvCell(jsonValue(valueAt(c, row), c.type))).join(','))
    }
  }
  return `${lines.join('\r\n')}\r\n`
}

function csvCell(value: JsonValue): string {
  if (value === null) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
