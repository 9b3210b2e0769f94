/** A JetStream stream as a source of one split. An offset is the sequence number of the next
 *  message, so every position can be read again exactly, and the server keeps nothing for us. */

import type { StreamInfo } from '@nats-io/jetstream'
import { fail } from '../../engine/base/errors.ts'
import type { FoundSplit, GrowingConnector } from '../../engine/source/source.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { BufferedSplit } from '../buffered-split.ts'
import type { ConnectorContext } from '../context.ts'
import { NUMBERED } from '../message-buffer.ts'
import { wantedMetadata } from '../message-piece.ts'
import { OneLook } from '../one-look.ts'
import { connectNats, type NatsLink, serverName } from './connect.ts'
import { followStream } from './follow.ts'
import { nats } from './spec.ts'

export const natsSource = ({ disk, clock }: ConnectorContext): GrowingConnector => ({
  name: nats.name,
  replay: 'offset',
  read(table) {
    const { options } = table
    const what = serverName(options)
    streamOf(table)
    return new OneLook({
      ...{ clock, what },
      async look(signal) {
        const link = await connectNats(disk, options, signal)
        try {
          return [await firstSplit(link, table)]
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
            const link = await connectNats(disk, options, life.signal)
            try {
              await followStream({ link, table, clock, buffer, life })
            } finally {
              await link.close()
            }
          },
        }),
    })
  },
})

/** INVALID_OPTION if the table can only be written. */
function streamOf({ name, options }: TableSpec): string {
  return (
    options.stream ??
    fail('INVALID_OPTION', `The table ${name} cannot be read: it names no stream`, {
      hint: `Add the option 'stream'.`,
    })
  )
}

/** Where a new reading begins, and where it ends if it does. */
async function firstSplit({ streams }: NatsLink, table: TableSpec): Promise<FoundSplit> {
  const stream = streamOf(table)
  const info = await streams.streams.info(stream)
  if (info.config.retention === 'workqueue') {
    fail('UNSUPPORTED', `The stream ${stream} is a work queue: it cannot be read again`, {
      hint: `Read it with 'mode' = 'queue', which acknowledges its messages.`,
    })
  }
  const from = await startOf(info, table.options, (startTime) =>
    streams.consumers
      .add(stream, {
        ack_policy: 'none',
        deliver_policy: 'by_start_time',
        opt_start_time: startTime,
        inactive_threshold: 1e9,
      })
      .then(({ delivered }) => delivered.stream_seq + 1),
  )
  const isBounded = table.options['scan.bounded.mode'] === 'latest-offset'
  const stop = isBounded ? String(Math.max(from, info.state.last_seq + 1)) : undefined
  return { id: '0', from: String(from), stop }
}

async function startOf(
  { state }: StreamInfo,
  options: TableSpec['options'],
  sequenceAt: (startTime: string) => Promise<number>,
): Promise<number> {
  const first = Math.max(1, state.first_seq)
  switch (options['scan.startup.mode']) {
    case 'latest-offset':
      return state.last_seq + 1
    case 'specific-offset':
      return Number(options['scan.startup.specific-offset'])
    case 'timestamp': {
      const time = new Date(Number(options['scan.startup.timestamp-millis'])).toISOString()
      return Math.max(first, await sequenceAt(time))
    }
    default:
      return first
  }
}
