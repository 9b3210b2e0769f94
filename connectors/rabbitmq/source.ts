/** A stream as a source of one split. An offset is that of the next message, so every position can
 *  be read again exactly, and the server keeps nothing for us. */

import type { Clock } from '../../engine/base/clock.ts'
import { fail } from '../../engine/base/errors.ts'
import type { FoundSplit, GrowingConnector } from '../../engine/source/source.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { BufferedSplit } from '../buffered-split.ts'
import type { ConnectorContext } from '../context.ts'
import { NUMBERED } from '../message-buffer.ts'
import { wantedMetadata } from '../message-piece.ts'
import { OneLook } from '../one-look.ts'
import { connectRabbit, type RabbitLink, serverName } from './connect.ts'
import { followStream } from './follow.ts'
import { prepareQueue } from './queue.ts'
import { rabbitmq } from './spec.ts'
import { firstOffset, streamEnd } from './stream-end.ts'

export const rabbitmqSource = ({ disk, clock }: ConnectorContext): GrowingConnector => ({
  name: rabbitmq.name,
  replay: 'offset',
  read(table) {
    const { options, name } = table
    if (options.queue === undefined) {
      fail('INVALID_OPTION', `The table ${name} cannot be read: it names no stream`, {
        hint: `Add the option 'queue'.`,
      })
    }
    const what = serverName(options)
    return new OneLook({
      ...{ clock, what },
      async look() {
        const link = await connectRabbit({ disk, clock, options })
        try {
          const channel = await link.channel()
          await link.within(prepareQueue(channel, table))
          return [await firstSplit(link, clock, table)]
        } finally {
          await link.close()
        }
      },
      open: ({ stop }, from) =>
        new BufferedSplit({
          ...{ clock, what, from, stop },
          form: NUMBERED,
          metadata: wantedMetadata(table),
          async follow(buffer, life) {
            const link = await connectRabbit({ disk, clock, options })
            try {
              await followStream({ link, clock, table, buffer, life })
            } finally {
              await link.close()
            }
          },
        }),
    })
  },
})

/** Where a new reading begins, and where it ends if it does. */
async function firstSplit(
  link: RabbitLink,
  clock: Clock,
  { options }: TableSpec,
): Promise<FoundSplit> {
  const isBounded = options['scan.bounded.mode'] === 'latest-offset'
  const from = await startOf(link, clock, options)
  if (!isBounded) return { id: '0', from: String(from) }
  const end = await streamEnd(link, clock, options.queue)
  return { id: '0', from: String(from), stop: String(Math.max(from, end)) }
}

async function startOf(
  link: RabbitLink,
  clock: Clock,
  options: TableSpec['options'],
): Promise<number> {
  const { queue: stream } = options
  switch (options['scan.startup.mode']) {
    case 'latest-offset':
      return streamEnd(link, clock, stream)
    case 'specific-offset':
      return Number(options['scan.startup.specific-offset'])
    case 'timestamp': {
      const seconds = Math.floor(Number(options['scan.startup.timestamp-millis']) / 1000)
      const start = { '!': 'timestamp', value: seconds } as const
      const first = await firstOffset(link, clock, { stream, start })
      return first ?? (await streamEnd(link, clock, stream))
    }
    default:
      // The stream may begin later: then the first message says where.
      return 0
  }
}
