/** Signatures of webhook requests, as the services that send them make them: a keyed hash (HMAC)
 *  over the body, in some schemes together with the time and an id. */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { fail } from '../../engine/base/errors.ts'
import type { OptionTable } from '../../engine/source/option.ts'

export const SIGNATURE_OPTIONS: OptionTable = {
  signature: {
    kind: 'enum',
    values: ['none', 'hmac', 'github', 'stripe', 'slack', 'standard-webhooks'],
    default: 'none',
    doc: "How requests are signed. hmac: a hash of the body, as the options below say. The others: as these services do it, and as the Standard Webhooks specification says. none: a received request must carry the server's token, if it has one.",
  },
  'signature.secret': {
    kind: 'string',
    secret: true,
    doc: 'The key that both sides know. For standard-webhooks in base64, with or without `whsec_`.',
  },
  'signature.previous-secret': {
    kind: 'string',
    secret: true,
    doc: 'Another key that is good for received requests too, while keys are being changed.',
  },
  'signature.tolerance': {
    kind: 'duration',
    default: '5 min',
    min: 1,
    doc: 'How old a received request may be, and how far in the future, where the time is signed too (stripe, slack, standard-webhooks).',
  },
  'signature.header': {
    kind: 'string',
    default: 'X-Signature',
    doc: 'Of hmac: the header with the signature.',
  },
  'signature.algorithm': {
    kind: 'enum',
    values: ['sha256', 'sha1', 'sha512'],
    default: 'sha256',
    doc: 'Of hmac: the hash.',
  },
  'signature.encoding': {
    kind: 'enum',
    values: ['hex', 'base64'],
    default: 'hex',
    doc: 'Of hmac: how the signature is written.',
  },
  'signature.prefix': {
    kind: 'string',
    default: '',
    doc: 'Of hmac: what stands before the signature in its header, such as `sha256=`.',
  },
}

type Options = Readonly<Record<string, string>>
type Headers = Readonly<Record<string, string>>

/** What is signed, by which key, and how it is written down. */
interface Scheme {
  /** The key's bytes. */
  readonly key: (secret: string) => Buffer
  readonly algorithm: string
  readonly encoding: 'hex' | 'base64'
  /** What goes into the hash before the body. */
  readonly before: (stamp: Stamp) => string
  /** The signatures in the headers, and what was signed with them. undefined: there are none. */
  readonly read: (headers: Headers) => Signed | undefined
  readonly write: (signature: string, stamp: Stamp) => Record<string, string>
}

/** Seconds since 1970, and the request's id. */
interface Stamp {
  readonly seconds: string
  readonly id: string
}

interface Signed {
  readonly signatures: readonly string[]
  /** undefined: the scheme does not sign the time. */
  readonly stamp: Stamp | undefined
}

const utf8 = (secret: string): Buffer => Buffer.from(secret)
const NO_STAMP: Stamp = { seconds: '', id: '' }

/** One header with one signature over the body alone. */
const plain = (
  header: string,
  prefix: string,
  algorithm: string,
  encoding: 'hex' | 'base64',
): Scheme => ({
  ...{ key: utf8, algorithm, encoding },
  before: () => '',
  read(headers) {
    const value = headers[header.toLowerCase()]
    if (!value?.startsWith(prefix)) return undefined
    return { signatures: [value.slice(prefix.length)], stamp: undefined }
  },
  write: (signature) => ({ [header.toLowerCase()]: `${prefix}${signature}` }),
})

const STRIPE: Scheme = {
  ...{ key: utf8, algorithm: 'sha256', encoding: 'hex' },
  before: ({ seconds }) => `${seconds}.`,
  read(headers) {
    const parts = (headers['stripe-signature'] ?? '').split(',').map((part) => part.trim())
    const valuesOf = (name: string) =>
      parts.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1))
    const [seconds] = valuesOf('t')
    if (seconds === undefined) return undefined
    return { signatures: valuesOf('v1'), stamp: { seconds, id: '' } }
  },
  write: (signature, { seconds }) => ({ 'stripe-signature': `t=${seconds},v1=${signature}` }),
}

