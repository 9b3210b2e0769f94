/** RabbitMQ against the contract suites: all on one broker, because its start takes long. */

import { sleep } from '../../brokers/program.ts'
import { RabbitBroker, rabbitmqMissing } from '../../brokers/rabbitmq.ts'
import { isLong } from '../../contract/broker.ts'
import { type IntakeTopic, intake } from '../../contract/intake.ts'
import { replayableSource, type SourceTopic } from '../../contract/replayable-source.ts'
import { type SinkTarget, sink } from '../../contract/sink.ts'

type QueueType = 'classic' | 'quorum' | 'stream'

let running: Promise<RabbitBroker> | undefined
let users = 0
/** The server writes down what quorum queues and streams it has about once in half a second. */
let declaredMs = 0

async function start() {
  running ??= RabbitBroker.start()
  users++
  const broker = await running
  return {
    broker,
    async kill() {
      await sleep(Math.max(0, declaredMs + 1000 - performance.now()))
      await broker.kill()
    },
    restart: () => broker.restart(),
    async close() {
      if (--users > 0) return
      running = undefined
      await broker.close()
    },
  }
}

const address = ({ port }: RabbitBroker) => ({
  connector: 'rabbitmq',
  host: '127.0.0.1',
  port: String(port),
})

async function queue(broker: RabbitBroker, name: string, type: QueueType) {
  await broker.queue(name, type)
  if (type !== 'classic') declaredMs = performance.now()
  return { ...address(broker), queue: name, 'queue.type': type, 'prefetch-count': '500' }
}

const BAD_READING = [
  { change: { queue: undefined }, code: 'INVALID_OPTION' },
  { change: { queues: 'q' }, code: 'UNKNOWN_OPTION' },
  { change: { 'queue.arguments': '[1]' }, code: 'INVALID_OPTION' },
  { change: { 'prefetch-count': '0' }, code: 'INVALID_OPTION' },
]

for (const type of ['classic', 'quorum'] as const) {
  const dedupes = type === 'classic'
  intake({
    name: `rabbitmq, a ${type} queue${dedupes ? ' with message ids' : ''}`,
    missing: rabbitmqMissing,
    dedupes,
    // To us they differ in how the server keeps them.
    isBrief: type === 'quorum' && !isLong,
    badOptions:
      type === 'quorum'
        ? []
        : [
            ...BAD_READING,
            { change: { 'scan.startup.mode': 'latest-offset' }, code: 'INVALID_OPTION' },
          ],
    async start() {
      const { broker, ...life } = await start()
      return {
        ...life,
        async topic(name): Promise<IntakeTopic> {
          const options = await queue(broker, `${type}-${name}`, type)
          let sent = 0
          const properties = () => ({ messageId: `${name}-${sent++}` })
          return {
            options: { ...options, ...(dedupes && { dedupe: 'message-id' }) },
            send: (messages) => broker.send(options.queue, messages, properties),
          }
        },
      }
    },
  })
}

replayableSource({
  name: 'rabbitmq, a stream',
  missing: rabbitmqMissing,
  latest: { 'scan.startup.mode': 'latest-offset' },
  badOptions: [
    ...BAD_READING,
    { change: { dedupe: 'message-id' }, code: 'INVALID_OPTION' },
    { change: { 'scan.startup.mode': 'timestamp' }, code: 'INVALID_OPTION' },
  ],
  async start() {
    const { broker, ...life } = await start()
    return {
      ...life,
      async topic(name): Promise<SourceTopic> {
        const options = await queue(broker, `stream-${name}`, 'stream')
        return { options, send: (messages) => broker.send(options.queue, messages) }
      },
    }
  },
})

sink({
  name: 'rabbitmq',
  delivery: 'at-least-once',
  missing: rabbitmqMissing,
  badOptions: [
    { change: { 'routing-key.column': 'nothing' }, code: 'INVALID_OPTION' },
    { change: { 'exchange.declare': 'ring' }, code: 'INVALID_OPTION' },
    { change: { exchange: undefined }, code: 'INVALID_OPTION' },
  ],
  async start() {
    const { broker, ...life } = await start()
    return {
      ...life,
      async target(name): Promise<SinkTarget> {
        await queue(broker, `sink-${name}`, 'stream')
        return {
          options: { ...address(broker), exchange: '', 'routing-key': `sink-${name}` },
          read: () => broker.read(`sink-${name}`),
        }
      },
    }
  },
})
