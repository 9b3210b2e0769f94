/** What stands in one frame of an embedded stream's log: the records in columns, and, where the
 *  producer said more of them, an envelope: time, key, headers and priority of each. A frame that
 *  was compacted holds fewer records than offsets and says which ones. */

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Batch, emptyBatch } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { Column } from '../batch/column.ts'
import { decodeBatch, encodeBatch } from '../batch/ipc.ts'
import { type Field, type Schema, schemaOf } from '../batch/schema.ts'
import { BIGINT, type DataType, INT, TIMESTAMP_LTZ, VARCHAR } from '../batch/types.ts'
import type { Frame } from '../log/frame.ts'
import { recordColumns, type TableSpec } from './table.ts'

/** Bits of a frame's flags. */
export const KEYED_FLAG = 1
export const ENVELOPED_FLAG = 2
/** The frame is one part of a request that went to several splits. */
export const JOINT_FLAG = 4
/** The payload is compressed with zstd. */
export const PACKED_FLAG = 8
export const SPARSE_FLAG = 16
/** A record has a priority other than 0. Only with an envelope. */
export const PRIORITY_FLAG = 32

const HEADERS: DataType = { kind: 'map', key: VARCHAR, value: VARCHAR }

/** What METADATA columns of an embedded stream can ask for. */
export const STREAM_METADATA: Readonly<Record<string, DataType>> = {
  timestamp: TIMESTAMP_LTZ,
  key: VARCHAR,
  headers: HEADERS,
  priority: INT,
  offset: BIGINT,
  split: INT,
}

/** The metadata that a producer can give, in the order of an envelope's columns. */
export const ENVELOPE_KEYS = ['timestamp', 'key', 'headers', 'priority'] as const
export type EnvelopeKey = (typeof ENVELOPE_KEYS)[number]

const ENVELOPE: readonly Field[] = ENVELOPE_KEYS.map((key) => ({
  name: `$${key}`,
  type: STREAM_METADATA[key],
  nullable: key === 'key',
}))
const OFFSET: Field = { name: '$offset', type: INT, nullable: false }

/** The columns that a record of the table itself has: the stored ones without metadata. */
export const recordSchema = (table: TableSpec): Schema =>
  schemaOf(recordColumns(table).map((column) => table.schema.fields[column]))

/** Records with their envelopes. */
export const envelopedSchema = (record: Schema): Schema => schemaOf([...record.fields, ...ENVELOPE])

/** The records of a frame, in columns. */
export interface StreamFrame {
  /** The frame's offsets [first, next). */
  readonly first: number
  readonly next: number
  readonly flags: number
  /** When it was written. */
  readonly timestampUs: number
  readonly records: Batch
  /** By `ENVELOPE_KEYS`; null: nothing was said. */
  readonly envelope: Readonly<Record<EnvelopeKey, Column>> | null
  /** Row i has the offset first + places[i], ascending. null: row i has first + i. */
  readonly places: Int32Array | null
}

/** The offset of a frame's row. */
export const offsetAt = ({ first, places }: StreamFrame, row: number): number =>
  first + (places === null ? row : places[row])

/** The first row of the frame whose offset is not before `offset`. */
export function rowFrom({ first, places, records }: StreamFrame, offset: number): number {
  if (places === null) return Math.max(0, Math.min(offset - first, records.rowCount))
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (first + places[middle] < offset) low = middle + 1
    else high = middle
  }
  return low
}

