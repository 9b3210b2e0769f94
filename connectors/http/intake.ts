/** Other servers as an intake, in the way that the table's mode says. */

import type { IntakeConnector } from '../../engine/source/intake.ts'
import type { IntakeContext } from '../context.ts'
import { followEvents } from './events.ts'
import { poll } from './poll.ts'
import { followSocket } from './socket.ts'
import { http } from './spec.ts'

export const httpIntake = (context: IntakeContext): IntakeConnector => ({
  name: http.name,
  async run(table, feed, signal) {
    const parts = { ...context, table, feed, signal }
    switch (table.options.mode) {
      case 'sse':
        return followEvents(parts)
      case 'websocket':
        return followSocket(parts)
      default:
        return poll(parts)
    }
  },
})
