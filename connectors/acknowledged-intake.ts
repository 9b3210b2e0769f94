/** Messages of a source that waits for acknowledgements: those that come in one go are stored
 *  together, and the connector hears of them by what the broker knows them by. Nothing else of them
 *  is held meanwhile: thousands of small objects would keep the garbage collector busy. */

import type { SqlError } from '../engine/base/errors.ts'
import type { IntakeFeed, IntakeMessage } from '../engine/source/intake.ts'

export interface AcknowledgedParts {
  readonly feed: IntakeFeed
  /** Nothing is taken after it has aborted: what is not acknowledged comes again. */
  readonly signal: AbortSignal
  /** In the order of the messages: they are on the disk, or, with an error, never will be. */
  readonly stored: (tags: readonly number[], error?: SqlError) => void
}

/** Takes messages one by one. `id`: names the message for good; see IntakeGroup. */
export function acknowledgedIntake({
  feed,
  signal,
  stored,
}: AcknowledgedParts): (message: IntakeMessage, tag: number, id?: string) => void {
  let messages: IntakeMessage[] = []
  let tags: number[] = []
  const put = (id?: string) => {
    if (messages.length === 0) return
    const gathered = tags
    const group = { messages, id, stored: (error?: SqlError) => stored(gathered, error) }
    messages = []
    tags = []
    if (!signal.aborted) feed.put(group)
  }
  return (message, tag, id) => {
    // An id is that of a whole group.
    if (id !== undefined) put()
    messages.push(message)
    tags.push(tag)
    if (id !== undefined) put(id)
    else if (messages.length === 1) queueMicrotask(put)
  }
}
