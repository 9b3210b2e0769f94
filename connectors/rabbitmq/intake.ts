/** A classic or quorum queue as an intake: a message is acknowledged when it is in the log, many by
 *  one acknowledgement. What was not acknowledged the server delivers again. */

import type { Channel, ConsumeMessage, Message } from 'amqplib'
import type { Clock } from '../../engine/base/clock.ts'
import { SqlError } from '../../engine/base/errors.ts'
import type { IntakeConnector, IntakeFeed } from '../../engine/source/intake.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { acknowledgedIntake } from '../acknowledged-intake.ts'
import { badFinder } from '../bad-messages.ts'
import type { IntakeContext } from '../context.ts'
import { aborted } from '../one-look.ts'
import { connectRabbit } from './connect.ts'
import { metadataRecord } from './metadata.ts'
import { prepareQueue } from './queue.ts'
import { rabbitmq } from './spec.ts'

export const rabbitmqIntake = ({ disk, clock }: IntakeContext): IntakeConnector => ({
  name: rabbitmq.name,
  async run(table, feed, signal) {
    const { options } = table
    const link = await connectRabbit({ disk, clock, options })
    try {
      const channel = await link.channel()
      const consumer = new Consumer({ channel, clock, table, feed, signal })
      const { consumerTag } = await link.within(begin(channel, table, consumer, signal))
      feed.connected()
      await Promise.race([link.lost, consumer.failed, aborted(signal)])
      await channel.cancel(consumerTag)
      await feed.settled()
      consumer.acknowledge()
      await channel.close()
    } finally {
      await link.close()
    }
  },
})

async function begin(channel: Channel, table: TableSpec, consumer: Consumer, signal: AbortSignal) {
  const { options } = table
  await prepareQueue(channel, table)
  await channel.prefetch(Number(options['prefetch-count']))
  return channel.consume(options.queue, (message) => {
    // What comes after the end stays unacknowledged and goes back to the queue.
    if (!signal.aborted) consumer.take(message)
  })
}

interface ConsumerParts {
  readonly channel: Channel
  readonly clock: Clock
  readonly table: TableSpec
  readonly feed: IntakeFeed
  readonly signal: AbortSignal
}

/** How long an acknowledgement waits for others: each costs the server about as much as many. */
const ACK_WAIT_MS = 20

class Consumer {
  readonly #channel: Channel
  readonly #clock: Clock
  /** Acknowledged at once when so many are stored. */
  readonly #ackRows: number
  readonly #take: ReturnType<typeof acknowledgedIntake>
  readonly #metadata: ReturnType<typeof metadataRecord>
  readonly #hasIds: boolean
  readonly #isBad: (message: Uint8Array) => boolean
  /** Rejects when messages can no longer be taken. */
  readonly failed: Promise<never>
  #fail: (error: unknown) => void = () => {}
  #hasFailed = false
  /** The number of the last message that is stored and not acknowledged; all before it are stored
   *  too. */
  #stored: number | undefined
  /** How many are stored and not acknowledged. */
  #storedRows = 0
  #cancel = () => {}

  constructor({ channel, clock, table, feed, signal }: ConsumerParts) {
    this.#channel = channel
    this.#clock = clock
    this.#ackRows = Math.ceil(Number(table.options['prefetch-count']) / 4)
    this.#take = acknowledgedIntake({
      ...{ feed, signal },
      stored: (tags, error) => this.#onStored(tags, error),
    })
    this.#metadata = metadataRecord(feed.keys)
    this.#hasIds = table.options.dedupe === 'message-id'
    this.#isBad = table.options['reject-bad-records'] === 'true' ? badCheck(table) : () => false
    this.failed = new Promise((_, reject) => {
      this.#fail = (error) => {
        this.#hasFailed = true
        reject(error)
      }
    })
    this.failed.catch(() => {})
  }

  take(message: ConsumeMessage | null): void {
    if (message === null) {
      this.#fail(
        new SqlError('CONNECTOR_FAILED', 'The server ended the delivery: the queue is gone'),
      )
      return
    }
    const { content: bytes, properties } = message
    if (this.#isBad(bytes)) {
      this.#channel.reject(message, false)
      return
    }
    const { messageId } = properties
    const id = this.#hasIds && messageId !== undefined ? String(messageId) : undefined
    this.#take({ bytes, metadata: this.#metadata(message) }, message.fields.deliveryTag, id)
  }

  #onStored(tags: readonly number[], error: SqlError | undefined): void {
    // An acknowledgement says that all messages before it are stored, which is no longer so.
    if (error !== undefined) this.#fail(error)
    if (this.#hasFailed) return
    if (this.#stored === undefined) {
      this.#cancel = this.#clock.after(ACK_WAIT_MS, () => this.acknowledge())
    }
    this.#stored = tags.at(-1)
    this.#storedRows += tags.length
    if (this.#storedRows >= this.#ackRows) this.acknowledge()
  }

  /** Acknowledges everything that is stored. */
  acknowledge(): void {
    const deliveryTag = this.#stored
    this.#cancel()
    this.#stored = undefined
    this.#storedRows = 0
    if (deliveryTag === undefined || this.#hasFailed) return
    try {
      // Nothing else of the message is looked at.
      this.#channel.ack({ fields: { deliveryTag } } as Message, true)
    } catch (error) {
      // The channel is closed: the server will deliver them again.
      this.#fail(error)
    }
  }
}

const NO_STARTS = Int32Array.of(0)

/** Whether a message does not fit the table. */
function badCheck(table: TableSpec): (message: Uint8Array) => boolean {
  const findBad = badFinder(table)
  return (bytes) =>
    findBad({ bytes, starts: NO_STARTS, ends: Int32Array.of(bytes.length) }).length > 0
}
