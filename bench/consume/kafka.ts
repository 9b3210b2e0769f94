/** A Kafka topic of one partition, beside the library's own consumer. */

import { Consumer, MessagesStreamModes } from '@platformatic/kafka'
import { KafkaBroker, missingKafka, record } from '../../test/brokers/kafka.ts'
import type { ConsumeAdapter } from './adapter.ts'

const TOPIC = 'bids'

export const kafkaConsume: ConsumeAdapter = {
  name: 'kafka',
  missing: missingKafka(),
  async start() {
    const broker = await KafkaBroker.start()
    await broker.topic(TOPIC)
    let groups = 0
    return {
      options: {
        ...{ connector: 'kafka', topic: TOPIC },
        'properties.bootstrap.servers': broker.bootstrap,
      },
      send: (messages) => broker.send(messages.slice().map((text) => record(TOPIC, text))),
      async bare(count, seen) {
        const consumer = new Consumer({
          ...{ clientId: 'bare', groupId: `bare-${++groups}`, autocommit: false },
          bootstrapBrokers: [broker.bootstrap],
          // As much at a time as our source fetches.
          maxBytes: 1 << 20,
        })
        const stream = await consumer.consume({
          topics: [TOPIC],
          mode: MessagesStreamModes.EARLIEST,
        })
        let messages = 0
        await new Promise<void>((resolve) => {
          stream.on('data', () => {
            seen(1)
            if (++messages === count) resolve()
          })
        })
        await consumer.close(true)
      },
      close: () => broker.close(),
    }
  },
}
