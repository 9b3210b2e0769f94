/** The frame: the unit of the log, whole or not there at all. All numbers are little-endian; frames
 *  start at multiples of 8 bytes, so a payload does too.
 *
 *      0  u32  magic                        24  u32  count: offsets the frame takes
 *      4  u32  CRC-32 of all that follows   28  u32  reserved, 0
 *      8  u32  payload bytes                32  i64  timestamp, microseconds
 *     12  u8   kind                         40  i64  epoch
 *     13  u8   flags                        48  f64  watermark, microseconds
 *     14  u16  reserved, 0                  56  payload, then zeros to a multiple of 8
 *     16  u64  first offset                                                              */

import { crc32 } from 'node:zlib'

/** Kinds 1 to 254 belong to the log's owner. */
export const KIND_HEADER = 0
export const KIND_END = 255

export const HEAD_BYTES = 56
export const PAYLOAD_BYTES_MAX = 1 << 30

const MAGIC = 0x4d_46_52_4c
const CRC_FROM = 8
const TWO_32 = 4294967296
const PADDING = new Uint8Array(8)

export interface FrameHead {
  /** The owner's: 1 to 254. */
  readonly kind: number
  readonly flags: number
  /** The offset of the frame's first record. */
  readonly first: number
  /** How many offsets the frame takes; the next frame's first is `first + count`. */
  readonly count: number
  readonly timestampUs: number
  readonly epoch: number
  readonly watermarkUs: number
  readonly payloadBytes: number
}

export interface Frame extends FrameHead {
  /** The offset after the frame. */
  readonly next: number
  /** The reader's gift: in memory of its own, starting at a multiple of 8 bytes. */
  readonly payload: Uint8Array
}

/** Bytes of a whole frame on disk. */
export const frameBytes = (payloadBytes: number): number =>
  HEAD_BYTES + Math.ceil(payloadBytes / 8) * 8

/** The zeros that follow a payload. */
export const paddingOf = (payloadBytes: number): Uint8Array =>
  PADDING.subarray(0, (8 - (payloadBytes % 8)) % 8)

export const bytesOf = (parts: readonly Uint8Array[]): number =>
  parts.reduce((sum, part) => sum + part.length, 0)

/** The 56 bytes before the payload `parts`, CRC included. */
export function encodeHead(
  head: Omit<FrameHead, 'payloadBytes'>,
  parts: readonly Uint8Array[],
): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES)
  const view = new DataView(bytes.buffer)
  const payloadBytes = bytesOf(parts)
  view.setUint32(0, MAGIC, true)
  view.setUint32(8, payloadBytes, true)
  view.setUint8(12, head.kind)
  view.setUint8(13, head.flags)
  writeInt64(view, 16, head.first)
  view.setUint32(24, head.count, true)
  writeInt64(view, 32, head.timestampUs)
  writeInt64(view, 40, head.epoch)
  view.setFloat64(48, head.watermarkUs, true)
  let crc = crc32(bytes.subarray(CRC_FROM))
  for (const part of parts) crc = crc32(part, crc)
  view.setUint32(4, crc32(paddingOf(payloadBytes), crc), true)
  return bytes
}

/** The head at the start of `bytes`; undefined if that is not the start of a frame. The CRC is not
 *  checked: see `isIntact`. */
export function decodeHead(bytes: Uint8Array): FrameHead | undefined {
  if (bytes.length < HEAD_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES)
  const payloadBytes = view.getUint32(8, true)
  if (view.getUint32(0, true) !== MAGIC || payloadBytes > PAYLOAD_BYTES_MAX) return undefined
  return {
    kind: view.getUint8(12),
    flags: view.getUint8(13),
    first: readInt64(view, 16),
    count: view.getUint32(24, true),
    timestampUs: readInt64(view, 32),
    epoch: readInt64(view, 40),
    watermarkUs: view.getFloat64(48, true),
    payloadBytes,
  }
}

/** Whether the CRC of a whole frame (head, payload and padding) is right. */
export function isIntact(frame: Uint8Array): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, HEAD_BYTES)
  return crc32(frame.subarray(CRC_FROM)) === view.getUint32(4, true)
}

function writeInt64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true)
  view.setInt32(at + 4, Math.floor(value / TWO_32), true)
}

const readInt64 = (view: DataView, at: number): number =>
  view.getInt32(at + 4, true) * TWO_32 + view.getUint32(at, true)
