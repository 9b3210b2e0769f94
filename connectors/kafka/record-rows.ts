/** Records of a partition on their way into columns: where the parts of each lie in the fetched
 *  bytes. No object is made for a record. */

import { ByteReader } from './byte-reader.ts'
import { damaged } from './record-batch.ts'

/** What of the records is looked at beside their values. */
export interface WantedParts {
  readonly keys: boolean
  readonly headers: boolean
  readonly timestamps: boolean
  readonly leaderEpochs: boolean
  /** A record without a value is a row (the end of its key's one). Else it is passed over. */
  readonly tombstones: boolean
}

/** The records of one batch that are not read yet. */
export interface OpenBatch {
  /** Of the fetched bytes, or of what was compressed. */
  readonly bytes: Uint8Array
  at: number
  left: number
  readonly baseOffset: number
  readonly baseTimestampMs: number
  readonly appendTimeMs: number | undefined
  readonly leaderEpoch: number
}

/** For records without a key or a value. */
export const ABSENT = -1

const NONE = new Int32Array(0)
const reader = new ByteReader()

export class RecordRows {
  readonly #wanted: WantedParts
  readonly capacity: number
  count = 0
  /** The values; ABSENT: a tombstone. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly keyStarts: Int32Array
  readonly keyEnds: Int32Array
  /** Where the number of headers stands. */
  readonly headerStarts: Int32Array
  readonly offsets: Float64Array
  readonly timestampsMs: Float64Array
  readonly leaderEpochs: Int32Array
  /** The times are those of the broker. */
  hasAppendTimes = false

  constructor(wanted: WantedParts, capacity: number) {
    const { keys, headers, timestamps, leaderEpochs } = wanted
    this.#wanted = wanted
    this.capacity = capacity
    this.starts = new Int32Array(capacity)
    this.ends = new Int32Array(capacity)
    this.keyStarts = keys ? new Int32Array(capacity) : NONE
    this.keyEnds = keys ? new Int32Array(capacity) : NONE
    this.headerStarts = headers ? new Int32Array(capacity) : NONE
    this.offsets = new Float64Array(capacity)
    this.timestampsMs = new Float64Array(timestamps ? capacity : 0)
    this.leaderEpochs = leaderEpochs ? new Int32Array(capacity) : NONE
  }

  /** Takes records at offsets [from, until) from the batch while there is room. `shift`: where the
   *  batch's bytes will stand in those of the rows. Returns the offset of the first record that is
   *  left; Infinity if none is. DATA_DAMAGED. */
  take(batch: OpenBatch, from: number, until: number, shift: number): number {
    const { bytes, baseOffset } = batch
    const wanted = this.#wanted
    this.hasAppendTimes = batch.appendTimeMs !== undefined
    reader.bytes = bytes
    while (batch.left > 0) {
      const row = this.count
      if (row === this.capacity) return Math.max(from, baseOffset)
      reader.at = batch.at
      const length = reader.int()
      const end = reader.at + length
      reader.at++
      const timestampDelta = reader.long()
      const offset = baseOffset + reader.int()
      if (offset >= until) return offset
      const keyLength = reader.int()
      const keyAt = reader.at
      if (keyLength > 0) reader.at += keyLength
      const valueLength = reader.int()
      const valueAt = reader.at
      if (valueLength > 0) reader.at += valueLength
      const isWhole = length >= 0 && end <= bytes.length && reader.at < end
      if (!isWhole || keyLength < ABSENT || valueLength < ABSENT) damaged(baseOffset)
      batch.at = end
      batch.left--
      if (offset < from) continue
      from = offset + 1
      const isTombstone = valueLength === ABSENT
      if (isTombstone && !wanted.tombstones) continue
      this.count++
      this.starts[row] = isTombstone ? ABSENT : valueAt + shift
      this.ends[row] = isTombstone ? ABSENT : valueAt + valueLength + shift
      if (wanted.keys) {
        this.keyStarts[row] = keyLength === ABSENT ? ABSENT : keyAt + shift
        this.keyEnds[row] = keyLength === ABSENT ? ABSENT : keyAt + keyLength + shift
      }
      if (wanted.headers) this.headerStarts[row] = reader.at + shift
      this.offsets[row] = offset
      if (wanted.leaderEpochs) this.leaderEpochs[row] = batch.leaderEpoch
      if (wanted.timestamps) {
        this.timestampsMs[row] = batch.appendTimeMs ?? batch.baseTimestampMs + timestampDelta
      }
    }
    return Infinity
  }
}
