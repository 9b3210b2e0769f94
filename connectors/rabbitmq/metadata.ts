/** What a RabbitMQ message brings beside its bytes, as values of METADATA columns. Whatever the
 *  sender put there becomes a value or NULL. */

import type { ConsumeMessage } from 'amqplib'
import type { Value } from '../../engine/batch/value.ts'
import { instantOf } from '../../engine/source/intake.ts'

type Read = (message: ConsumeMessage) => Value

const text = (value: unknown): Value =>
  value === undefined || value === null ? null : String(value)

const int = (value: unknown): Value =>
  typeof value === 'number' && (value | 0) === value ? value : null

const READERS: Readonly<Record<string, Read>> = {
  'routing-key': ({ fields }) => fields.routingKey,
  exchange: ({ fields }) => fields.exchange,
  redelivered: ({ fields }) => fields.redelivered,
  headers: ({ properties }) => headersOf(properties.headers),
  priority: ({ properties }) => int(properties.priority),
  timestamp: ({ properties }) => instantOf(secondsToMs(properties.timestamp)),
  'message-id': ({ properties }) => text(properties.messageId),
  'correlation-id': ({ properties }) => text(properties.correlationId),
  'reply-to': ({ properties }) => text(properties.replyTo),
  'content-type': ({ properties }) => text(properties.contentType),
  'content-encoding': ({ properties }) => text(properties.contentEncoding),
  type: ({ properties }) => text(properties.type),
  'app-id': ({ properties }) => text(properties.appId),
  'user-id': ({ properties }) => text(properties.userId),
  expiration: ({ properties }) => text(properties.expiration),
  'delivery-mode': ({ properties }) => int(properties.deliveryMode),
  offset: (message) => streamOffset(message) ?? null,
}

const secondsToMs = (seconds: unknown) => (typeof seconds === 'number' ? seconds * 1000 : undefined)

/** Reads the values of these keys, in order. */
export function metadataReader(keys: Iterable<string>): (message: ConsumeMessage) => Value[] {
  const readers = [...keys].map((key) => READERS[key])
  return (message) => readers.map((read) => read(message))
}

/** Reads the values of these keys, by key; undefined if there are none. */
export function metadataRecord(
  keys: Iterable<string>,
): (message: ConsumeMessage) => Record<string, Value> | undefined {
  const readers = [...keys].map((key) => [key, READERS[key]] as const)
  if (readers.length === 0) return () => undefined
  return (message) => {
    const record: Record<string, Value> = {}
    for (const [key, read] of readers) record[key] = read(message)
    return record
  }
}

const OFFSET = 'x-stream-offset'

/** The message's place in its stream; undefined if it comes from a queue. */
export function streamOffset({ properties }: ConsumeMessage): number | undefined {
  const offset: unknown = properties.headers?.[OFFSET]
  return typeof offset === 'number' ? offset : undefined
}

/** As a MAP; NULL if the message has none. */
function headersOf(headers: Readonly<Record<string, unknown>> | undefined): Value {
  if (headers === undefined) return null
  return Object.entries(headers)
    .filter(([name]) => name !== OFFSET)
    .map(([name, value]) => [name, headerValue(value)])
}

function headerValue(value: unknown): Value {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return typeof value === 'object' ? JSON.stringify(plain(value)) : String(value)
}

/** Values with a type of their own come as objects with the type's name under `!`. */
function plain(value: object): unknown {
  return '!' in value && 'value' in value ? value.value : value
}
