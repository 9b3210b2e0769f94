/** What Avro's logical types of time count, and how it becomes microseconds and back. */

import { fail } from '../../base/errors.ts'
import { exactInteger, type Value } from '../../batch/value.ts'
import { floorTo } from '../../batch/value-from-json.ts'
import type { AvroType, Logical } from './schema.ts'

/** Units in a microsecond, or microseconds in a unit. */
export type Unit = 'millis' | 'micros' | 'nanos'

/** A value's logical type, or else what the other side takes it for. */
export const logicalOf = (writer: AvroType, reader: AvroType): Logical | undefined =>
  ('logical' in writer ? writer.logical : undefined) ??
  ('logical' in reader ? reader.logical : undefined)

/** Of `time-…` and of `timestamp-…` with or without `local-`; undefined for any other. */
export function unitOf(logical: Logical | undefined, of: 'time' | 'timestamp'): Unit | undefined {
  const match = /^(?:local-)?(time|timestamp)-(\w+)$/.exec(logical?.name ?? '')
  return match?.[1] === of ? (match[2] as Unit) : undefined
}

// Both are doubles as they are; a number meets no bigint on the way.
const US_MIN = -62_135_596_800_000_000
const US_MAX = 253_402_300_800_000_000

/** Microseconds, cut to a precision of `stepUs`. OUT_OF_RANGE beyond the years 1 to 9999. */
export function toMicros(value: number | bigint, unit: Unit, stepUs: number): number | bigint {
  const us = unit === 'millis' ? times(value, 1000) : unit === 'micros' ? value : cut(value)
  if (us < US_MIN || us >= US_MAX) fail('OUT_OF_RANGE', 'the time is not in the years 1 to 9999')
  return floorTo(us, stepUs)
}

function times(value: number | bigint, factor: number): number | bigint {
  const product = Number(value) * factor
  return Number.isSafeInteger(product) ? product : exactInteger(BigInt(value) * BigInt(factor))
}

function cut(nanos: number | bigint): number | bigint {
  if (typeof nanos === 'number') return Math.floor(nanos / 1000)
  return exactInteger((nanos - (((nanos % 1000n) + 1000n) % 1000n)) / 1000n)
}

/** The inverse; milliseconds are cut down. OUT_OF_RANGE if nanoseconds are beyond 64 bits. */
export function fromMicros(us: number | bigint, unit: Unit): number | bigint {
  if (unit === 'micros') return us
  if (unit === 'millis') return cut(us)
  const nanos = times(us, 1000)
  if (BigInt.asIntN(64, BigInt(nanos)) === BigInt(nanos)) return nanos
  return fail('OUT_OF_RANGE', 'the time does not fit into 64 bits of nanoseconds')
}

/** The integer that big-endian bytes are, in two's complement. */
export function integerOf(bytes: Uint8Array, start: number, end: number): Exclude<Value, null> {
  if (end - start <= 6) {
    let value = 0
    for (let i = start; i < end; i++) value = value * 256 + bytes[i]
    return end > start && bytes[start] > 127 ? value - 256 ** (end - start) : value
  }
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('hex')
  return BigInt.asIntN((end - start) * 8, BigInt(`0x${hex}`))
}
