/** Who may call: with a token configured, every request but the probes must carry it. */

import { createHash, timingSafeEqual } from 'node:crypto'
import { fail } from '../../engine/base/errors.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export type CheckAccess = (authorization: string | undefined) => void

/** Only a digest of the token is kept. The check raises UNAUTHORIZED. */
export function accessCheck(token: string | undefined): CheckAccess {
  if (token === undefined) return () => {}
  const expected = digest(token)
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return
    fail('UNAUTHORIZED', given === undefined ? 'This server needs a token' : 'The token is wrong', {
      hint: 'Send Authorization: Bearer <token>.',
    })
  }
}
