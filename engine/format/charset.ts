/** Texts as bytes in the character sets that the raw format knows. */

import { isAscii, isUtf8 } from 'node:buffer'
import { fail } from '../base/errors.ts'
import { asBuffer } from '../batch/text.ts'

interface Charset {
  /** undefined: the bytes are no such text. */
  readonly decode: (bytes: Uint8Array) => string | undefined
  /** undefined: the text has other characters. */
  readonly encode: (text: string) => Uint8Array | undefined
}

const wellFormed = (text: string): string | undefined => (text.isWellFormed() ? text : undefined)

const swapped = (bytes: Uint8Array): Buffer => Buffer.from(bytes).swap16()

const CHARSETS: Readonly<Record<string, Charset>> = {
  'UTF-8': {
    decode: (bytes) => (isUtf8(bytes) ? asBuffer(bytes).toString('utf8') : undefined),
    encode: (text) => Buffer.from(text),
  },
  'US-ASCII': {
    decode: (bytes) => (isAscii(bytes) ? asBuffer(bytes).toString('latin1') : undefined),
    encode: (text) => (isBelow(text, 128) ? Buffer.from(text, 'latin1') : undefined),
  },
  'ISO-8859-1': {
    decode: (bytes) => asBuffer(bytes).toString('latin1'),
    encode: (text) => (isBelow(text, 256) ? Buffer.from(text, 'latin1') : undefined),
  },
  'UTF-16LE': {
    decode: (bytes) =>
      bytes.length % 2 === 0 ? wellFormed(asBuffer(bytes).toString('utf16le')) : undefined,
    encode: (text) => Buffer.from(text, 'utf16le'),
  },
  'UTF-16BE': {
    decode: (bytes) =>
      bytes.length % 2 === 0 ? wellFormed(swapped(bytes).toString('utf16le')) : undefined,
    encode: (text) => swapped(Buffer.from(text, 'utf16le')),
  },
}

function isBelow(text: string, limit: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= limit) return false
  return true
}

/** Their names. */
export const CHARSET_NAMES: readonly string[] = Object.keys(CHARSETS)

/** The text; undefined if the bytes are none. */
export const decodeText = (bytes: Uint8Array, charset: string): string | undefined =>
  CHARSETS[charset].decode(bytes)

/** INVALID_VALUE for characters that the set does not have. */
export const encodeTextAs = (text: string, charset: string): Uint8Array =>
  CHARSETS[charset].encode(text) ??
  fail('INVALID_VALUE', `The text ${JSON.stringify(text.slice(0, 40))} is not ${charset}`)
