/** Who we are to the brokers and how the connections are encrypted, from options that are called as
 *  in Kafka's own clients. */

import type { ConnectionOptions } from '@platformatic/kafka'
import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import type { OptionTable } from '../../engine/source/option.ts'
import { textOf } from '../tls-options.ts'

type Options = Readonly<Record<string, string>>

const STORE_TYPES = { kind: 'enum', values: ['PEM'], default: 'PEM' } as const

export const SECURITY_OPTIONS: OptionTable = {
  'properties.security.protocol': {
    kind: 'enum',
    values: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'],
    default: 'PLAINTEXT',
    doc: 'Whether connections are encrypted (SSL) and whether we log in (SASL).',
  },
  'properties.sasl.mechanism': {
    kind: 'enum',
    values: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
    doc: 'How we log in.',
  },
  'properties.sasl.jaas.config': {
    kind: 'string',
    secret: true,
    doc: 'User and password as Java clients have them: `… required username="u" password="p";`.',
  },
  'properties.sasl.username': { kind: 'string', doc: 'The user, without `sasl.jaas.config`.' },
  'properties.sasl.password': {
    kind: 'string',
    secret: true,
    doc: 'The password, without `sasl.jaas.config`.',
  },
  'properties.ssl.truststore.type': { ...STORE_TYPES, doc: 'JKS and PKCS12 files are not read.' },
  'properties.ssl.truststore.location': {
    kind: 'string',
    doc: "PEM file of the authorities that the brokers' certificates may come from. Absent: those that Node.js trusts.",
  },
  'properties.ssl.truststore.certificates': {
    kind: 'string',
    doc: 'Their text instead of a file.',
  },
  'properties.ssl.keystore.type': { ...STORE_TYPES, doc: 'JKS and PKCS12 files are not read.' },
  'properties.ssl.keystore.location': {
    kind: 'string',
    doc: 'PEM file of our private key and certificate, for brokers that ask.',
  },
  'properties.ssl.keystore.certificate.chain': {
    kind: 'string',
    doc: 'The text of the certificate instead of a file.',
  },
  'properties.ssl.keystore.key': {
    kind: 'string',
    secret: true,
    doc: 'The text of the key instead of a file.',
  },
  'properties.ssl.key.password': { kind: 'string', secret: true, doc: 'Opens the private key.' },
  'properties.ssl.endpoint.identification.algorithm': {
    kind: 'enum',
    values: ['https', ''],
    default: 'https',
    doc: "Whether a broker's certificate must be for the name that we call it by; `''`: it need not.",
  },
}

/** How connections are made. INVALID_OPTION. */
export function connectionOptions(disk: Disk, options: Options): ConnectionOptions {
  const protocol = options['properties.security.protocol']
  return {
    ...(protocol.endsWith('SSL') ? { tls: tlsOptions(disk, options) } : {}),
    ...(protocol.startsWith('SASL') ? { sasl: saslOptions(options) } : {}),
  }
}

function tlsOptions(disk: Disk, options: Options): NonNullable<ConnectionOptions['tls']> {
  const store = (name: string) => textOf(disk, options, `properties.ssl.${name}.location`)
  const ca = store('truststore') ?? options['properties.ssl.truststore.certificates']
  const own = store('keystore')
  const cert = own ?? options['properties.ssl.keystore.certificate.chain']
  const key = own ?? options['properties.ssl.keystore.key']
  const passphrase = options['properties.ssl.key.password']
  const checksName = options['properties.ssl.endpoint.identification.algorithm'] !== ''
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(checksName ? {} : { checkServerIdentity: () => undefined }),
  }
}

function saslOptions(options: Options): NonNullable<ConnectionOptions['sasl']> {
  const mechanism = options['properties.sasl.mechanism'] as 'PLAIN'
  return { mechanism, ...credentialsOf(options) }
}

function credentialsOf(options: Options): { username: string; password: string } {
  const jaas = options['properties.sasl.jaas.config']
  const username = jaas ? jaasValue(jaas, 'username') : options['properties.sasl.username']
  const password = jaas ? jaasValue(jaas, 'password') : options['properties.sasl.password']
  if (username === undefined || password === undefined) {
    return fail('INVALID_OPTION', 'To log in, Kafka needs a user and a password', {
      hint: `Add 'properties.sasl.username' and 'properties.sasl.password', or both in 'properties.sasl.jaas.config'.`,
    })
  }
  return { username, password }
}

/** Of `module required key="value" …;`, with backslashes before what would end the value. */
function jaasValue(jaas: string, key: string): string | undefined {
  const match = new RegExp(`\\s${key}\\s*=\\s*"((?:[^"\\\\]|\\\\.)*)"`).exec(jaas)
  return match?.[1].replaceAll(/\\(.)/g, '$1')
}

/** INVALID_OPTION for what does not go together. */
export function checkSecurity(options: Options): void {
  const protocol = options['properties.security.protocol']
  const usesSasl = protocol.startsWith('SASL')
  if (usesSasl) {
    if (options['properties.sasl.mechanism'] === undefined) {
      fail('INVALID_OPTION', `'${protocol}' needs 'properties.sasl.mechanism'`)
    }
    credentialsOf(options)
  }
  for (const key of Object.keys(options)) {
    const isSasl = key.startsWith('properties.sasl.')
    const isSsl = /^properties\.ssl\.(truststore\.(?!type)|keystore\.(?!type)|key\.)/.test(key)
    if ((isSasl && !usesSasl) || (isSsl && !protocol.endsWith('SSL'))) {
      fail(
        'INVALID_OPTION',
        `'${key}' does not go with 'properties.security.protocol' = '${protocol}'`,
      )
    }
  }
}
