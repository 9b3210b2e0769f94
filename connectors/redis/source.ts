/** Redis streams as a source: every key is a split, and an offset is behind an entry, so every
 *  position can be read again exactly. */

import { fail } from '../../engine/base/errors.ts'
import type { FoundSplit, GrowingConnector } from '../../engine/source/source.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { BufferedSplit } from '../buffered-split.ts'
import type { ConnectorContext } from '../context.ts'
import { wantedMetadata } from '../message-piece.ts'
import { OneLook } from '../one-look.ts'
import { connectRedis, type RedisLink, serverName } from './connect.ts'
import {
  beforeId,
  beforeTime,
  compareIds,
  offsetOf,
  StreamOffsets,
  type StreamPlace,
} from './entry-id.ts'
import { followStream } from './follow.ts'
import { redis } from './spec.ts'
import { type StreamState, streamState } from './stream-state.ts'

export const redisSource = ({ disk, clock }: ConnectorContext): GrowingConnector => ({
  name: redis.name,
  replay: 'offset',
  read(table) {
    const { options } = table
    const keys = keysOf(table)
    const what = serverName(options)
    return new OneLook({
      ...{ clock, what },
      async look(signal) {
        const link = await connectRedis({ disk, clock, options, signal })
        try {
          return await Promise.all(keys.map((key) => firstSplit(link, key, options)))
        } finally {
          link.close()
        }
      },
      open({ id: key, stop }, from) {
        const offsets = new StreamOffsets(from)
        return new BufferedSplit({
          ...{ clock, what, from, stop },
          form: offsets,
          metadata: wantedMetadata(table),
          follow: (buffer, life) =>
            followStream({ redis: { disk, clock, options }, table, key, offsets, buffer, life }),
        })
      },
    })
  },
})

function keysOf({ options }: TableSpec): string[] {
  const keys = options.key.split(',').map((key) => key.trim())
  if (keys.length > 1 && options['scan.startup.mode'] === 'specific-offset') {
    fail('INVALID_OPTION', `An offset is of one stream, and 'key' names ${keys.length}`)
  }
  return [...new Set(keys)]
}

/** Where a new reading begins, and where it ends if it does. */
async function firstSplit(
  link: RedisLink,
  key: string,
  options: TableSpec['options'],
): Promise<FoundSplit> {
  const state = await streamState(link, key)
  const from = startOf(state, options)
  const isBounded = options['scan.bounded.mode'] === 'latest-offset'
  const end = compareIds(state.last.id, from.id) > 0 ? state.last : from
  return {
    id: key,
    from: offsetOf(from),
    stop: isBounded ? offsetOf(end) : undefined,
  }
}

function startOf({ first, last }: StreamState, options: TableSpec['options']): StreamPlace {
  switch (options['scan.startup.mode']) {
    case 'latest-offset':
      return last
    case 'specific-offset':
      return { id: beforeId(options['scan.startup.specific-offset']), count: -1 }
    case 'timestamp':
      return { id: beforeTime(Number(options['scan.startup.timestamp-millis'])), count: -1 }
    default:
      return first
  }
}
