/** Hashes of texts and bytes: to compare, to spread, and to hide what must not be read. */

import { createHmac, hash as digestOf } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { fail } from '../../base/errors.ts'
import { BIGINT, BYTES, INT, VARCHAR } from '../../batch/types.ts'
import { literalInteger, literalText } from '../coerce.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { CallExpr, Expr } from '../ir.ts'
import { int, text } from '../literal.ts'
import { encodeText } from '../utf8.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'hashing', nulls: 'strict' } as const

type Data = string | Uint8Array

const digest = (name: string, algorithm: string, result: string): PlainFunction => ({
  ...plain,
  name,
  doc: `The ${name} hash of a text (in UTF-8) or of bytes, as lower-case hexadecimal digits.`,
  syntax: [`${name}(text)`, `${name}(bytes)`],
  examples: [{ args: [text('abc')], result }],
  resolve: oneOf([[VARCHAR], VARCHAR], [[BYTES], VARCHAR]),
  evaluate: () => (value: Data) => digestOf(algorithm, value, 'hex'),
})

const LENGTHS = [224, 256, 384, 512]

/** The bits of SHA-2, which are a constant. */
function bitsOf(arg: Expr): number {
  const bits = Number(literalInteger(arg) ?? 0n)
  if (LENGTHS.includes(bits)) return bits
  return fail('INVALID_ARGUMENT', 'SHA2 has 224, 256, 384 or 512 bits, as a constant', {
    at: arg.at,
  })
}

const sha2: PlainFunction = {
  ...plain,
  name: 'SHA2',
  doc: 'The SHA-2 hash of 224, 256, 384 or 512 bits of a text or of bytes, as hexadecimal digits.',
  syntax: ['SHA2(text, bits)', 'SHA2(bytes, bits)'],
  examples: [
    {
      args: [text('abc'), int(224)],
      result: '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7',
    },
  ],
  resolve: oneOf([[VARCHAR, INT], VARCHAR], [[BYTES, INT], VARCHAR]),
  evaluate({ args }) {
    const algorithm = `sha${bitsOf(args[1])}`
    return (value: Data) => digestOf(algorithm, value, 'hex')
  },
}

const HMACS = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']

function hmacAlgorithm({ args, at }: CallExpr): string {
  const name = args[2] === undefined ? 'sha256' : literalText(args[2])?.toLowerCase()
  if (name !== undefined && HMACS.includes(name)) return name
  return fail('INVALID_ARGUMENT', `HMAC takes one of ${HMACS.join(', ')}, as a constant`, {
    at: args[2].at ?? at,
  })
}

const hmac: PlainFunction = {
  ...plain,
  name: 'HMAC',
  doc: 'The hash of a text with a key (default sha256), as hexadecimal digits: without the key nobody can find the text by trying.',
  syntax: ["HMAC(text, key[, 'sha256'])"],
  examples: [
    {
      args: [text('abc'), text('key'), text('sha1')],
      result: '4fd0b215276ef12f2b3e4c8ecac2811498b656fc',
    },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR], VARCHAR], [[VARCHAR, VARCHAR, VARCHAR], VARCHAR]),
  evaluate(call) {
    const algorithm = hmacAlgorithm(call)
    return (value: string, key: string) => createHmac(algorithm, key).update(value).digest('hex')
  },
}

const crc: PlainFunction = {
  ...plain,
  name: 'CRC32',
  doc: 'The CRC-32 checksum of a text (in UTF-8) or of bytes.',
  syntax: ['CRC32(text)', 'CRC32(bytes)'],
  examples: [{ args: [text('abc')], result: '891568578' }],
  resolve: oneOf([[VARCHAR], BIGINT], [[BYTES], BIGINT]),
  evaluate: () => (value: Data) => crc32(value),
}

/** MurmurHash3 (Austin Appleby, public domain), 32 bits, seed 0. */
function murmur3(bytes: Uint8Array): number {
  const mixed = (k: number) => {
    const spread = Math.imul(k, 0xcc9e2d51)
    return Math.imul((spread << 15) | (spread >>> 17), 0x1b873593)
  }
  const whole = bytes.length & ~3
  let h = 0
  for (let i = 0; i < whole; i += 4) {
    h ^= mixed(bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24))
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let i = bytes.length - 1; i >= whole; i--) tail = (tail << 8) | bytes[i]
  if (whole < bytes.length) h ^= mixed(tail)
  h ^= bytes.length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const murmur: PlainFunction = {
  ...plain,
  name: 'MURMUR3',
  doc: 'A fast hash of a text (in UTF-8) or of bytes, as INT, for sampling and spreading: MurmurHash3 with 32 bits. It hides nothing.',
  syntax: ['MURMUR3(text)', 'MURMUR3(bytes)'],
  examples: [{ args: [text('hello')], result: '613153351' }],
  resolve: oneOf([[VARCHAR], INT], [[BYTES], INT]),
  evaluate: () => (value: Data) => murmur3(typeof value === 'string' ? encodeText(value) : value),
}

export const hashes: readonly ScalarFunction[] = [
  digest('MD5', 'md5', '900150983cd24fb0d6963f7d28e17f72'),
  digest('SHA1', 'sha1', 'a9993e364706816aba3e25717850c26c9cd0d89d'),
  digest('SHA224', 'sha224', '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7'),
  digest('SHA256', 'sha256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'),
  digest(
    'SHA384',
    'sha384',
    'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  ),
  digest(
    'SHA512',
    'sha512',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ),
  sha2,
  hmac,
  crc,
  murmur,
]
