/** Keeps web pages of other sites out: a browser on this machine would carry their requests to the
 *  server (cross-site requests, DNS rebinding) although the network cannot reach it. */

import type { IncomingMessage } from 'node:http'
import { fail } from '../../engine/base/errors.ts'
import { isLoopback, type ServerConfig } from '../config.ts'

/** FORBIDDEN for a request that a page of another origin sent, and, on a server without a token,
 *  for one that came under a foreign name. */
export function sameOriginCheck(config: ServerConfig): (incoming: IncomingMessage) => void {
  const checksHost = config.token === undefined && isLoopback(config.host)
  return ({ headers }) => {
    const host = headers.host ?? ''
    if (checksHost && host !== '' && !isLoopback(hostName(host))) {
      fail('FORBIDDEN', `This server is not ${host}`, {
        hint: 'Without a token it answers only to localhost and 127.0.0.1.',
      })
    }
    const { origin } = headers
    if (origin === undefined || originHost(origin) === host) return
    fail('FORBIDDEN', `Pages of ${origin} may not use this server`, {
      hint: 'Cross-origin requests are off.',
    })
  }
}

/** Without the port; `[::1]` loses its brackets. */
const hostName = (host: string): string => host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
