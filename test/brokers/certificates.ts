/** Certificates of an authority of the tests' own, made with the openssl program. */

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { findProgram } from './program.ts'

/** Why none can be made here. */
export const opensslMissing =
  findProgram('openssl') === undefined ? 'openssl is not installed' : undefined

export interface Certificates {
  readonly ca: string
  /** For localhost and 127.0.0.1. */
  readonly cert: string
  readonly key: string
}

/** Makes them in the folder; the paths of the files. */
export function makeCertificates(folder: string): Certificates {
  const path = (name: string) => `${folder}/${name}`
  const run = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  run(
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=test authority'],
    ...['-keyout', path('ca.key'), '-out', path('ca.pem')],
  )
  run(
    ...['req', ...newKey, '-subj', '/CN=localhost'],
    ...['-keyout', path('server.key'), '-out', path('server.csr')],
  )
  writeFileSync(path('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  run(
    ...['x509', '-req', '-in', path('server.csr'), '-days', '2', '-extfile', path('names')],
    ...['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial'],
    ...['-out', path('server.pem')],
  )
  return { ca: path('ca.pem'), cert: path('server.pem'), key: path('server.key') }
}
