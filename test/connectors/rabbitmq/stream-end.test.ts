/** Where a stream ends, with a server that takes its time. */

import type { Channel } from 'amqplib'
import { expect, it } from 'vitest'
import type { RabbitLink } from '../../../connectors/rabbitmq/connect.ts'
import { streamEnd } from '../../../connectors/rabbitmq/stream-end.ts'
import type { Clock } from '../../../engine/base/clock.ts'

/** A link to a stream whose last chunk is offsets 5 to 7; they come when the caller says so. */
function slowLink(messageCount: number) {
  let deliver = (_: unknown) => {}
  const channel = {
    prefetch: async () => {},
    checkQueue: async () => ({ messageCount }),
    once: () => {},
    close: async () => {},
    consume: async (_queue: string, take: (message: unknown) => void) => {
      deliver = take
      return { consumerTag: 'c' }
    },
  } as unknown as Channel
  const link = { within: (step: unknown) => step, channel: async () => channel } as RabbitLink
  const come = () => {
    for (const offset of [5, 6, 7])
      deliver({ properties: { headers: { 'x-stream-offset': offset } } })
  }
  return { link, come }
}

/** No time passes before what is waited for is over. */
const hasty = {
  after(_waitMs: number, wake: () => void) {
    const timer = setImmediate(wake)
    return () => clearImmediate(timer)
  },
} as unknown as Clock

it('a stream that has messages is not taken for an empty one because they come late', async () => {
  const { link, come } = slowLink(8)
  const end = streamEnd(link, hasty, 's')
  setTimeout(come, 50)
  expect(await end).toBe(8)
})

it('a stream without messages ends at 0', async () => {
  expect(await streamEnd(slowLink(0).link, hasty, 's')).toBe(0)
})
