/** Sees to it that the queue and the exchange of a table are there. */

import type { Channel } from 'amqplib'
import type { TableSpec } from '../../engine/source/table.ts'
import { queueArguments } from './spec.ts'

/** The queue to read: declared and bound if the table says so, else only looked for; raises what
 *  the server says. */
export async function prepareQueue(channel: Channel, { options }: TableSpec): Promise<void> {
  const { queue, exchange } = options
  if (options['queue.declare'] !== 'true') {
    await channel.checkQueue(queue)
    return
  }
  await declareQueue(channel, options)
  if (exchange === undefined) return
  await prepareExchange(channel, options)
  await channel.bindQueue(queue, exchange, options['routing-key'] ?? '')
}

async function declareQueue(channel: Channel, options: TableSpec['options']): Promise<void> {
  const more = options['queue.arguments']
  await channel.assertQueue(options.queue, {
    durable: true,
    arguments: {
      'x-queue-type': options['queue.type'],
      ...(more === undefined ? {} : queueArguments(more)),
    },
  })
}

/** The exchange to write to, or to bind a queue to: declared if the table says so, else only looked
 *  for; raises what the server says. */
export async function prepareExchange(
  channel: Channel,
  options: TableSpec['options'],
): Promise<void> {
  const { exchange } = options
  // The default exchange and those of the server itself cannot be asked for.
  if (exchange === '' || exchange.startsWith('amq.')) return
  const type = options['exchange.declare']
  if (type === 'none') await channel.checkExchange(exchange)
  else await channel.assertExchange(exchange, type, { durable: true })
}
