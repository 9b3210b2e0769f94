/** What a table may ask about each record beside its value, and how it becomes a column. */

import { columnOf } from '../../engine/batch/builder.ts'
import { BytesBuilder } from '../../engine/batch/bytes-builder.ts'
import { allValid, Column } from '../../engine/batch/column.ts'
import {
  BIGINT,
  BYTES,
  type DataType,
  INT,
  TIMESTAMP_LTZ,
  VARCHAR,
} from '../../engine/batch/types.ts'
import { ByteReader } from './byte-reader.ts'
import { ABSENT, type RecordRows, type WantedParts } from './record-rows.ts'

const HEADERS: DataType = { kind: 'map', key: VARCHAR, value: BYTES }

/** As Flink has them, and the key. */
export const METADATA = {
  topic: VARCHAR,
  partition: INT,
  headers: HEADERS,
  'leader-epoch': INT,
  offset: BIGINT,
  timestamp: TIMESTAMP_LTZ,
  'timestamp-type': VARCHAR,
  key: BYTES,
} as const satisfies Readonly<Record<string, DataType>>

export const WRITABLE_METADATA: readonly string[] = ['headers', 'timestamp']

type Key = keyof typeof METADATA

/** What the readers must look at for these keys. */
export function wantedParts(
  keys: ReadonlySet<string>,
  more: { readonly keys: boolean; readonly tombstones: boolean },
): WantedParts {
  return {
    keys: more.keys || keys.has('key'),
    tombstones: more.tombstones,
    headers: keys.has('headers'),
    timestamps: keys.has('timestamp'),
    leaderEpochs: keys.has('leader-epoch'),
  }
}

/** Where records come from. */
export interface Origin {
  readonly topic: string
  readonly partition: number
  /** The topic has the broker's times rather than the producers'. */
  readonly hasAppendTimes: boolean
}

/** The metadata of the rows, a column for each key. */
export function metadataColumns(
  keys: ReadonlySet<string>,
  rows: RecordRows,
  bytes: Uint8Array,
  origin: Origin,
): Record<string, Column> {
  return Object.fromEntries(
    [...keys].map((key) => [key, metadataColumn(key as Key, rows, bytes, origin)]),
  )
}

function metadataColumn(key: Key, rows: RecordRows, bytes: Uint8Array, origin: Origin): Column {
  const { count } = rows
  switch (key) {
    case 'topic':
      return sameText(origin.topic, count)
    case 'partition':
      return ints(new Int32Array(count).fill(origin.partition))
    case 'leader-epoch':
      return ints(rows.leaderEpochs.slice(0, count))
    case 'offset':
      return longs(BIGINT, rows.offsets, count)
    case 'timestamp':
      return instants(rows.timestampsMs, count)
    case 'timestamp-type':
      return sameText(origin.hasAppendTimes ? 'LogAppendTime' : 'CreateTime', count)
    case 'key':
      return keyColumn(rows, bytes)
    case 'headers':
      return headersColumn(rows, bytes)
  }
}

const ints = (values: Int32Array): Column =>
  new Column({ type: INT, length: values.length, values })

function sameText(text: string, length: number): Column {
  const entries = columnOf(VARCHAR, [text])
  const starts = new Int32Array(length)
  const ends = new Int32Array(length).fill(entries.ends[0])
  const dictionary = { codes: new Int32Array(length), entries }
  return new Column({ type: VARCHAR, length, values: entries.values, starts, ends, dictionary })
}

/** Whole numbers below 2^53 as 64 bits. */
function longs(type: DataType, numbers: Float64Array, length: number): Column {
  const values = new BigInt64Array(length)
  const column = new Column({ type, length, values })
  for (let i = 0; i < length; i++) {
    const high = Math.floor(numbers[i] / 4294967296)
    column.lanes[2 * i] = numbers[i] - high * 4294967296
    column.lanes[2 * i + 1] = high
  }
  return column
}

const INSTANT_MS_MAX = 253_402_300_799_999

/** Microseconds; NULL for what is no instant of the years 1970 to 9999, whoever sent it. */
function instants(timesMs: Float64Array, length: number): Column {
  const timesUs = new Float64Array(length)
  let validity: Uint8Array | null = null
  for (let i = 0; i < length; i++) {
    const ms = timesMs[i]
    if (ms >= 0 && ms <= INSTANT_MS_MAX) timesUs[i] = ms * 1000
    else {
      validity ??= allValid(length)
      validity[i >> 3] &= ~(1 << (i & 7))
    }
  }
  const { values } = longs(TIMESTAMP_LTZ, timesUs, length)
  return new Column({ type: TIMESTAMP_LTZ, length, values, validity })
}

/** NULL where a record has no key. */
function keyColumn({ keyStarts, keyEnds, count }: RecordRows, bytes: Uint8Array): Column {
  const starts = keyStarts.slice(0, count)
  const ends = keyEnds.slice(0, count)
  let validity: Uint8Array | null = null
  for (let i = 0; i < count; i++) {
    if (starts[i] !== ABSENT) continue
    validity ??= allValid(count)
    validity[i >> 3] &= ~(1 << (i & 7))
    starts[i] = 0
    ends[i] = 0
  }
  return new Column({ type: BYTES, length: count, values: bytes, validity, starts, ends })
}

/** Headers as a map; of several with one name the last counts. */
function headersColumn({ headerStarts, count }: RecordRows, bytes: Uint8Array): Column {
  const keys = new BytesBuilder(VARCHAR)
  const values = new BytesBuilder(BYTES)
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  for (let row = 0; row < count; row++) {
    starts[row] = keys.length
    for (const [name, at, end] of headersAt(bytes, headerStarts[row])) {
      keys.appendText(name)
      if (at === ABSENT) values.appendNull()
      else values.appendBytes(bytes, at, end)
    }
    ends[row] = keys.length
  }
  const children = [keys.finish(), values.finish()]
  return new Column({ type: HEADERS, length: count, starts, ends, children })
}

const reader = new ByteReader()

/** Name and place of the value of each header. */
function headersAt(bytes: Uint8Array, at: number): [string, number, number][] {
  reader.bytes = bytes
  reader.at = at
  const found = new Map<string, [string, number, number]>()
  for (let left = reader.int(); left > 0 && reader.at < bytes.length; left--) {
    const nameEnd = reader.int() + reader.at
    const name = textOf(bytes.subarray(reader.at, nameEnd))
    reader.at = nameEnd
    const length = reader.int()
    found.set(name, [name, length < 0 ? ABSENT : reader.at, reader.at + length])
    if (length > 0) reader.at += length
  }
  return [...found.values()]
}

const decoder = new TextDecoder()
/** What is not UTF-8 gets replacement characters, as in the Java client. */
const textOf = (bytes: Uint8Array): string => decoder.decode(bytes)
