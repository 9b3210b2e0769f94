/** Request bodies, read with a limit that holds however they are sent. */

import type { IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip } from 'node:zlib'
import { fail, SqlError } from '../../engine/base/errors.ts'
import { findJsonError } from '../../engine/format/json-error.ts'

/** The whole body. BODY_TOO_LARGE as soon as it is over the limit, declared or not, compressed or
 *  not; BAD_REQUEST if the client breaks off or the compression is damaged;
 *  UNSUPPORTED_MEDIA_TYPE for an unknown content encoding. */
export async function readBody(incoming: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const declared = Number(incoming.headers['content-length'] ?? 0)
  if (declared > bytesMax) tooLarge(bytesMax)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of decoded(incoming) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > bytesMax) tooLarge(bytesMax)
      chunks.push(chunk)
    }
  } catch (cause) {
    if (cause instanceof SqlError) throw cause
    fail('BAD_REQUEST', 'The request body could not be read', { cause })
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
}

function decoded(incoming: IncomingMessage): AsyncIterable<unknown> {
  const encoding = incoming.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  switch (encoding) {
    case 'identity':
      // Breaking off must leave the connection whole, so that the answer can be sent.
      return incoming.iterator({ destroyOnReturn: false })
    case 'gzip':
      return piped(incoming, createGunzip())
    case 'br':
      return piped(incoming, createBrotliDecompress())
    default:
      return fail('UNSUPPORTED_MEDIA_TYPE', `The content encoding '${encoding}' is not supported`, {
        hint: 'Use gzip, br, or none.',
      })
  }
}

/** A pipe that also ends when the client breaks off. */
function piped(incoming: IncomingMessage, decoder: Transform): Transform {
  incoming.once('close', () => {
    if (!incoming.complete) decoder.destroy(new Error('the client broke off'))
  })
  return incoming.pipe(decoder)
}

function tooLarge(bytesMax: number): never {
  fail('BODY_TOO_LARGE', `The request body is larger than ${bytesMax} bytes`, {
    hint: 'Send it in several requests, or raise MILLRACE_BODY_BYTES_MAX.',
    details: { bytesMax },
  })
}

/** The body as JSON. BAD_REQUEST with line and column if it is not JSON. */
export async function readJson(incoming: IncomingMessage, bytesMax: number): Promise<unknown> {
  const type = mediaType(incoming)
  if (type !== 'application/json') {
    fail('UNSUPPORTED_MEDIA_TYPE', `The content type '${type}' is not supported here`, {
      hint: 'Send Content-Type: application/json.',
    })
  }
  const bytes = await readBody(incoming, bytesMax)
  const text = utf8(bytes)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw jsonError(text, cause)
  }
}

/** Bytes as text. BAD_REQUEST if they are not UTF-8. */
export function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    return fail('BAD_REQUEST', 'The request body is not UTF-8', { cause })
  }
}

/** Where the text stops being JSON, as line and column. */
function jsonError(text: string, cause: unknown): SqlError {
  const { position: offset, reason } = findJsonError(text)
  const lines = text.slice(0, offset).split('\n')
  const position = { line: lines.length, column: lines.at(-1)!.length + 1, length: 1 }
  return new SqlError('BAD_REQUEST', `The request body is not JSON: ${reason}`, {
    position,
    cause,
    details: { offset },
  })
}

/** The content type without its parameters, in lower case; 'none' if there is none. */
export const mediaType = (incoming: IncomingMessage): string =>
  incoming.headers['content-type']?.split(';')[0].trim().toLowerCase() ?? 'none'
