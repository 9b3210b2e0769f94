/** Redis channels as an intake: messages that nobody keeps, while we listen. */

import type { IntakeConnector } from '../../engine/source/intake.ts'
import { toMillisecond } from '../../engine/source/stream-frame.ts'
import type { IntakeContext } from '../context.ts'
import { gatheredIntake } from '../gathered-intake.ts'
import { aborted } from '../one-look.ts'
import { connectRedis } from './connect.ts'
import { redis } from './spec.ts'

export const redisIntake = ({ disk, clock }: IntakeContext): IntakeConnector => ({
  name: redis.name,
  async run({ options }, feed, signal) {
    const link = await connectRedis({ disk, clock, options, signal })
    const take = gatheredIntake(feed, signal)
    const listener = (message: Buffer, channel: Buffer) => {
      const timestamp = toMillisecond(clock.nowUs())
      take({ bytes: message, metadata: { channel: channel.toString(), timestamp } })
    }
    const names = options.channel.split(',').map((name) => name.trim())
    const patterns = names.filter(isPattern)
    const plain = names.filter((name) => !isPattern(name))
    try {
      if (plain.length > 0) await link.client.subscribe(plain, listener, true)
      if (patterns.length > 0) await link.client.pSubscribe(patterns, listener, true)
      feed.connected()
      await Promise.race([link.lost, aborted(signal)])
    } finally {
      link.close()
    }
  },
})

const isPattern = (name: string): boolean => /[*?[]/.test(name)
