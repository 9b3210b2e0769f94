/** What every way of reading from a server has. */

import { asSqlError, SqlError } from '../../engine/base/errors.ts'
import type { Value } from '../../engine/batch/value.ts'
import type { IntakeFeed, IntakeMessage } from '../../engine/source/intake.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { IntakeContext } from '../context.ts'
import { recordsOf } from '../http-body.ts'

export interface HttpParts extends IntakeContext {
  readonly table: TableSpec
  readonly feed: IntakeFeed
  readonly signal: AbortSignal
}

/** The records of a body, or of an event's or a message's content. */
export function messagesOf(
  { table, feed }: HttpParts,
  bytes: Uint8Array,
  metadata: Readonly<Record<string, Value>>,
): IntakeMessage[] {
  const wanted = feed.keys.size === 0 ? undefined : metadata
  return recordsOf(bytes, table.options).map(({ start, end }) => ({
    bytes: bytes.subarray(start, end),
    metadata: wanted,
  }))
}

/** The records of one of many messages. One that has none where they should be says something else,
 *  as that a subscription stands; one that is not of the form that the table says counts as lost:
 *  the others must not wait for it. */
export function messagesOfOne(
  parts: HttpParts,
  bytes: Uint8Array,
  metadata: Readonly<Record<string, Value>>,
): IntakeMessage[] {
  try {
    return messagesOf(parts, bytes, metadata)
  } catch (error) {
    const { code, details } = asSqlError(error)
    if (code !== 'INVALID_VALUE') throw error
    if (details?.missing === undefined) parts.feed.lost(1)
    return []
  }
}

/** CONNECTOR_FAILED for an answer that is none. */
export async function refuseUnlessOk(response: Response, accept: readonly number[]): Promise<void> {
  if (accept.includes(response.status)) return
  await response.body?.cancel()
  const { host } = new URL(response.url)
  throw new SqlError(
    'CONNECTOR_FAILED',
    `${host} answers ${response.status} ${response.statusText}`,
  )
}
