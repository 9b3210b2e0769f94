/** Request bodies as rows of a stream: whole or not at all. */

import { fail } from '../engine/base/errors.ts'
import type { Batch } from '../engine/batch/batch.ts'
import { storageOf } from '../engine/batch/types.ts'
import { badRecord } from '../engine/format/bad-record.ts'
import { isChangelogFormat } from '../engine/format/changelog-formats.ts'
import type { Format } from '../engine/format/format.ts'
import { FORMATS, formatOf, formatOfMediaType } from '../engine/format/index.ts'
import { jsonPolicy } from '../engine/source/json-options.ts'
import { recordSchema } from '../engine/source/stream-frame.ts'
import { isAppendOnly, recordKey, type TableSpec } from '../engine/source/table.ts'
import { DEBEZIUM, debeziumFormat } from './debezium-records.ts'
import { withoutReplaced } from './keyed-rows.ts'

/** Content types that records may have. */
export const RECORD_TYPES: readonly string[] = FORMATS.flatMap(({ mediaTypes }) => mediaTypes)

/** By name (`?format=`), else by content type and the table's own format. Changes are one a line if
 *  the content type says so. INVALID_OPTION, UNSUPPORTED_MEDIA_TYPE; UNSUPPORTED for changes of a
 *  table that only takes new rows. */
export function recordFormat(
  name: string | undefined,
  mediaType: string,
  table: TableSpec,
): Format {
  const byType = formatOfMediaType(mediaType)
  const isJson = byType?.name === 'json' || byType?.name === 'ndjson'
  const own = isJson && isChangelogFormat(table.options.format) ? table.options.format : undefined
  const wanted = name ?? own
  const lines = byType?.name === 'ndjson'
  if (wanted === DEBEZIUM || wanted?.startsWith('changelog-')) refuseUnlessChanging(table)
  if (wanted === DEBEZIUM) return debeziumFormat(table, lines)
  if (wanted === 'changelog-json' && lines) return formatOf('changelog-ndjson')
  if (wanted !== undefined) return formatOf(wanted)
  if (byType !== undefined) return byType
  return fail('UNSUPPORTED_MEDIA_TYPE', `Records cannot have the content type '${mediaType}'`, {
    hint: `Send Content-Type: ${RECORD_TYPES.join(', ')}.`,
  })
}

function refuseUnlessChanging(table: TableSpec): void {
  if (!isAppendOnly(table)) return
  fail('UNSUPPORTED', `${table.name} only takes new rows, not changes`, {
    hint: "Create it with a PRIMARY KEY, or WITH ('format' = 'changelog-json').",
  })
}

/** All records of `body` with the columns that a record of the table has. BAD_RECORD with
 *  `details.index` for the first that does not fit. */
export function decodeRecords(
  body: Uint8Array,
  format: Format,
  table: TableSpec,
  rowBytesMax: number,
): Batch {
  const key = recordKey(table)
  const { batch } = format.decodeRows(body, recordSchema(table), {
    ...jsonPolicy(table.options),
    key,
  })
  refuseLargeRows(batch, rowBytesMax)
  return key === undefined ? batch : withoutReplaced(batch, key)
}

/** BAD_RECORD for the first row with more bytes. */
export function refuseLargeRows({ columns, rowCount }: Batch, rowBytesMax: number): void {
  const texts = columns.filter(({ type }) => storageOf(type) === 'bytes')
  for (let row = 0; row < rowCount; row++) {
    let bytes = 0
    for (const { starts, ends } of texts) bytes += ends[row] - starts[row]
    if (bytes <= rowBytesMax) continue
    badRecord({ index: row, reason: `it has ${bytes} bytes; the limit is ${rowBytesMax}` })
  }
}
