/** Request bodies as rows of a stream: whole or not at all. */

import { fail } from '../engine/base/errors.ts'
import type { Batch } from '../engine/batch/batch.ts'
import { type Schema, schemaOf } from '../engine/batch/schema.ts'
import { storageOf } from '../engine/batch/types.ts'
import { badRecord } from '../engine/format/bad-record.ts'
import type { Format } from '../engine/format/format.ts'
import { FORMATS, formatOf, formatOfMediaType } from '../engine/format/index.ts'
import type { TableSpec } from '../engine/source/table.ts'

/** Content types that records may have. */
export const RECORD_TYPES: readonly string[] = FORMATS.flatMap(({ mediaTypes }) => mediaTypes)

/** The columns that a record of the table brings; the others are computed. */
export const storedSchema = ({ schema, storedCount }: TableSpec): Schema =>
  schemaOf(schema.fields.slice(0, storedCount))

/** By name (`?format=`), else by content type. INVALID_OPTION, UNSUPPORTED_MEDIA_TYPE. */
export function recordFormat(name: string | undefined, mediaType: string): Format {
  if (name !== undefined) return formatOf(name)
  const format = formatOfMediaType(mediaType)
  if (format !== undefined) return format
  return fail('UNSUPPORTED_MEDIA_TYPE', `Records cannot have the content type '${mediaType}'`, {
    hint: `Send Content-Type: ${RECORD_TYPES.join(', ')}.`,
  })
}

/** All records of `body` with the table's stored columns. BAD_RECORD with `details.index` for the
 *  first that does not fit. */
export function decodeRecords(
  body: Uint8Array,
  format: Format,
  table: TableSpec,
  rowBytesMax: number,
): Batch {
  const unknownFields = table.options['json.unknown-fields'] === 'fail' ? 'fail' : 'ignore'
  const options = { unknownFields, missingFields: 'null' } as const
  const { batch } = format.decodeRows(body, storedSchema(table), options)
  refuseLargeRows(batch, rowBytesMax)
  return batch
}

function refuseLargeRows({ columns, rowCount }: Batch, rowBytesMax: number): void {
  const texts = columns.filter(({ type }) => storageOf(type) === 'bytes')
  for (let row = 0; row < rowCount; row++) {
    let bytes = 0
    for (const { starts, ends } of texts) bytes += ends[row] - starts[row]
    if (bytes <= rowBytesMax) continue
    badRecord({ index: row, reason: `it has ${bytes} bytes; the limit is ${rowBytesMax}` })
  }
}
