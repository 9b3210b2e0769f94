/** Asks a server again and again. What to ask for next (the cursor, and what the server says of the
 *  state of its answer) is stored with the records, so that each answer counts once. */

import { createHash } from 'node:crypto'
import { pause } from '../../engine/base/clock.ts'
import { toMillisecond } from '../../engine/source/stream-frame.ts'
import { readHeaders } from '../http-headers.ts'
import { parsePath, partAt, scalarText, wholeJson } from '../json-parts.ts'
import { connectorError } from '../reconnect.ts'
import { answerBody } from './answer-body.ts'
import { type HttpParts, messagesOf, refuseUnlessOk } from './parts.ts'

/** Where the reading stands. */
interface Position {
  readonly cursor?: string | undefined
  readonly etag?: string | undefined
  readonly modified?: string | undefined
  /** Of the last answer's body. */
  readonly digest?: string | undefined
}

const BODY_BYTES_MAX = 64 << 20

/** Puts the records of each new answer until the signal aborts; raises what the server or the
 *  network says. */
export async function poll(parts: HttpParts): Promise<void> {
  const { table, feed, clock, signal } = parts
  const { options } = table
  let position = positionOf(feed.position, options['cursor.initial'])
  while (!signal.aborted) {
    while (feed.isFull && !signal.aborted) await feed.room()
    const next = await askOnce(parts, position)
    if (signal.aborted) return
    feed.connected()
    const goesOn = next !== undefined && next.cursor !== position.cursor
    position = next ?? position
    if (!goesOn || options['cursor.path'] === undefined) {
      await pause(clock, Number(options['poll.interval']), signal)
    }
  }
}

function positionOf(text: string | undefined, cursor: string | undefined): Position {
  return text === undefined ? { cursor } : (JSON.parse(text) as Position)
}

/** Where the reading stands after the answer; undefined if it brought nothing new. */
async function askOnce(parts: HttpParts, position: Position): Promise<Position | undefined> {
  const { table, feed, clock, signal } = parts
  const { options } = table
  const response = await ask(options, position, signal)
  if (response === undefined) return undefined
  await refuseUnlessOk(response, [200, 203, 204, 206, 304])
  if (response.status === 304 || response.status === 204) {
    await response.body?.cancel()
    return undefined
  }
  const bytes = await answerBody(response, BODY_BYTES_MAX, 'CONNECTOR_FAILED')
  const digest = createHash('sha256').update(bytes).digest('base64url')
  if (digest === position.digest) return undefined
  const { headers, status, url } = response
  const messages = messagesOf(parts, bytes, {
    url,
    status,
    received: toMillisecond(clock.nowUs()),
    headers: [...headers],
    event: null,
    'event-id': null,
  })
  const last = messages.at(-1)?.bytes
  const cursor = (last && cursorOf(options, bytes, last)) ?? position.cursor
  // What the server says of this answer's state holds for another request no more.
  const isSame = cursor === position.cursor
  const next: Position = {
    cursor,
    etag: (isSame && headers.get('etag')) || undefined,
    modified: (isSame && headers.get('last-modified')) || undefined,
    digest,
  }
  // Without records there is nothing to store the position with; it is only a matter of asking.
  if (messages.length > 0) feed.put({ messages, position: JSON.stringify(next) })
  return next
}

/** undefined if the signal aborted. CONNECTOR_FAILED. */
async function ask(
  options: HttpParts['table']['options'],
  { cursor, etag, modified }: Position,
  signal: AbortSignal,
): Promise<Response | undefined> {
  const url = new URL(options.url)
  const parameter = options['cursor.parameter']
  if (parameter !== undefined && cursor !== undefined) url.searchParams.set(parameter, cursor)
  const body = options['poll.request-body']?.replaceAll('{cursor}', JSON.stringify(cursor ?? null))
  try {
    return await fetch(url, {
      method: options['poll.method'],
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(etag !== undefined && { 'if-none-match': etag }),
        ...(modified !== undefined && { 'if-modified-since': modified }),
        ...readHeaders('headers', options.headers),
      },
      ...(body !== undefined && options['poll.method'] === 'POST' && { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(Number(options['idle-timeout']))]),
    })
  } catch (error) {
    if (signal.aborted) return undefined
    throw connectorError(url.host, error)
  }
}

/** What the answer, or its last record, says to ask for next. */
function cursorOf(
  options: HttpParts['table']['options'],
  bytes: Uint8Array,
  last: Uint8Array,
): string | undefined {
  const path = options['cursor.path']
  const field = options['cursor.field']
  if (path !== undefined) return textAt(bytes, parsePath('cursor.path', path))
  if (field !== undefined) return textAt(last, parsePath('cursor.field', field))
  return undefined
}

function textAt(bytes: Uint8Array, names: readonly string[]): string | undefined {
  const part = partAt(bytes, wholeJson(bytes), names)
  return part && scalarText(bytes, part)
}
