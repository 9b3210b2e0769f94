/** NATS as an intake: subjects without JetStream, whose messages nobody keeps; and JetStream
 *  streams through a consumer that the server remembers, which gives every message to one of its
 *  readers and has it acknowledged when it is in the log. */

import type { ConsumerConfig } from '@nats-io/jetstream'
import type { Msg } from '@nats-io/transport-node'
import type { Clock } from '../../engine/base/clock.ts'
import type { Disk } from '../../engine/base/disk.ts'
import type { Value } from '../../engine/batch/value.ts'
import type { IntakeConnector, IntakeFeed } from '../../engine/source/intake.ts'
import { toMillisecond } from '../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { IntakeContext } from '../context.ts'
import { gatheredIntake } from '../gathered-intake.ts'
import { aborted } from '../one-look.ts'
import { connectNats, type NatsLink } from './connect.ts'
import { type Delivery, deliveryReader } from './delivery.ts'
import { headersOf } from './metadata.ts'
import { Pulls } from './pulls.ts'
import { nats, subjectsOf } from './spec.ts'

interface IntakeParts {
  readonly disk: Disk
  readonly clock: Clock
  readonly table: TableSpec
  readonly feed: IntakeFeed
  readonly signal: AbortSignal
}

export const natsIntake = ({ disk, clock }: IntakeContext): IntakeConnector => ({
  name: nats.name,
  async run(table, feed, signal) {
    const parts: IntakeParts = { disk, clock, table, feed, signal }
    const link = await connectNats(disk, table.options, new AbortController().signal)
    try {
      if (table.options.mode === 'core') await listen(link, parts)
      else await consume(link, parts)
    } finally {
      await link.close()
    }
  },
})

async function listen(link: NatsLink, { table, feed, clock, signal }: IntakeParts): Promise<void> {
  const { subject, 'queue-group': queue } = table.options
  const take = gatheredIntake(feed, signal)
  for (const one of subjectsOf(subject)) {
    link.connection.subscribe(one, {
      ...(queue !== undefined && { queue }),
      callback: (_, message) => {
        const timestamp = toMillisecond(clock.nowUs())
        const metadata = { subject: message.subject, timestamp, headers: headersOf(message) }
        take({ bytes: Uint8Array.from(message.data), metadata })
      },
    })
  }
  await link.connection.flush()
  feed.connected()
  await Promise.race([link.lost, aborted(signal)])
}

/** Messages that are given out and not yet acknowledged, at most. */
const PENDING_MAX = 10_000
const NS_PER_MS = 1e6

async function consume(link: NatsLink, parts: IntakeParts): Promise<void> {
  const { table, feed, clock, signal } = parts
  const { stream, consumer = `millrace-${feed.token}` } = table.options
  const { created } = await link.streams.streams.info(stream)
  await prepareConsumer(link, parts, consumer)
  const pulls = new Pulls({ link, clock, buffer: feed, stream, consumer })
  const readDelivery = deliveryReader()
  // A stream that is deleted and made again counts from 1 again.
  const prefix = `${stream}-${Date.parse(created)}-`
  pulls.begin((message) => {
    const reply = message.reply!
    const respond = (answer: string) => {
      // On a lost connection there is nobody to tell: the message comes again by itself.
      if (!link.connection.isClosed()) link.connection.publish(reply, answer)
    }
    if (signal.aborted) respond(AGAIN)
    else put(feed, message, { prefix, delivery: readDelivery(reply), respond })
  })
  feed.connected()
  await Promise.race([link.lost, pulls.run(signal)])
  await pulls.drain()
  await feed.settled()
  await link.connection.flush()
  if (feed.isDropped && table.options.consumer === undefined) {
    await link.streams.consumers.delete(stream, consumer)
  }
}

async function prepareConsumer(
  { streams }: NatsLink,
  { table }: IntakeParts,
  name: string,
): Promise<void> {
  const { stream, subject } = table.options
  const known = await streams.consumers.info(stream, name).catch(() => undefined)
  if (known !== undefined) return
  const subjects = subject === undefined ? [] : subjectsOf(subject)
  await streams.consumers.add(stream, {
    durable_name: name,
    ack_policy: 'explicit',
    deliver_policy: table.options['scan.startup.mode'] === 'latest-offset' ? 'new' : 'all',
    ack_wait: Number(table.options['consumer.ack-wait']) * NS_PER_MS,
    max_ack_pending: PENDING_MAX,
    ...(subjects.length === 1 && { filter_subject: subjects[0] }),
    ...(subjects.length > 1 && { filter_subjects: subjects }),
  } as Partial<ConsumerConfig>)
}

const DONE = '+ACK'
const AGAIN = '-NAK'

interface Delivered {
  /** Of the message's id. */
  readonly prefix: string
  readonly delivery: Delivery
  /** Does not hold the message. */
  readonly respond: (answer: string) => void
}

/** The server delivers a message again that was not acknowledged: its number tells. */
function put(feed: IntakeFeed, message: Msg, delivered: Delivered): void {
  const { prefix, delivery, respond } = delivered
  const { sequence, timeMs } = delivery
  const { subject, data } = message
  const metadata: Record<string, Value> = {
    ...{ subject, sequence, timestamp: timeMs * 1000 },
    headers: headersOf(message),
  }
  feed.put({
    messages: [{ bytes: Uint8Array.from(data), metadata }],
    id: prefix + sequence,
    stored: (error) => respond(error === undefined ? DONE : AGAIN),
  })
}
