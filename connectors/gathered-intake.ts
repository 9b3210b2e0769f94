/** Messages of a source that does not wait: those that come in one go are stored together, and what
 *  comes while the disk has no room is dropped and counted. */

import type { IntakeFeed, IntakeMessage } from '../engine/source/intake.ts'

/** Takes messages one by one. Nothing is taken after `signal` has aborted. */
export function gatheredIntake(
  feed: IntakeFeed,
  signal: AbortSignal,
): (message: IntakeMessage) => void {
  let messages: IntakeMessage[] = []
  const put = () => {
    const gathered = messages
    messages = []
    if (signal.aborted) return
    if (feed.isFull) feed.lost(gathered.length)
    else feed.put({ messages: gathered })
  }
  return (message) => {
    messages.push(message)
    if (messages.length === 1) queueMicrotask(put)
  }
}