const SLACK: Scheme = {
  ...{ key: utf8, algorithm: 'sha256', encoding: 'hex' },
  before: ({ seconds }) => `v0:${seconds}:`,
  read(headers) {
    const seconds = headers['x-slack-request-timestamp']
    const signature = headers['x-slack-signature']
    if (seconds === undefined || !signature?.startsWith('v0=')) return undefined
    return { signatures: [signature.slice(3)], stamp: { seconds, id: '' } }
  },
  write: (signature, { seconds }) => ({
    'x-slack-request-timestamp': seconds,
    'x-slack-signature': `v0=${signature}`,
  }),
}

const STANDARD: Scheme = {
  key: (secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'),
  ...{ algorithm: 'sha256', encoding: 'base64' },
  before: ({ id, seconds }) => `${id}.${seconds}.`,
  read(headers) {
    const { 'webhook-id': id, 'webhook-timestamp': seconds } = headers
    if (id === undefined || seconds === undefined) return undefined
    const signatures = (headers['webhook-signature'] ?? '')
      .split(' ')
      .filter((part) => part.startsWith('v1,'))
      .map((part) => part.slice(3))
    return { signatures, stamp: { seconds, id } }
  },
  write: (signature, { id, seconds }) => ({
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${signature}`,
  }),
}

function schemeOf(options: Options): Scheme | undefined {
  switch (options.signature) {
    case 'hmac':
      return plain(
        options['signature.header'],
        options['signature.prefix'],
        options['signature.algorithm'],
        options['signature.encoding'] as 'hex' | 'base64',
      )
    case 'github':
      return plain('X-Hub-Signature-256', 'sha256=', 'sha256', 'hex')
    case 'stripe':
      return STRIPE
    case 'slack':
      return SLACK
    case 'standard-webhooks':
      return STANDARD
    default:
      return undefined
  }
}

/** INVALID_OPTION if a scheme has no key, or a key no scheme. */
export function checkSignature(options: Options): void {
  const secret = options['signature.secret']
  if ((options.signature === 'none') === (secret === undefined)) return
  fail('INVALID_OPTION', `'signature' and 'signature.secret' belong together`)
}

function hash(scheme: Scheme, secret: string, stamp: Stamp, body: Uint8Array): string {
  return createHmac(scheme.algorithm, scheme.key(secret))
    .update(scheme.before(stamp))
    .update(body)
    .digest(scheme.encoding)
}

export type CheckSignature = (headers: Headers, body: Uint8Array, nowUs: number) => void

/** Raises UNAUTHORIZED unless the request is signed as the options say, in time. undefined: they
 *  ask for no signature. */
export function signatureCheck(options: Options): CheckSignature | undefined {
  const scheme = schemeOf(options)
  if (scheme === undefined) return undefined
  const secrets = [options['signature.secret'], options['signature.previous-secret']].filter(
    (secret) => secret !== undefined,
  )
  const toleranceMs = Number(options['signature.tolerance'])
  return (headers, body, nowUs) => {
    const signed = scheme.read(headers)
    if (signed === undefined) fail('UNAUTHORIZED', 'The request is not signed')
    const { stamp, signatures } = signed
    if (stamp !== undefined) checkTime(stamp, nowUs, toleranceMs)
    const wanted = secrets.map((secret) => hash(scheme, secret, stamp ?? NO_STAMP, body))
    if (signatures.some((given) => wanted.some((text) => equal(given, text)))) return
    fail('UNAUTHORIZED', 'The signature of the request is wrong')
  }
}

function checkTime({ seconds }: Stamp, nowUs: number, toleranceMs: number): void {
  const ageMs = nowUs / 1000 - Number(seconds) * 1000
  if (/^\d{1,12}$/.test(seconds) && Math.abs(ageMs) <= toleranceMs) return
  fail('UNAUTHORIZED', 'The time in the signature of the request is too far from now')
}

/** Takes as long for a text that is nearly right as for any other. */
function equal(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}

export type Sign = (body: Uint8Array, id: string, nowUs: number) => Record<string, string>

/** The headers that sign a request; undefined: none are wanted. */
export function signer(options: Options): Sign | undefined {
  const scheme = schemeOf(options)
  if (scheme === undefined) return undefined
  const secret = options['signature.secret']
  return (body, id, nowUs) => {
    const stamp = { seconds: String(Math.floor(nowUs / 1e6)), id }
    return scheme.write(hash(scheme, secret, stamp, body), stamp)
  }
}
