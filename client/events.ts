/** The events of a subscription, as types, and how they are read from SSE. */

import { errorFromProblem, type MillraceError } from './millrace-error.ts'
import type { ResultColumn, Row } from './results.ts'
import type { SseEvent } from './sse-parser.ts'

/** +I insert, -U and +U the old and the new row of an update, -D delete. */
export type ChangeOp = '+I' | '-U' | '+U' | '-D'

export interface Change {
  readonly op: ChangeOp
  readonly row: Row
}

/** `watermark` is ISO-8601 UTC; null before the first, 'infinity' once the input has ended. */
export type SubscriptionEvent =
  /** Always first; again only if the columns changed. */
  | {
      readonly kind: 'schema'
      readonly id: string
      readonly columns: readonly ResultColumn[]
      /** Columns that identify a result row; undefined if none are known. */
      readonly key: readonly string[] | undefined
      /** No row will ever be taken back. */
      readonly appendOnly: boolean
    }
  /** Rows of the result as it stood when the subscription began, in parts. Part 0 begins it: should
   *  the connection break within a snapshot, it comes again from part 0. */
  | {
      readonly kind: 'snapshot'
      readonly id: string
      readonly part: number
      readonly last: boolean
      readonly epoch: number
      readonly watermark: string | null
      readonly rows: readonly Change[]
    }
  /** What one epoch changed. */
  | {
      readonly kind: 'changes'
      readonly id: string
      readonly epoch: number
      readonly watermark: string | null
      readonly rows: readonly Change[]
    }
  /** Event time went on, no row changed. */
  | {
      readonly kind: 'progress'
      readonly id: string
      readonly epoch: number
      readonly watermark: string | null
    }
  /** The query failed, or the server cut us off. Last event unless `error.retry` is 'backoff'. */
  | { readonly kind: 'error'; readonly id: string; readonly error: MillraceError }
  /** The result is complete (its streams ended), the query was dropped, or another query took its
   *  place or its columns other names: subscribe again to go on. Always last. */
  | { readonly kind: 'end'; readonly id: string; readonly reason: EndReason }

const END_REASONS = ['ended', 'dropped', 'replaced'] as const
export type EndReason = (typeof END_REASONS)[number]

interface Payload {
  readonly columns?: readonly ResultColumn[]
  readonly key?: readonly string[] | null
  readonly appendOnly?: boolean
  readonly epoch?: number
  readonly watermark?: string | null
  readonly rows?: readonly Change[]
  readonly part?: number
  readonly last?: boolean
  readonly reason?: string
}

/** The typed event; undefined for a type that this client does not know (a newer server).
 *  Raises SyntaxError if the data is not JSON. */
export function readEvent({ type, data, id }: SseEvent): SubscriptionEvent | undefined {
  const payload = JSON.parse(data) as Payload
  const { epoch = 0, watermark = null, rows = [] } = payload
  switch (type) {
    case 'schema': {
      const { columns = [], key, appendOnly = false } = payload
      return { kind: type, id, columns, key: key ?? undefined, appendOnly }
    }
    case 'snapshot': {
      const { part = 0, last = true } = payload
      return { kind: type, id, part, last, epoch, watermark, rows }
    }
    case 'changes':
      return { kind: type, id, epoch, watermark, rows }
    case 'progress':
      return { kind: type, id, epoch, watermark }
    case 'error':
      return { kind: type, id, error: errorFromProblem(payload, 0) }
    case 'end':
      return { kind: type, id, reason: END_REASONS.find((r) => r === payload.reason) ?? 'ended' }
    default:
      return undefined
  }
}
