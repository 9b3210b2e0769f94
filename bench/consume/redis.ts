/** Redis streams: XREAD with a large COUNT, values as Buffers, is what its client does fastest. */

import { createClient, RESP_TYPES } from '@redis/client'
import { RedisBroker, redisMissing } from '../../test/brokers/redis.ts'
import type { ConsumeAdapter } from './adapter.ts'

const KEY = 'bids'
const COUNT = '5000'

export const redisConsume: ConsumeAdapter = {
  name: 'redis, a stream',
  missing: redisMissing,
  async start() {
    const broker = await RedisBroker.start(['--appendfsync', 'no'])
    return {
      options: { connector: 'redis', url: broker.url, key: KEY, 'payload-field': 'data' },
      async send(messages) {
        for (let i = 0; i < messages.length; i += 5000) {
          const part = messages.slice(i, i + 5000)
          await broker.run(...part.map((text) => ['XADD', KEY, '*', 'data', text]))
        }
      },
      bare: (count, seen) => readBare(broker.url, count, seen),
      close: () => broker.close(),
    }
  },
}

async function readBare(
  url: string,
  count: number,
  seen: (messages: number) => void,
): Promise<void> {
  const client = createClient({
    url,
    RESP: 2,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  })
  await client.connect()
  let id = '0-0'
  for (let messages = 0; messages < count; ) {
    const reply = await client.sendCommand(['XREAD', 'COUNT', COUNT, 'STREAMS', KEY, id])
    const [[, entries]] = reply as unknown as [[Buffer, [Buffer, Buffer[]][]]]
    messages += entries.length
    seen(entries.length)
    id = entries[entries.length - 1][0].toString()
  }
  client.destroy()
}
