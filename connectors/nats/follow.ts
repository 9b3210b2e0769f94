/** One life of a connection that reads a JetStream stream: a consumer of its own, which begins at
 *  the buffer's position, delivers as many messages as the buffer has room for. Nothing is
 *  acknowledged: the position is ours. */

import type { ConsumerConfig, StreamInfo } from '@nats-io/jetstream'
import type { Msg } from '@nats-io/transport-node'
import type { Clock } from '../../engine/base/clock.ts'
import { fail, SqlError } from '../../engine/base/errors.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { MessageBuffer } from '../message-buffer.ts'
import { wantedMetadata } from '../message-piece.ts'
import type { Life } from '../reconnect.ts'
import type { NatsLink } from './connect.ts'
import { deliveryReader } from './delivery.ts'
import { metadataReader } from './metadata.ts'
import { Pulls } from './pulls.ts'
import { subjectsOf } from './spec.ts'

export interface FollowParts {
  readonly link: NatsLink
  readonly table: TableSpec
  readonly clock: Clock
  readonly buffer: MessageBuffer<number>
  readonly life: Life
}

const INACTIVE_NS = 300e9

/** Adds messages to the buffer until the connection is lost or the life is over. GONE if messages
 *  that were not read are no longer in the stream. */
export async function followStream(parts: FollowParts): Promise<void> {
  const { link, table, buffer, life } = parts
  const stream = table.options.stream
  const info = await link.streams.streams.info(stream)
  refuseGone(info, table, buffer.position)
  const end = Math.max(info.state.last_seq + 1, buffer.position)
  buffer.end = end
  const consumer = await link.streams.consumers.add(stream, consumerOf(table, buffer.position))
  buffer.behind = consumer.num_pending
  if (consumer.num_pending === 0) buffer.skipTo(end)
  buffer.onLagAsked = lagAsker(parts, consumer.name)
  life.up()
  try {
    await receive(parts, consumer.name, end)
  } finally {
    buffer.onLagAsked = () => {}
    if (!link.connection.isClosed()) {
      await link.streams.consumers.delete(stream, consumer.name).catch(() => {})
    }
  }
}

/** Messages that were dropped after our position are lost to us. With a choice of subjects they may
 *  never have been ours. */
function refuseGone({ state }: StreamInfo, { name, options }: TableSpec, position: number): void {
  if (position >= state.first_seq || options.subject !== undefined) return
  fail(
    'GONE',
    `The stream ${options.stream} begins at ${state.first_seq}; ${name} was read up to ${position}`,
    {
      hint: 'Messages were dropped before they were read. Drop the query and create it again, and let the stream keep messages for longer.',
    },
  )
}

function consumerOf({ options }: TableSpec, position: number): Partial<ConsumerConfig> {
  const subjects = options.subject === undefined ? undefined : subjectsOf(options.subject)
  return {
    ack_policy: 'none',
    deliver_policy: 'by_start_sequence',
    opt_start_seq: Math.max(1, position),
    inactive_threshold: INACTIVE_NS,
    max_deliver: 1,
    mem_storage: true,
    num_replicas: 1,
    ...(subjects?.length === 1 && { filter_subject: subjects[0] }),
    ...(subjects !== undefined && subjects.length > 1 && { filter_subjects: subjects }),
  } as Partial<ConsumerConfig>
}

/** Asks the server how many messages are left, one question at a time. */
function lagAsker({ link, table, buffer }: FollowParts, consumer: string): () => void {
  let isAsking = false
  return () => {
    if (isAsking || link.connection.isClosed()) return
    isAsking = true
    link.streams.consumers
      .info(table.options.stream, consumer)
      .then(({ num_pending }) => {
        buffer.behind = num_pending
      })
      .catch(() => {})
      .finally(() => {
        isAsking = false
      })
  }
}

/** `end`: where the stream ended when the consumer was made. Its last messages may not be ours. */
async function receive(parts: FollowParts, consumer: string, end: number): Promise<void> {
  const { link, table, buffer, clock, life } = parts
  const readDelivery = deliveryReader()
  const readMetadata = metadataReader(wantedMetadata(table))
  const pulls = new Pulls({ link, clock, buffer, stream: table.options.stream, consumer })
  let count = 0
  pulls.begin((message: Msg) => {
    const delivery = readDelivery(message.reply!)
    if (delivery.count !== count + 1) {
      throw new SqlError('CONNECTOR_FAILED', `Message ${count + 1} of a delivery did not arrive`)
    }
    count = delivery.count
    buffer.add(message.data, delivery.sequence + 1, readMetadata(message, delivery))
    buffer.behind = delivery.pending
    if (delivery.pending === 0) buffer.skipTo(end)
    buffer.flush()
  })
  try {
    await Promise.race([link.lost, pulls.run(life.signal)])
  } finally {
    pulls.end()
  }
}
