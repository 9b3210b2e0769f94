/** One life of a connection that reads a stream from the buffer's position on. The server sends as
 *  many messages as it has credit for; it gets credit back for those that the buffer has taken. */

import type { Channel, ConsumeMessage } from 'amqplib'
import type { Clock } from '../../engine/base/clock.ts'
import { fail, SqlError } from '../../engine/base/errors.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { MessageBuffer } from '../message-buffer.ts'
import { wantedMetadata } from '../message-piece.ts'
import { aborted } from '../one-look.ts'
import type { Life } from '../reconnect.ts'
import type { RabbitLink } from './connect.ts'
import { metadataReader, streamOffset } from './metadata.ts'
import { prepareQueue } from './queue.ts'
import { firstOffset, streamEnd } from './stream-end.ts'

export interface FollowParts {
  readonly link: RabbitLink
  readonly clock: Clock
  readonly table: TableSpec
  readonly buffer: MessageBuffer<number>
  readonly life: Life
}

/** Adds messages to the buffer until the connection is lost or the life is over. GONE if messages
 *  that were not read are no longer in the stream. */
export async function followStream(parts: FollowParts): Promise<void> {
  const { link, clock, table, buffer, life } = parts
  const { queue } = table.options
  const channel = await link.channel()
  await link.within(prepareQueue(channel, table))
  const end = await streamEnd(link, clock, queue)
  await refuseGone(parts, end)
  buffer.end = Math.max(end, buffer.position)
  buffer.behind = Math.max(0, end - buffer.position)
  buffer.onLagAsked = lagAsker(parts)
  const delivery = new Delivery(channel, parts)
  try {
    await channel.prefetch(Number(table.options['prefetch-count']))
    const begun = channel.consume(queue, (message) => delivery.take(message), {
      arguments: { 'x-stream-offset': buffer.position },
    })
    await link.within(begun)
    life.up()
    await Promise.race([link.lost, delivery.failed, aborted(life.signal)])
  } finally {
    buffer.onLagAsked = () => {}
  }
}

/** A stream that begins after our position has dropped what we had to read; one that ends before it
 *  is another stream of the same name. */
async function refuseGone(parts: FollowParts, end: number): Promise<void> {
  const { link, clock, table, buffer } = parts
  const { queue: stream } = table.options
  const { position } = buffer
  if (position === 0 || buffer.rowCount > 0) return
  if (end === 0) {
    fail('CONNECTOR_FAILED', `The stream ${stream} is empty; ${table.name} goes on at ${position}`)
  }
  const isBefore = end < position
  const first = isBefore ? 0 : await firstOffset(link, clock, { stream, start: 'first' })
  if (!isBefore && (first ?? 0) <= position) return
  const problem = isBefore ? `ends at ${end}` : `begins at ${first}`
  fail('GONE', `The stream ${stream} ${problem}; ${table.name} goes on at ${position}`, {
    hint: isBefore
      ? "It was deleted and made again, or 'scan.startup.specific-offset' is behind its end. Drop the query and create it again."
      : 'Messages were dropped before they were read. Drop the query and create it again, and let the stream keep messages for longer.',
  })
}

/** Looks where the stream ends, one look at a time. */
function lagAsker({ link, clock, table, buffer }: FollowParts): () => void {
  let isAsking = false
  return () => {
    if (isAsking || link.isLost) return
    isAsking = true
    streamEnd(link, clock, table.options.queue)
      .then((end) => {
        buffer.behind = Math.max(0, end - buffer.position)
      })
      .catch(() => {})
      .finally(() => {
        isAsking = false
      })
  }
}

class Delivery {
  readonly #channel: Channel
  readonly #buffer: MessageBuffer<number>
  readonly #signal: AbortSignal
  readonly #metadata: ReturnType<typeof metadataReader>
  /** Credit is given back when so many messages have come. */
  readonly #creditRows: number
  #taken = 0
  #last: ConsumeMessage | undefined
  #isWaiting = false
  #fail: (error: unknown) => void = () => {}
  readonly failed: Promise<never>

  constructor(channel: Channel, { table, buffer, life }: FollowParts) {
    this.#channel = channel
    this.#buffer = buffer
    this.#signal = life.signal
    this.#metadata = metadataReader(wantedMetadata(table).map(({ key }) => key))
    this.#creditRows = Math.ceil(Number(table.options['prefetch-count']) / 8)
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => {})
  }

  take(message: ConsumeMessage | null): void {
    const offset = message === null ? undefined : streamOffset(message)
    if (message === null || offset === undefined) {
      const problem = message === null ? 'The server ended the delivery' : 'The queue is no stream'
      this.#fail(new SqlError('CONNECTOR_FAILED', problem))
      return
    }
    if (this.#signal.aborted) return
    const buffer = this.#buffer
    // A chunk may begin before the offset that was asked for.
    if (offset >= buffer.position) {
      buffer.add(message.content, offset + 1, this.#metadata(message))
      if (buffer.behind !== undefined && buffer.behind > 0) buffer.behind--
      buffer.flush()
    }
    this.#last = message
    if (++this.#taken >= this.#creditRows) void this.#giveCredit()
  }

  async #giveCredit(): Promise<void> {
    if (this.#isWaiting) return
    if (this.#buffer.isFull) {
      this.#isWaiting = true
      await this.#buffer.room(this.#signal)
      this.#isWaiting = false
    }
    const last = this.#last
    if (last === undefined || this.#signal.aborted) return
    this.#taken = 0
    this.#last = undefined
    try {
      this.#channel.ack(last, true)
    } catch (error) {
      this.#fail(error)
    }
  }
}
