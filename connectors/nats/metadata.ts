/** What a JetStream message brings beside its bytes, as values of METADATA columns. */

import type { Msg } from '@nats-io/transport-node'
import type { Value } from '../../engine/batch/value.ts'
import type { WantedMetadata } from '../message-piece.ts'
import type { Delivery } from './delivery.ts'

const READERS: Readonly<Record<string, (message: Msg, delivery: Delivery) => Value>> = {
  subject: (message) => message.subject,
  sequence: (_, { sequence }) => sequence,
  timestamp: (_, { timeMs }) => timeMs * 1000,
  headers: headersOf,
}

const NONE: readonly Value[] = []

/** Reads the values that the table wants, in order. */
export function metadataReader(
  wanted: readonly WantedMetadata[],
): (message: Msg, delivery: Delivery) => readonly Value[] {
  if (wanted.length === 0) return () => NONE
  const readers = wanted.map(({ key }) => READERS[key])
  return (message, delivery) => readers.map((read) => read(message, delivery))
}

/** As a MAP; NULL if the message has none. */
export function headersOf({ headers }: Pick<Msg, 'headers'>): Value {
  if (headers === undefined) return null
  return headers.keys().map((key) => [key, headers.values(key).join(', ')])
}
