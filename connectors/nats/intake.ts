/** NATS as an intake: subjects without JetStream, whose messages nobody keeps; and JetStream
 *  streams through a consumer that the server remembers, which gives every message to one of its
 *  readers and has it acknowledged when it is in the log. */

import type { ConsumerConfig, JsMsg } from '@nats-io/jetstream'
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
import { headersOf } from './metadata.ts'
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

/** Messages that are on the way or not yet acknowledged. */
const PENDING_MAX = 2000
const ACK_WAIT_NS = 60e9

async function consume(link: NatsLink, parts: IntakeParts): Promise<void> {
  const { table, feed, signal } = parts
  const { stream, consumer = `millrace-${feed.token}` } = table.options
  await prepareConsumer(link, parts, consumer)
  const source = await link.streams.jetstream().consumers.get(stream, consumer)
  const messages = await source.consume({
    max_messages: PENDING_MAX / 2,
    callback: (message) => {
      if (!signal.aborted) put(feed, message)
    },
  })
  feed.connected()
  // A consumer that was removed ends the delivery.
  await Promise.race([link.lost, messages.closed().then(raise), aborted(signal)])
  messages.stop()
  await feed.settled()
  await link.connection.flush()
  if (feed.isDropped && table.options.consumer === undefined) {
    await link.streams.consumers.delete(stream, consumer)
  }
}

function raise(error: unknown): never {
  throw error instanceof Error ? error : new Error('the consumer is gone')
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
    ack_wait: ACK_WAIT_NS,
    max_ack_pending: PENDING_MAX,
    ...(subjects.length === 1 && { filter_subject: subjects[0] }),
    ...(subjects.length > 1 && { filter_subjects: subjects }),
  } as Partial<ConsumerConfig>)
}

/** The server delivers a message again that was not acknowledged: its number tells. */
function put(feed: IntakeFeed, message: JsMsg): void {
  const { subject, seq: sequence, data, info } = message
  const metadata: Record<string, Value> = {
    subject,
    sequence,
    timestamp: Math.floor(info.timestampNanos / 1e6) * 1000,
    headers: headersOf(message),
  }
  feed.put({
    messages: [{ bytes: Uint8Array.from(data), metadata }],
    id: `${info.stream}-${sequence}`,
    stored: (error) => {
      if (error === undefined) message.ack()
      else message.nak()
    },
  })
}