/** What `frame` holds; `record` is the schema of the stream's records. DATA_DAMAGED. */
export function decodeStreamFrame(frame: Frame, record: Schema): StreamFrame {
  const { first, next, flags, timestampUs } = frame
  if (frame.payload.length === 0) {
    // Compaction has left nothing.
    const nothing = { records: emptyBatch(record), envelope: null, places: new Int32Array(0) }
    return { first, next, flags, timestampUs, ...nothing }
  }
  const enveloped = (flags & ENVELOPED_FLAG) !== 0
  const sparse = (flags & SPARSE_FLAG) !== 0
  const fields = [...record.fields, ...(enveloped ? ENVELOPE : []), ...(sparse ? [OFFSET] : [])]
  const packed = (flags & PACKED_FLAG) !== 0
  const payload = packed ? zstdDecompressSync(frame.payload) : frame.payload
  const all = decodeBatch(payload, schemaOf(fields))
  const width = record.fields.length
  const columns = all.columns
  return {
    ...{ first, next, flags, timestampUs },
    records: new Batch(record, columns.slice(0, width), all.rowCount, all.weights),
    envelope: enveloped ? envelopeOf(columns.slice(width)) : null,
    places: sparse ? (columns.at(-1)!.values as Int32Array) : null,
  }
}

const envelopeOf = ([timestamp, key, headers, priority]: readonly Column[]) => ({
  ...{ timestamp, key, headers, priority },
})

/** Payloads below this are not worth compressing. */
const PACKED_BYTES_MIN = 512
const ZSTD_LEVEL = 1
const PACK = { params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } }

export interface EncodedRows {
  readonly flags: number
  readonly payload: Uint8Array
}

/** The rows as a frame's payload, with the flags that it needs. `enveloped`: the last columns are
 *  the envelope's. `places`: the rows are what compaction left. */
export function encodeStreamRows(
  rows: Batch,
  options: {
    readonly enveloped: boolean
    readonly packed?: boolean
    readonly places?: Int32Array | undefined
  },
): EncodedRows {
  const { enveloped, places } = options
  let flags = enveloped ? ENVELOPED_FLAG : 0
  if (enveloped && hasPriority(rows)) flags |= PRIORITY_FLAG
  let batch = rows
  if (places !== undefined) {
    flags |= SPARSE_FLAG
    const column = new Column({ type: INT, length: places.length, values: places })
    const schema = schemaOf([...rows.schema.fields, OFFSET])
    batch = new Batch(schema, [...rows.columns, column], rows.rowCount, rows.weights)
  }
  const payload = encodeBatch(batch)
  if (options.packed !== true || payload.length < PACKED_BYTES_MIN) return { flags, payload }
  const packed = zstdCompressSync(payload, PACK)
  if (packed.length > payload.length * 0.9) return { flags, payload }
  return { flags: flags | PACKED_FLAG, payload: packed }
}

function hasPriority({ columns, rowCount }: Batch): boolean {
  const priorities = columns.at(-1)!.values as Int32Array
  for (let row = 0; row < rowCount; row++) if (priorities[row] !== 0) return true
  return false
}

/** One column per key, a value for each row of the frame. */
export function metadataOf(
  frame: StreamFrame,
  split: number,
  keys: Iterable<string>,
): Record<string, Column> {
  const columns: Record<string, Column> = {}
  for (const key of keys) columns[key] = metadataColumn(frame, split, key)
  return columns
}

function metadataColumn(frame: StreamFrame, split: number, key: string): Column {
  const { envelope, records, timestampUs } = frame
  const length = records.rowCount
  if (key === 'offset') {
    return columnOf(
      BIGINT,
      Array.from({ length }, (_, row) => offsetAt(frame, row)),
    )
  }
  if (key === 'split') {
    return new Column({ type: INT, length, values: new Int32Array(length).fill(split) })
  }
  const given = envelope?.[key as EnvelopeKey]
  if (given !== undefined) return given
  switch (key as EnvelopeKey) {
    case 'timestamp': {
      const us = BigInt(toMillisecond(timestampUs))
      return new Column({ type: TIMESTAMP_LTZ, length, values: new BigInt64Array(length).fill(us) })
    }
    case 'priority':
      return new Column({ type: INT, length, values: new Int32Array(length) })
    case 'headers':
      return columnOf(HEADERS, Array(length).fill([]))
    case 'key':
      return columnOf(VARCHAR, Array(length).fill(null))
  }
}

/** Microseconds without what a TIMESTAMP_LTZ(3) has no place for. */
export const toMillisecond = (us: number): number => Math.floor(us / 1000) * 1000
