/** Where a stream ends now. AMQP has no question for it, so it is read off the messages of the last
 *  chunk, which the server delivers in one go. */

import type { Channel } from 'amqplib'
import type { Clock } from '../../engine/base/clock.ts'
import { SqlError } from '../../engine/base/errors.ts'
import type { RabbitLink } from './connect.ts'
import { streamOffset } from './metadata.ts'

/** The first offset that a delivery from here on has. */
export type StreamStart =
  | number
  | 'first'
  | 'last'
  | { readonly '!': 'timestamp'; readonly value: number }

/** So long without a message means that there is none, if nothing speaks against it. */
const EMPTY_MS = 600
/** More than a chunk has. */
const CHUNK_MESSAGES_MAX = 60_000

/** The offset after the last message; 0 for an empty stream. */
export async function streamEnd(link: RabbitLink, clock: Clock, stream: string): Promise<number> {
  let end = 0
  const last = { stream, start: 'last', messagesMax: CHUNK_MESSAGES_MAX } as const
  await withDelivery(link, clock, last, (offset) => {
    end = Math.max(end, offset + 1)
  })
  return end
}

/** The offset of the first message from `start` on; undefined if there is none. */
export async function firstOffset(
  link: RabbitLink,
  clock: Clock,
  at: { readonly stream: string; readonly start: StreamStart },
): Promise<number | undefined> {
  let first: number | undefined
  await withDelivery(link, clock, { ...at, messagesMax: 1 }, (offset) => {
    first ??= offset
  })
  return first
}

interface DeliveryPlace {
  readonly stream: string
  readonly start: StreamStart
  readonly messagesMax: number
}

/** Hands over the offsets of one chunk of messages from `start` on, up to a number. */
async function withDelivery(
  link: RabbitLink,
  clock: Clock,
  { stream, start, messagesMax }: DeliveryPlace,
  take: (offset: number) => void,
): Promise<void> {
  const channel = await link.channel()
  await channel.prefetch(messagesMax)
  // The server's count is some seconds old: there may be messages that it does not have yet.
  const { messageCount } = await link.within(channel.checkQueue(stream))
  const isThere = messageCount > 0 && (start === 'first' || start === 'last')
  const delivered = new Promise<void>((resolve, reject) => {
    let cancel = () => {}
    const over = (error: unknown) => {
      cancel()
      reject(error)
    }
    channel.once('close', () => over(new SqlError('CONNECTOR_FAILED', 'The connection was lost')))
    let isOver = false
    const onMessage = (offset: number) => {
      take(offset)
      isOver = true
      cancel()
      resolve()
    }
    const begun = link.within(consume(channel, { stream, start }, onMessage))
    // The server may take its time to find the place: only then can it be silent.
    begun.then(() => {
      if (!isOver && !isThere) cancel = clock.after(EMPTY_MS, resolve)
    }, over)
  })
  await (isThere ? link.within(delivered) : delivered)
  // The answer comes after all messages of the chunk.
  await link.within(channel.checkQueue(stream))
  await channel.close()
}

const consume = (
  channel: Channel,
  { stream, start }: { readonly stream: string; readonly start: StreamStart },
  onMessage: (offset: number) => void,
) =>
  channel.consume(
    stream,
    (message) => {
      const offset = message === null ? undefined : streamOffset(message)
      if (offset !== undefined) onMessage(offset)
    },
    { arguments: { 'x-stream-offset': start } },
  )
