/** Texts as bytes and other writings, both ways: base64, hexadecimal, character sets, URLs. */

import { fail } from '../../base/errors.ts'
import { BIGINT, BYTES, VARCHAR } from '../../batch/types.ts'
import { literalText } from '../coerce.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Int64 } from '../int64.ts'
import type { Expr, Value } from '../ir.ts'
import { bytes, int, text } from '../literal.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'string', nulls: 'strict' } as const

type Data = string | Uint8Array

const toBase64: PlainFunction = {
  ...plain,
  name: 'TO_BASE64',
  doc: 'The text (in UTF-8) or bytes in base64.',
  syntax: ['TO_BASE64(text)', 'TO_BASE64(bytes)'],
  examples: [{ args: [text('hello')], result: 'aGVsbG8=' }],
  resolve: oneOf([[VARCHAR], VARCHAR], [[BYTES], VARCHAR]),
  evaluate: () => (value: Data) => Buffer.from(value as string).toString('base64'),
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const fromBase64: PlainFunction = {
  ...plain,
  name: 'FROM_BASE64',
  doc: 'The text that base64 stands for; NULL if it is no base64, or the bytes are no UTF-8.',
  syntax: ['FROM_BASE64(text)'],
  examples: [
    { args: [text('aGVsbG8=')], result: 'hello' },
    { args: [text('?')], result: 'NULL' },
  ],
  resolve: oneOf([[VARCHAR], VARCHAR]),
  nullable: 'always',
  evaluate: () => (value: string) =>
    BASE64.test(value) ? utf8OrNull(Buffer.from(value, 'base64')) : null,
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function utf8OrNull(data: Uint8Array): string | null {
  try {
    return strictUtf8.decode(data)
  } catch {
    return null
  }
}

const CHARSETS: Readonly<Record<string, BufferEncoding>> = {
  'UTF-8': 'utf8',
  UTF8: 'utf8',
  'US-ASCII': 'ascii',
  ASCII: 'ascii',
  'ISO-8859-1': 'latin1',
  LATIN1: 'latin1',
  'UTF-16LE': 'utf16le',
  'UTF-16BE': 'utf16le',
}

/** The constant name of a character set. INVALID_ARGUMENT if there is no such. */
function charsetOf(arg: Expr): { encoding: BufferEncoding; swapped: boolean } {
  const name = literalText(arg)?.toUpperCase() ?? ''
  if (Object.hasOwn(CHARSETS, name)) {
    return { encoding: CHARSETS[name], swapped: name === 'UTF-16BE' }
  }
  return fail('INVALID_ARGUMENT', 'The character set must be a constant that is known', {
    at: arg.at,
    hint: `One of ${Object.keys(CHARSETS).join(', ')}.`,
  })
}

const encode: PlainFunction = {
  ...plain,
  name: 'ENCODE',
  doc: 'The text as bytes in a character set: UTF-8, US-ASCII, ISO-8859-1, UTF-16LE, UTF-16BE.',
  syntax: ['ENCODE(text, charset)'],
  examples: [{ args: [text('abc'), text('UTF-8')], result: 'abc' }],
  resolve: oneOf([[VARCHAR, VARCHAR], BYTES]),
  evaluate({ args }) {
    const { encoding, swapped } = charsetOf(args[1])
    return (value: string) => {
      const made = Buffer.from(value, encoding)
      return new Uint8Array(swapped ? made.swap16() : made)
    }
  },
}

const decode: PlainFunction = {
  ...plain,
  name: 'DECODE',
  doc: 'The bytes as text in a character set. Bytes that mean no character become U+FFFD.',
  syntax: ['DECODE(bytes, charset)'],
  examples: [{ args: [bytes(97, 98), text('US-ASCII')], result: 'ab' }],
  resolve: oneOf([[BYTES, VARCHAR], VARCHAR]),
  evaluate({ args }) {
    const { encoding, swapped } = charsetOf(args[1])
    return (value: Uint8Array) => {
      const data = Buffer.from(value)
      const ordered = swapped && data.length % 2 === 0 ? data.swap16() : data
      return ordered.toString(encoding).toWellFormed()
    }
  },
}

const hex: PlainFunction = {
  ...plain,
  name: 'HEX',
  aliases: ['TO_HEX'],
  doc: 'A whole number (negative: its 64 bits), a text (in UTF-8) or bytes as upper-case hexadecimal digits.',
  syntax: ['HEX(number)', 'HEX(text)', 'HEX(bytes)'],
  examples: [
    { args: [int(255)], result: 'FF' },
    { args: [text('abc')], result: '616263' },
  ],
  resolve: oneOf([[BIGINT], VARCHAR], [[VARCHAR], VARCHAR], [[BYTES], VARCHAR]),
  evaluate({ args }) {
    if (args[0].type.kind === 'bigint') {
      return (value: Int64) => BigInt.asUintN(64, BigInt(value)).toString(16).toUpperCase()
    }
    return (value: Data) =>
      Buffer.from(value as string)
        .toString('hex')
        .toUpperCase()
  },
}

const unhex: PlainFunction = {
  ...plain,
  name: 'UNHEX',
  aliases: ['FROM_HEX'],
  doc: 'The bytes that hexadecimal digits stand for; NULL if the text is anything else.',
  syntax: ['UNHEX(text)'],
  examples: [
    { args: [text('616263')], result: 'abc' },
    { args: [text('xy')], result: 'NULL' },
  ],
  resolve: oneOf([[VARCHAR], BYTES]),
  nullable: 'always',
  evaluate: () => (value: string) => {
    const whole = value.length % 2 === 0 ? value : `0${value}`
    return /^[0-9A-Fa-f]*$/.test(whole) ? new Uint8Array(Buffer.from(whole, 'hex')) : null
  },
}

const bin: PlainFunction = {
  ...plain,
  name: 'BIN',
  doc: 'A whole number in binary digits (negative: its 64 bits).',
  syntax: ['BIN(number)'],
  examples: [{ args: [int(10)], result: '1010' }],
  resolve: oneOf([[BIGINT], VARCHAR]),
  evaluate: () => (value: Int64) => BigInt.asUintN(64, BigInt(value)).toString(2),
}

const urlEncode: PlainFunction = {
  ...plain,
  name: 'URL_ENCODE',
  doc: 'The text as a URL form writes it: spaces as +, all but letters, digits and . - * _ as %XX.',
  syntax: ['URL_ENCODE(text)'],
  examples: [{ args: [text('a b&ü')], result: 'a+b%26%C3%BC' }],
  resolve: oneOf([[VARCHAR], VARCHAR]),
  evaluate: () => (value: string) =>
    encodeURIComponent(value.toWellFormed())
      .replaceAll('%20', '+')
      .replace(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`),
}

const urlDecode: PlainFunction = {
  ...plain,
  name: 'URL_DECODE',
  doc: 'The text that URL_ENCODE wrote; NULL if it is not in that form.',
  syntax: ['URL_DECODE(text)'],
  examples: [{ args: [text('a+b%26%C3%BC')], result: 'a b&ü' }],
  resolve: oneOf([[VARCHAR], VARCHAR]),
  nullable: 'always',
  evaluate: () => (value: string) => decoded(value),
}

function decoded(value: string): string | null {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return null
  }
}

const URL_PARTS: Readonly<Record<string, (url: URL, raw: string) => string>> = {
  PROTOCOL: (url) => url.protocol.slice(0, -1),
  HOST: (url) => url.hostname,
  PATH: (url) => url.pathname,
  QUERY: (url) => url.search.slice(1),
  REF: (url) => url.hash.slice(1),
  FILE: (url) => url.pathname + url.search,
  AUTHORITY: (url) => (url.username === '' ? url.host : `${userOf(url)}@${url.host}`),
  USERINFO: (url) => userOf(url),
}

const userOf = ({ username, password }: URL): string =>
  password === '' ? username : `${username}:${password}`

const parseUrl: PlainFunction = {
  ...plain,
  name: 'PARSE_URL',
  doc: 'A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, AUTHORITY, FILE, USERINFO; with QUERY and a key, the value of that key. NULL if there is none.',
  syntax: ['PARSE_URL(url, part[, key])'],
  examples: [
    { args: [text('https://example.org/a?x=1&y=2#end'), text('HOST')], result: 'example.org' },
    { args: [text('https://example.org/a?x=1&y=2'), text('QUERY'), text('y')], result: '2' },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR], VARCHAR], [[VARCHAR, VARCHAR, VARCHAR], VARCHAR]),
  nullable: 'always',
  evaluate:
    () =>
    (value: string, part: string, key?: string): Value => {
      const name = part.toUpperCase()
      if (!URL.canParse(value) || !Object.hasOwn(URL_PARTS, name)) return null
      const url = new URL(value)
      const found = URL_PARTS[name](url, value)
      if (key === undefined) return found === '' ? null : found
      return name === 'QUERY' ? url.searchParams.get(key) : null
    },
}

export const encodings: readonly ScalarFunction[] = [
  toBase64,
  fromBase64,
  encode,
  decode,
  hex,
  unhex,
  bin,
  urlEncode,
  urlDecode,
  parseUrl,
]
