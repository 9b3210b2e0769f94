/** The decoders of a table's messages by format. Adding one: a line here, its options, one test. */

import { fail } from '../base/errors.ts'
import type { Schema } from '../batch/schema.ts'
import { arrowMessages } from '../format/arrow-messages.ts'
import { avroConfluentMessages } from '../format/avro/confluent.ts'
import { avroMessages } from '../format/avro/decoder.ts'
import { csvForm } from '../format/csv-form.ts'
import { csvMessages } from '../format/csv-messages.ts'
import type { MessageDecoder } from '../format/messages.ts'
import { protobufConfluentMessages, protobufMessages } from '../format/protobuf/messages.ts'
import { rawMessages } from '../format/raw.ts'
import { ChangelogMessages } from './changelog-messages.ts'
import { DebeziumMessages } from './debezium-messages.ts'
import { JsonMessages } from './json-messages.ts'
import { jsonPolicy } from './json-options.ts'

type Options = Readonly<Record<string, string>>

export interface DecoderParts {
  /** The columns that are enough to take a row back; undefined: all of them. */
  readonly key?: readonly number[] | undefined
  /** The keys of the format's metadata that the table asks for. */
  readonly metadata?: readonly string[] | undefined
}

/** The decoder of a table's messages into `schema`: the columns that are in the record. UNSUPPORTED
 *  if the format cannot be read, or not into these columns. */
export function messageDecoder(
  schema: Schema,
  options: Options,
  { key, metadata = [] }: DecoderParts = {},
): MessageDecoder {
  switch (options.format) {
    case 'json':
      return new JsonMessages(schema, jsonPolicy(options))
    case 'changelog-json':
      return new ChangelogMessages(schema, { ...jsonPolicy(options), key })
    case 'debezium-json': {
      const schemaInclude = options['debezium-json.schema-include'] === 'true'
      return new DebeziumMessages(schema, { ...jsonPolicy(options), key, schemaInclude, metadata })
    }
    case 'csv':
      return csvMessages(schema, csvForm(options))
    case 'arrow':
      return arrowMessages(schema)
    case 'raw':
      return rawMessages(schema, options)
    case 'avro':
      return avroMessages(schema, options['avro.schema'])
    case 'avro-confluent':
      return avroConfluentMessages(schema, options)
    case 'protobuf':
      return protobufMessages(schema, options)
    case 'protobuf-confluent':
      return protobufConfluentMessages(schema, options)
    default:
      return fail('UNSUPPORTED', `The format '${options.format}' cannot be read`)
  }
}
