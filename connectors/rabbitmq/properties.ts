/** The properties of a message that is written, from the METADATA columns of its row. */

import type { Options } from 'amqplib'
import type { Value } from '../../engine/batch/value.ts'

type Given = Readonly<Record<string, Exclude<Value, null>>>

/** Only what is given. */
export function propertiesOf(given: Given): Options.Publish {
  const properties: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    const property = PROPERTIES[key]
    if (property !== undefined) properties[property.name] = property.value(value)
  }
  return properties
}

interface Property {
  readonly name: keyof Options.Publish
  readonly value: (given: Exclude<Value, null>) => unknown
}

const text = (name: keyof Options.Publish): Property => ({ name, value: String })

const PROPERTIES: Readonly<Record<string, Property>> = {
  headers: { name: 'headers', value: (pairs) => Object.fromEntries(pairs as [string, Value][]) },
  priority: { name: 'priority', value: (given) => Math.min(255, Math.max(0, Number(given))) },
  timestamp: { name: 'timestamp', value: (us) => Math.floor(Number(us) / 1e6) },
  'message-id': text('messageId'),
  'correlation-id': text('correlationId'),
  'reply-to': text('replyTo'),
  'content-type': text('contentType'),
  'content-encoding': text('contentEncoding'),
  type: text('type'),
  expiration: text('expiration'),
}
