/** The head of a record batch, Kafka's unit of storage (message format v2):
 *
 *      0  base offset i64        8  length behind this field i32   12  leader epoch i32
 *     16  magic i8 (2)          17  CRC-32C of what follows u32    21  attributes i16
 *     23  last offset delta i32 27  base timestamp i64             35  greatest timestamp i64
 *     43  producer id i64       51  producer epoch i16             53  base sequence i32
 *     57  record count i32      61  records, compressed as one block if the attributes say so */

import { Buffer } from 'node:buffer'
import { fail } from '../../engine/base/errors.ts'
import type { KafkaLibrary } from './library.ts'

export interface BatchHead {
  /** The batch is bytes[at, end) of what was fetched. */
  readonly at: number
  readonly end: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly recordCount: number
  readonly leaderEpoch: number
  /** 0: not compressed. */
  readonly codec: number
  /** Its records hold the broker's time, which is this one for all of them. */
  readonly appendTimeMs: number | undefined
  readonly baseTimestampMs: number
  readonly isTransactional: boolean
  /** Holds a transaction marker, no records of anyone. */
  readonly isControl: boolean
}

const LENGTH_AT = 8
const LENGTH_END = 12
export const RECORDS_AT = 61
const CODEC_MASK = 7
const APPEND_TIME = 8
const TRANSACTIONAL = 16
const CONTROL = 32

const longAt = (view: DataView, at: number): number =>
  view.getInt32(at) * 4294967296 + view.getUint32(at + 4)

/** The batch at `at`; undefined if it is not whole. UNSUPPORTED for messages that were written
 *  before Kafka 0.11, DATA_DAMAGED. */
export function batchHead(view: DataView, at: number): BatchHead | undefined {
  if (view.byteLength < at + LENGTH_END + 5) return undefined
  const end = at + LENGTH_END + view.getInt32(at + LENGTH_AT)
  if (end > view.byteLength) return undefined
  const baseOffset = longAt(view, at)
  const magic = view.getInt8(at + 16)
  if (magic !== 2) {
    fail('UNSUPPORTED', `The messages at offset ${baseOffset} have the format v${magic}`, {
      hint: 'They are older than Kafka 0.11. Begin behind them, or copy the topic.',
    })
  }
  const recordCount = end < at + RECORDS_AT ? -1 : view.getInt32(at + 57)
  if (recordCount < 0) damaged(baseOffset)
  const attributes = view.getInt16(at + 21)
  return {
    ...{ at, end, baseOffset, recordCount },
    lastOffset: baseOffset + view.getInt32(at + 23),
    leaderEpoch: view.getInt32(at + 12),
    codec: attributes & CODEC_MASK,
    appendTimeMs: (attributes & APPEND_TIME) !== 0 ? longAt(view, at + 35) : undefined,
    baseTimestampMs: longAt(view, at + 27),
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
  }
}

export const producerOf = (view: DataView, { at }: BatchHead): bigint => view.getBigInt64(at + 43)

/** Raises DATA_DAMAGED if the checksum is wrong. */
export function checkBatch(
  bytes: Uint8Array,
  view: DataView,
  { at, end, baseOffset }: BatchHead,
  { crc32c, Reader }: KafkaLibrary,
): void {
  const covered = Buffer.from(bytes.buffer, bytes.byteOffset + at + 21, end - at - 21)
  // Of what is wrapped like this the library makes no copy.
  const { buffer } = Reader.from(covered)
  if (crc32c(buffer) >>> 0 !== view.getUint32(at + 17)) damaged(baseOffset)
}

export function damaged(baseOffset: number): never {
  fail('DATA_DAMAGED', `The messages at offset ${baseOffset} are damaged`, {
    hint: 'The broker, or the network to it, gives bytes that do not belong together.',
  })
}
