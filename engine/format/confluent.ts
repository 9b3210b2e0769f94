/** Confluent's wire format: a message is a zero byte, the id of its schema in a registry, and the
 *  content. Each message is read by the schema that it was written with. */

import { fail } from '../base/errors.ts'
import { type ReadMessage, type RowTarget, refusing } from './binary-messages.ts'
import type { ByteCursor } from './byte-cursor.ts'
import type { DecodedMessages, MessageDecoder, Messages } from './messages.ts'
import { type RegisteredSchema, type SchemaRegistry, schemaRegistry } from './schema-registry.ts'

type Options = Readonly<Record<string, string>>

export const HEADER_BYTES = 5

/** What stands before the content of a message. */
export function confluentHeader(id: number): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeInt32BE(id, 1)
  return header
}

/** The registry of a table; `format`: what its options begin with. INVALID_OPTION without an
 *  address that can be used. */
export function registryOf(format: string, options: Options): SchemaRegistry {
  const url = options[`${format}.url`] ?? ''
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== '') {
    fail('INVALID_OPTION', `The option '${format}.url' has to be the address of a registry`, {
      hint: `It begins with http:// or https://; a user goes into '${format}.basic-auth.user-info'.`,
    })
  }
  const user = options[`${format}.basic-auth.user-info`]
  return schemaRegistry({ url, user, token: options[`${format}.bearer-auth.token`] })
}

/** The options with `subject`, unless they have one or their format needs none. */
export function withSubject(options: Options, subject: string): Options {
  const { format } = options
  if (format !== 'avro-confluent' && format !== 'protobuf-confluent') return options
  return { [`${format}.subject`]: subject, ...options }
}

/** The subject that rows are written under. INVALID_OPTION if there is none. */
export const subjectOf = (format: string, options: Options): string =>
  options[`${format}.subject`] ??
  fail('INVALID_OPTION', `The option '${format}.subject' is missing`, {
    hint: 'The schema of what is written is registered under it.',
  })

/** Makes the reader of a schema's messages. TYPE_MISMATCH or INVALID_VALUE if they cannot be
 *  read into the table. */
export type MakeReader = (schema: RegisteredSchema, target: RowTarget) => ReadMessage

export class ConfluentMessages implements MessageDecoder {
  readonly #target: RowTarget
  readonly #registry: SchemaRegistry
  readonly #makeReader: MakeReader
  readonly #readers = new Map<number, ReadMessage>()

  constructor(target: RowTarget, registry: SchemaRegistry, makeReader: MakeReader) {
    this.#target = target
    this.#registry = registry
    this.#makeReader = makeReader
  }

  prepare({ bytes, starts, ends }: Messages): Promise<void> | undefined {
    const missing = new Set<number>()
    let last = -1
    for (let i = 0; i < starts.length; i++) {
      const id = idAt(bytes, starts[i], ends[i])
      if (id === undefined || id === last) continue
      last = id
      if (!this.#readers.has(id) && !this.#registry.isSettled(id)) missing.add(id)
    }
    return missing.size === 0 ? undefined : this.#registry.load(missing)
  }

  decode(messages: Messages): DecodedMessages {
    return this.#target.decode(messages, (cursor) => this.#read(cursor))
  }

  #read(cursor: ByteCursor): void {
    const id = idAt(cursor.bytes, cursor.at, cursor.end)
    if (id === undefined) fail('INVALID_VALUE', 'the message does not begin with a schema id')
    cursor.skip(HEADER_BYTES)
    this.#readerOf(id)(cursor)
  }

  #readerOf(id: number): ReadMessage {
    const known = this.#readers.get(id)
    if (known !== undefined) return known
    const schema = this.#registry.schema(id)
    if (schema === undefined) fail('INVALID_VALUE', `the schema registry has no schema ${id}`)
    const read = refusing(`schema ${id}`, () => this.#makeReader(schema, this.#target))
    this.#readers.set(id, read)
    return read
  }
}

function idAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start < HEADER_BYTES || bytes[start] !== 0) return undefined
  const low = (bytes[start + 2] << 16) | (bytes[start + 3] << 8) | bytes[start + 4]
  return ((bytes[start + 1] << 24) | low) >>> 0
}
