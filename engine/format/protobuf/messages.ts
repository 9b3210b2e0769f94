/** Protobuf messages into a table's columns and back, with or without the id of their schema in a
 *  registry. */

import { fail } from '../../base/errors.ts'
import type { Schema } from '../../batch/schema.ts'
import { encodeRows, type ReadMessage, RowTarget, refusing } from '../binary-messages.ts'
import type { ByteCursor } from '../byte-cursor.ts'
import { ByteWriter } from '../byte-writer.ts'
import { ConfluentMessages, confluentHeader, registryOf, subjectOf } from '../confluent.ts'
import { type RowEncoder, recordPerRow } from '../encoded-rows.ts'
import type { MessageDecoder } from '../messages.ts'
import type { RegisteredSchema } from '../schema-registry.ts'
import { MessageReader, type ProtoPolicy } from './message-reader.ts'
import { messageWriter } from './message-writer.ts'
import { type ProtoFile, type ProtoMessage, protoFile } from './schema.ts'

type Options = Readonly<Record<string, string>>

const CONFLUENT = 'protobuf-confluent'

/** The decoder of the format 'protobuf'. INVALID_OPTION for a schema that is none, TYPE_MISMATCH if
 *  it does not fit the columns. */
export function protobufMessages(schema: Schema, options: Options): MessageDecoder {
  const target = new RowTarget(schema)
  const { message } = ownSchema('protobuf', options)
  const read = reader(message, target, policyOf('protobuf', options))
  return { decode: (messages) => target.decode(messages, read) }
}

/** The encoder of the format 'protobuf'; errors likewise. */
export function protobufEncoder({ fields }: Schema, options: Options): RowEncoder {
  const write = messageWriter(ownSchema('protobuf', options).message, fields)
  return (batch) => recordPerRow(batch, encodeRows(batch, write))
}

/** The decoder of the format 'protobuf-confluent': each message by the schema that it was written
 *  with. */
export function protobufConfluentMessages(schema: Schema, options: Options): MessageDecoder {
  const registry = registryOf(CONFLUENT, options)
  const policy = policyOf(CONFLUENT, options)
  return new ConfluentMessages(new RowTarget(schema), registry, (registered, target) =>
    confluentReader(registered, target, policy),
  )
}

/** The encoder of the format 'protobuf-confluent', whose schema is then in the registry. */
export async function protobufConfluentEncoder(
  { fields }: Schema,
  options: Options,
): Promise<RowEncoder> {
  const { file, message } = ownSchema(CONFLUENT, options)
  const write = messageWriter(message, fields)
  const registry = registryOf(CONFLUENT, options)
  const text = options[`${CONFLUENT}.schema`]
  const id = await registry.register(subjectOf(CONFLUENT, options), 'PROTOBUF', text)
  const header = new ByteWriter()
  header.range(confluentHeader(id))
  writePath(file.pathOf(message), header)
  const bytes = header.take()
  return (batch) => recordPerRow(batch, encodeRows(batch, write, bytes))
}

interface OwnSchema {
  readonly file: ProtoFile
  readonly message: ProtoMessage
}

function ownSchema(format: string, options: Options): OwnSchema {
  const text = options[`${format}.schema`]
  if (text === undefined) {
    return fail('INVALID_OPTION', `The option '${format}.schema' is missing`, {
      hint: 'It is the text of a .proto file.',
    })
  }
  try {
    const file = protoFile({ text })
    return { file, message: file.message(options[`${format}.message-class-name`]) }
  } catch (error) {
    const { message } = error as Error
    return fail('INVALID_OPTION', `The schema in '${format}.schema': ${message}`, { cause: error })
  }
}

const policyOf = (format: string, options: Options): ProtoPolicy => ({
  readDefaults: options[`${format}.read-default-values`] === 'true',
})

function reader(message: ProtoMessage, target: RowTarget, policy: ProtoPolicy): ReadMessage {
  const { schema, columns } = target
  const into = schema.fields.map((field, i) => ({ ...field, target: columns[i] }))
  const parts = new MessageReader(message, into, policy)
  return (cursor) => {
    parts.begin()
    parts.scan(cursor)
    parts.finish(cursor)
  }
}

/** Of one schema there are messages of several types: which one stands before each. */
function confluentReader(
  { type, text, references }: RegisteredSchema,
  target: RowTarget,
  policy: ProtoPolicy,
): ReadMessage {
  if (type !== 'PROTOBUF') fail('TYPE_MISMATCH', `it is of type ${type}`)
  const file = protoFile({ text, imports: references })
  const readers = new Map<string, ReadMessage>()
  return (cursor) => {
    const path = readPath(cursor)
    const key = path.join()
    let read = readers.get(key)
    if (read === undefined) {
      const message = file.messageAt(path)
      read = refusing(`message ${message.name}`, () => reader(message, target, policy))
      readers.set(key, read)
    }
    read(cursor)
  }
}

const PATH_MAX = 64

/** [0], which almost all are, is one zero byte. */
function readPath(cursor: ByteCursor): readonly number[] {
  const count = placeAt(cursor)
  if (count === 0) return FIRST
  if (count > PATH_MAX) fail('INVALID_VALUE', 'the message has no type')
  return Array.from({ length: count }, () => placeAt(cursor))
}

const FIRST: readonly number[] = [0]

function placeAt(cursor: ByteCursor): number {
  cursor.zigzag()
  if (cursor.high !== 0 || cursor.low < 0) fail('INVALID_VALUE', 'the message has no type')
  return cursor.low
}

function writePath(path: readonly number[], out: ByteWriter): void {
  if (path.join() === '0') {
    out.byte(0)
    return
  }
  out.zigzag(path.length, 0)
  for (const place of path) out.zigzag(place, 0)
}
