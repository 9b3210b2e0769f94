/** RabbitMQ: a consumer that acknowledges many messages at once is what its client does fastest. */

import { connect } from 'amqplib'
import { RabbitBroker, rabbitmqMissing } from '../../test/brokers/rabbitmq.ts'
import type { ConsumeAdapter, ConsumeBroker } from './adapter.ts'
import type { Texts } from './texts.ts'

const QUEUE = 'bids'
const PREFETCH = 2000

const adapter = (type: 'classic' | 'stream'): ConsumeAdapter => ({
  name: type === 'stream' ? 'rabbitmq, a stream' : 'rabbitmq, a classic queue',
  missing: rabbitmqMissing,
  messagesMax: 60_000,
  async start() {
    const broker = await RabbitBroker.start()
    await broker.queue(QUEUE, type)
    const send = (messages: Texts) => broker.send(QUEUE, messages.slice())
    const result: ConsumeBroker = {
      options: {
        ...{ connector: 'rabbitmq', host: '127.0.0.1', port: String(broker.port) },
        ...{ queue: QUEUE, 'queue.type': type, 'prefetch-count': String(PREFETCH) },
      },
      send,
      bare: (count, seen) => readBare({ broker, count, seen, isStream: type === 'stream' }),
      close: () => broker.close(),
    }
    return type === 'stream' ? result : { ...result, refill: send }
  },
})

export const rabbitQueueConsume = adapter('classic')
export const rabbitStreamConsume = adapter('stream')

interface Reading {
  readonly broker: RabbitBroker
  readonly count: number
  readonly seen: (messages: number) => void
  readonly isStream: boolean
}

async function readBare({ broker, count, seen, isStream }: Reading): Promise<void> {
  const model = await connect(broker.address)
  const channel = await model.createChannel()
  await channel.prefetch(PREFETCH)
  let total = 0
  await new Promise<void>((resolve) => {
    void channel.consume(
      QUEUE,
      (message) => {
        total++
        seen(1)
        if (total % (PREFETCH / 4) === 0 || total === count) channel.ack(message!, true)
        if (total === count) resolve()
      },
      isStream ? { arguments: { 'x-stream-offset': 'first' } } : {},
    )
  })
  await channel.close()
  await model.close()
}
