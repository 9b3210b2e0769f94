/** How a Redis stream stands, as the server tells it. */

import { pairsOf, type RedisLink, type Reply } from './connect.ts'
import { START, type StreamPlace } from './entry-id.ts'

export interface StreamState {
  /** Right before the first entry that is left. */
  readonly first: StreamPlace
  /** Behind the last entry. */
  readonly last: StreamPlace
  /** No entry was ever deleted by its id: those that are left are the last ones. */
  readonly isWhole: boolean
}

const EMPTY: StreamState = { first: START, last: START, isWhole: true }

/** A stream that is not there yet is empty. Servers before Redis 7 count nothing. */
export async function streamState({ send }: RedisLink, key: string): Promise<StreamState> {
  let reply: Reply
  try {
    reply = await send(['XINFO', 'STREAM', key])
  } catch (error) {
    if (/no such key/i.test(String(error))) return EMPTY
    throw error
  }
  const facts = pairsOf(reply)
  const added = facts.has('entries-added') ? Number(facts.get('entries-added')) : -1
  const length = Number(facts.get('length'))
  const deleted = String(facts.get('max-deleted-entry-id') ?? '')
  return {
    first: { id: '0-0', count: added < 0 ? -1 : added - length },
    last: { id: String(facts.get('last-generated-id')), count: added },
    isWhole: deleted === '0-0',
  }
}
