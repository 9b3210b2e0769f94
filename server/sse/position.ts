/** Event ids: the query and the number of its result. Opaque to clients, who give one back to
 *  resume after it. */

import { fail } from '../../engine/base/errors.ts'
import type { ResultFeed } from '../result-feed.ts'

export const eventId = (queryId: string, seq: number): string => `${queryId}-${seq}`

/** The seq to go on with after the event `id`. GONE if the id is of another query, or older than
 *  what is kept; BAD_REQUEST if it is no id at all. */
export function seqAfter(feed: ResultFeed, id: string): number {
  const match = /^([a-z]\d+)-(\d{1,15})$/.exec(id)
  if (match === null) {
    fail('BAD_REQUEST', `'${id.slice(0, 100)}' is not an event id`, {
      hint: 'Give the id of an event of this query, unchanged.',
    })
  }
  const next = Number(match[2]) + 1
  if (match[1] !== feed.queryId || next > feed.nextSeq) {
    fail('GONE', `The event ${id} is not one of this query's results`, {
      hint: 'The query was created anew since then. Subscribe without an id to begin again.',
    })
  }
  const kept = feed.firstKept
  if (next < kept) {
    fail('GONE', `The results after event ${id} are no longer kept`, {
      hint: 'Subscribe without an id to begin again; a materialized view begins with a snapshot.',
      details: { oldestId: eventId(feed.queryId, kept) },
    })
  }
  return next
}
