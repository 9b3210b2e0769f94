/** Avro messages with the id of their schema in a registry. The table's own schema is the reader's:
 *  the one that is given, or the one that its columns have. */

import { fail } from '../../base/errors.ts'
import type { Schema } from '../../batch/schema.ts'
import { encodeRows, RowTarget } from '../binary-messages.ts'
import { ConfluentMessages, confluentHeader, registryOf, subjectOf } from '../confluent.ts'
import { type RowEncoder, recordPerRow } from '../encoded-rows.ts'
import type { MessageDecoder } from '../messages.ts'
import type { RegisteredSchema } from '../schema-registry.ts'
import { messageReader } from './decoder.ts'
import { derivedSchema, tableSchema } from './derive.ts'
import { messageWriter } from './encoder.ts'
import { type AvroType, parseAvroSchema } from './schema.ts'

type Options = Readonly<Record<string, string>>

const FORMAT = 'avro-confluent'
const SCHEMA = 'avro-confluent.schema'

/** The decoder of the format 'avro-confluent'. TYPE_MISMATCH if a given schema does not fit the
 *  columns. */
export function avroConfluentMessages(schema: Schema, options: Options): MessageDecoder {
  const reader = tableSchema(schema, SCHEMA, options[SCHEMA])
  // What the table's own schema cannot be read into is no table.
  messageReader(reader, reader, new RowTarget(schema))
  const registry = registryOf(FORMAT, options)
  return new ConfluentMessages(new RowTarget(schema), registry, (registered, target) =>
    messageReader(writerSchema(registered), reader, target),
  )
}

function writerSchema({ type, text, references }: RegisteredSchema): AvroType {
  if (type !== 'AVRO') fail('TYPE_MISMATCH', `it is of type ${type}`)
  return parseAvroSchema(
    text,
    references.map((reference) => reference.text),
  )
}

/** The encoder of the format 'avro-confluent', whose schema is then in the registry. */
export async function avroConfluentEncoder(schema: Schema, options: Options): Promise<RowEncoder> {
  const type = tableSchema(schema, SCHEMA, options[SCHEMA])
  const write = messageWriter(type, schema)
  const registry = registryOf(FORMAT, options)
  const text = options[SCHEMA] ?? derivedSchema(schema)
  const header = confluentHeader(await registry.register(subjectOf(FORMAT, options), 'AVRO', text))
  return (batch) => recordPerRow(batch, encodeRows(batch, write, header))
}
