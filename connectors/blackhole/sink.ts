/** A sink that keeps nothing. */

import type { SinkConnector } from '../../engine/source/sink.ts'
import { blackhole } from './spec.ts'

export const blackholeSink: SinkConnector = {
  name: blackhole.name,
  delivery: 'exactly-once',
  takesChangelog: () => true,
  async open() {
    return { appliedSeq: undefined, async write() {}, async close() {} }
  },
}
