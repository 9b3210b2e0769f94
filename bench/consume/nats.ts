/** NATS JetStream: an ordered consumer with a callback is what its client does fastest. */

import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { NatsBroker, natsMissing } from '../../test/brokers/nats.ts'
import type { ConsumeAdapter } from './adapter.ts'

const STREAM = 'bids'

export const natsConsume: ConsumeAdapter = {
  name: 'nats, a JetStream stream',
  missing: natsMissing,
  async start() {
    const broker = await NatsBroker.start()
    await (await broker.streams()).streams.add({ name: STREAM, subjects: ['bids'] })
    return {
      options: { connector: 'nats', url: broker.url, stream: STREAM },
      send: (messages) => broker.publish('bids', messages.slice()),
      bare: (count, seen) => readBare(broker.url, count, seen),
      close: () => broker.close(),
    }
  },
}

async function readBare(
  url: string,
  count: number,
  seen: (messages: number) => void,
): Promise<void> {
  const connection = await connect({ servers: url })
  const js = (await jetstreamManager(connection)).jetstream()
  const consumer = await js.consumers.get(STREAM, {})
  let messages = 0
  await new Promise<void>((resolve) => {
    void consumer.consume({
      max_messages: 4096,
      callback: () => {
        seen(1)
        if (++messages === count) resolve()
      },
    })
  })
  await connection.close()
}
