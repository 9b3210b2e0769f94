/** What the server says of a message that a JetStream consumer delivers: it stands in the message's
 *  reply subject, `$JS.ACK.<…>.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer
 *  sequence>.<nanoseconds>.<pending>`, with a domain, an account and a random part in newer
 *  servers. */

import { fail } from '../../engine/base/errors.ts'

export interface Delivery {
  /** In the stream, from 1. */
  sequence: number
  /** In the consumer, from 1, without gaps. */
  count: number
  /** When the stream stored the message, milliseconds since 1970. */
  timeMs: number
  /** Messages that the consumer has still to deliver. */
  pending: number
}

/** Reads reply subjects of one consumer into the same object again and again. */
export function deliveryReader(): (reply: string) => Delivery {
  const delivery: Delivery = { sequence: 0, count: 0, timeMs: 0, pending: 0 }
  let prefix = ''
  return (reply) => {
    if (prefix === '' || !reply.startsWith(prefix)) prefix = prefixOf(reply)
    // Digits and dots are all that is left: the number of deliveries first.
    const sequenceAt = reply.indexOf('.', prefix.length) + 1
    const countAt = reply.indexOf('.', sequenceAt) + 1
    const timeAt = reply.indexOf('.', countAt) + 1
    const pendingAt = reply.indexOf('.', timeAt) + 1
    delivery.sequence = digits(reply, sequenceAt, countAt - 1)
    delivery.count = digits(reply, countAt, timeAt - 1)
    // Nanoseconds are beyond a number; the last six digits are below a millisecond.
    delivery.timeMs = digits(reply, timeAt, pendingAt - 7)
    delivery.pending = digits(reply, pendingAt, reply.length)
    return delivery
  }
}

/** The number that stands at [from, to), or up to the first other character. */
function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  return value
}

/** What is the same in all reply subjects of a consumer. */
function prefixOf(reply: string): string {
  const parts = reply.split('.')
  const same = parts.length === 9 ? 4 : 6
  if (parts.length < 9 || parts[0] !== '$JS' || parts[1] !== 'ACK') {
    fail('CONNECTOR_FAILED', `A message came from no consumer: ${reply.slice(0, 100)}`)
  }
  return `${parts.slice(0, same).join('.')}.`
}
