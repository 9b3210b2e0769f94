/** How the connection to a broker is encrypted, as options that several connectors have. */

import type { Disk } from '../engine/base/disk.ts'
import { fail } from '../engine/base/errors.ts'
import type { OptionTable } from '../engine/source/option.ts'

export const TLS_OPTIONS: OptionTable = {
  'tls.enabled': {
    kind: 'boolean',
    default: 'false',
    doc: 'Whether the connection is encrypted. A url that says so, or a file below, does the same.',
  },
  'tls.ca-file': {
    kind: 'string',
    doc: "PEM file of the authorities that the server's certificate may come from. Absent: those that Node.js trusts.",
  },
  'tls.cert-file': {
    kind: 'string',
    doc: 'PEM file of our own certificate, for a server that asks.',
  },
  'tls.key-file': { kind: 'string', doc: 'PEM file of the private key of `tls.cert-file`.' },
  'tls.server-name': {
    kind: 'string',
    doc: 'The name that the certificate must be for. Absent: the host of the address.',
  },
}

/** As node:tls takes it. */
export interface TlsSettings {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

/** The settings; undefined: no encryption. INVALID_OPTION for a file that cannot be read. */
export function tlsSettings(
  disk: Disk,
  options: Readonly<Record<string, string>>,
): TlsSettings | undefined {
  const ca = textOf(disk, options, 'tls.ca-file')
  const cert = textOf(disk, options, 'tls.cert-file')
  const key = textOf(disk, options, 'tls.key-file')
  const isWanted = options['tls.enabled'] === 'true' || (ca ?? cert ?? key) !== undefined
  if (!isWanted) return undefined
  const servername = options['tls.server-name']
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
  }
}

/** The text of the file that an option names. INVALID_OPTION. */
export function textOf(
  disk: Disk,
  options: Readonly<Record<string, string>>,
  option: string,
): string | undefined {
  const path = options[option]
  if (path === undefined) return undefined
  const bytes = disk.readAll(path)
  if (bytes === undefined) return fail('INVALID_OPTION', `'${option}': there is no file ${path}`)
  return new TextDecoder().decode(bytes)
}
