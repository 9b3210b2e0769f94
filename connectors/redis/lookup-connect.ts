/** The connection of a Redis lookup. */

import type { Disk } from '../../engine/base/disk.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { redisClient } from './connect.ts'
import type { RedisClient } from './lookup.ts'

/** Connects once: whoever asks tries again. */
export async function connectLookup(disk: Disk, { options }: TableSpec): Promise<RedisClient> {
  const client = await redisClient(disk, options, { RESP: 3, bytes: false })
  // A lost connection fails the commands that wait for it.
  client.on('error', () => {})
  await client.connect()
  return {
    sendCommand: (args) => client.sendCommand(args),
    close: async () => client.destroy(),
  }
}
