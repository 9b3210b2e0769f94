/** Follows a WebSocket: every message counts. It cannot be told to wait, so messages that come
 *  faster than the disk takes them are dropped and counted. */

import { SqlError } from '../../engine/base/errors.ts'
import { toMillisecond } from '../../engine/source/stream-frame.ts'
import { readHeaders } from '../http-headers.ts'
import { IdleTimer } from './idle.ts'
import { type HttpParts, messagesOfOne } from './parts.ts'

/** Puts the messages' records until the signal aborts; raises what the server or the network
 *  says. */
export function followSocket(parts: HttpParts): Promise<void> {
  const { table, feed, clock, signal } = parts
  const { options } = table
  const { host } = new URL(options.url)
  return new Promise((resolve, reject) => {
    const socket = openSocket(options)
    socket.binaryType = 'arraybuffer'
    const fail = (problem: string) => {
      finish()
      reject(new SqlError('CONNECTOR_FAILED', `${host}: ${problem}`))
    }
    const idle = new IdleTimer(clock, Number(options['idle-timeout']), () =>
      fail('nothing came for too long'),
    )
    const end = () => {
      finish()
      resolve()
    }
    const finish = () => {
      idle.stop()
      signal.removeEventListener('abort', end)
      socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null
      socket.close()
    }
    socket.onopen = () => {
      const greeting = options['websocket.send']
      if (greeting !== undefined) socket.send(greeting)
      feed.connected()
    }
    socket.onmessage = ({ data }) => {
      idle.heard()
      try {
        putMessage(parts, data as string | ArrayBuffer)
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error))
      }
    }
    socket.onerror = () => fail('the connection failed')
    socket.onclose = ({ code, reason }) => fail(`the connection was closed (${code} ${reason})`)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}

/** The second argument is Node's own: headers are no part of the standard. */
function openSocket(options: HttpParts['table']['options']): WebSocket {
  const protocols = options['websocket.protocols']?.split(',').map((name) => name.trim()) ?? []
  const init = { protocols, headers: readHeaders('headers', options.headers) }
  return new WebSocket(options.url, init as unknown as string[])
}

function putMessage(parts: HttpParts, data: string | ArrayBuffer): void {
  const { table, feed, clock } = parts
  if (feed.isFull) {
    feed.lost(1)
    return
  }
  const bytes = typeof data === 'string' ? Buffer.from(data) : new Uint8Array(data)
  const messages = messagesOfOne(parts, bytes, {
    url: table.options.url,
    received: toMillisecond(clock.nowUs()),
    event: null,
    'event-id': null,
    status: null,
    headers: null,
  })
  if (messages.length > 0) feed.put({ messages })
}
