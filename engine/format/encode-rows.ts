/** The encoders of a table's rows by format: the way out of a sink. Adding one: a line here, its
 *  options, one test. */

import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import type { Schema } from '../batch/schema.ts'
import { arrowEncoder } from './arrow-messages.ts'
import { avroConfluentEncoder } from './avro/confluent.ts'
import { avroEncoder } from './avro/encoder.ts'
import { isChangelogFormat } from './changelog-formats.ts'
import { csvForm } from './csv-form.ts'
import { csvTexts } from './csv-rows.ts'
import { debeziumEvents } from './debezium-rows.ts'
import { type EncodedRows, type RowEncoder, recordPerRow } from './encoded-rows.ts'
import type { JsonPaths } from './format.ts'
import { jsonRecordTexts } from './json-record-texts.ts'
import { protobufConfluentEncoder, protobufEncoder } from './protobuf/messages.ts'
import { rawEncoder } from './raw.ts'

type Options = Readonly<Record<string, string>>

/** Whether the format can say that a row is gone. */
export const writesChangelog = ({ format }: Options): boolean => isChangelogFormat(format)

export interface EncodeParts {
  /** The columns by which one row replaces another. */
  readonly key?: readonly number[] | undefined
  readonly paths?: JsonPaths | undefined
  /** The sink takes more of each row than its record, so no two rows may share one. */
  readonly alone?: boolean | undefined
}

/** The encoder of a table's rows, when all that it needs is there. UNSUPPORTED for a format that
 *  cannot be written, or not with these columns. */
export async function rowEncoder(
  schema: Schema,
  options: Options,
  { key, paths, alone = false }: EncodeParts = {},
): Promise<RowEncoder> {
  const json = () => jsonRecordTexts(schema, options['json.timestamp-format'], paths)
  switch (options.format) {
    case 'json': {
      const texts = json()
      return (batch) => recordPerRow(batch, texts(batch))
    }
    case 'changelog-json': {
      const texts = json()
      return (batch) => changes(batch, texts(batch))
    }
    case 'debezium-json': {
      refuseSchema(options)
      const texts = json()
      return (batch) => debeziumEvents(batch, texts(batch), key)
    }
    case 'csv': {
      const form = csvForm(options)
      return (batch) => recordPerRow(batch, csvTexts(batch, form))
    }
    case 'arrow':
      return arrowEncoder(schema, alone)
    case 'raw':
      return rawEncoder(schema, options)
    case 'avro':
      return avroEncoder(schema, options['avro.schema'])
    case 'avro-confluent':
      return avroConfluentEncoder(schema, options)
    case 'protobuf':
      return protobufEncoder(schema, options)
    case 'protobuf-confluent':
      return protobufConfluentEncoder(schema, options)
    default:
      return fail('UNSUPPORTED', `The format '${options.format}' cannot be written`)
  }
}

function refuseSchema(options: Options): void {
  if (options['debezium-json.schema-include'] !== 'true') return
  fail('UNSUPPORTED', 'Events cannot be written with their schema', {
    hint: "Leave 'debezium-json.schema-include' out for a table that is written.",
  })
}

function changes({ weights, rowCount }: Batch, texts: readonly string[]): EncodedRows {
  const records: string[] = []
  const rows: number[] = []
  for (let row = 0; row < rowCount; row++) {
    const weight = weights === null ? 1 : weights[row]
    const record = `{"op":"${weight > 0 ? '+I' : '-D'}","row":${texts[row]}}`
    for (let n = Math.abs(weight); n > 0; n--) {
      records.push(record)
      rows.push(row)
    }
  }
  return { records, rows: Int32Array.from(rows) }
}
