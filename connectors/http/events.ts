/** Follows a `text/event-stream`. The id of the last event is stored with it, and a new connection
 *  asks for what came after it. */

import { SqlError } from '../../engine/base/errors.ts'
import { toMillisecond } from '../../engine/source/stream-frame.ts'
import type { EventParser, StreamedEvent } from '../context.ts'
import { readHeaders } from '../http-headers.ts'
import { connectorError } from '../reconnect.ts'
import { IdleTimer } from './idle.ts'
import { type HttpParts, messagesOfOne, refuseUnlessOk } from './parts.ts'

/** Puts the events' records until the signal aborts; raises what the server or the network says. */
export async function followEvents(parts: HttpParts): Promise<void> {
  const { table, feed, clock, signal, eventParser } = parts
  const { options } = table
  const closing = new AbortController()
  const stop = () => closing.abort()
  signal.addEventListener('abort', stop)
  const idle = new IdleTimer(clock, Number(options['idle-timeout']), () =>
    closing.abort(new SqlError('CONNECTOR_FAILED', 'Nothing came for too long')),
  )
  try {
    const response = await open(parts, closing.signal)
    feed.connected()
    await read(parts, response, eventParser(feed.position ?? ''), idle)
  } catch (error) {
    if (!signal.aborted) throw connectorError(new URL(options.url).host, error)
  } finally {
    idle.stop()
    signal.removeEventListener('abort', stop)
    closing.abort()
  }
}

async function open({ table, feed }: HttpParts, signal: AbortSignal): Promise<Response> {
  const { options } = table
  const { position } = feed
  const response = await fetch(options.url, {
    headers: {
      accept: 'text/event-stream',
      'cache-control': 'no-store',
      ...(position !== undefined && { 'last-event-id': position }),
      ...readHeaders('headers', options.headers),
    },
    signal,
  })
  await refuseUnlessOk(response, [200])
  return response
}

async function read(
  parts: HttpParts,
  response: Response,
  parser: EventParser,
  idle: IdleTimer,
): Promise<void> {
  const { table, feed, signal } = parts
  const types = table.options['sse.events']?.split(',').map((type) => type.trim())
  for await (const bytes of response.body ?? []) {
    idle.heard()
    for (const event of parser.push(bytes)) {
      if (types === undefined || types.includes(event.type)) putEvent(parts, response.url, event)
    }
    while (feed.isFull && !signal.aborted) await feed.room()
    idle.heard()
    if (signal.aborted) return
  }
}

function putEvent(parts: HttpParts, url: string, { type, data, id }: StreamedEvent): void {
  const messages = messagesOfOne(parts, Buffer.from(data), {
    url,
    received: toMillisecond(parts.clock.nowUs()),
    event: type,
    'event-id': id === '' ? null : id,
    status: null,
    headers: null,
  })
  if (messages.length > 0) parts.feed.put({ messages, position: id === '' ? undefined : id })
}
