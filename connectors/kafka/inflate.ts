/** Unpacks the records of a compressed batch. What a broker sends may claim to be of any size: more
 *  than fits a chunk is refused. */

import { Buffer } from 'node:buffer'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { fail } from '../../engine/base/errors.ts'
import type { KafkaLibrary } from './library.ts'
import { damaged } from './record-batch.ts'

/** Larger batches do not come from producers that keep to the broker's limits. */
const INFLATED_BYTES_MAX = 256 << 20

const GZIP = 1
const SNAPPY = 2
const LZ4 = 3
const ZSTD = 4

/** The bytes of the records. UNSUPPORTED, DATA_DAMAGED. */
export function inflate(
  packed: Uint8Array,
  codec: number,
  baseOffset: number,
  kafka: KafkaLibrary,
): Uint8Array {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  try {
    const whole = unpack(bytes, codec, kafka)
    if (whole !== undefined) return new Uint8Array(whole.buffer, whole.byteOffset, whole.length)
  } catch {
    damaged(baseOffset)
  }
  return fail('UNSUPPORTED', `The messages at offset ${baseOffset} have the codec ${codec}`, {
    hint: 'Known are gzip, snappy, lz4 and zstd.',
  })
}

function unpack(bytes: Buffer, codec: number, kafka: KafkaLibrary): Buffer | undefined {
  const options = { maxOutputLength: INFLATED_BYTES_MAX }
  switch (codec) {
    case GZIP:
      return gunzipSync(bytes, options)
    case ZSTD:
      return zstdDecompressSync(bytes, options)
    case SNAPPY:
      return kafka.compressionsAlgorithms.snappy.decompressSync(bytes)
    case LZ4:
      return kafka.compressionsAlgorithms.lz4.decompressSync(bytes)
    default:
      return undefined
  }
}
