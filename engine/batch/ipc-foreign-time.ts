/** Dates, times, timestamps and durations of a foreign Arrow stream, in whatever unit. */

import { DateUnit } from 'apache-arrow/fb/date-unit'
import { TimeUnit } from 'apache-arrow/fb/time-unit'
import { Type } from 'apache-arrow/fb/type'
import { fail } from '../base/errors.ts'
import type { Values } from './column.ts'
import type { ForeignData } from './ipc-foreign-read.ts'
import type { DataType } from './types.ts'

const KINDS: Partial<Record<DataType['kind'], Type>> = {
  time: Type.Time,
  timestamp: Type.Timestamp,
  timestamp_ltz: Type.Timestamp,
  interval_second: Type.Duration,
}

const DAY_MS = 86_400_000n

/** Units as microseconds: [times, over]. */
const SCALES: Record<TimeUnit, readonly [bigint, bigint]> = {
  [TimeUnit.SECOND]: [1_000_000n, 1n],
  [TimeUnit.MILLISECOND]: [1000n, 1n],
  [TimeUnit.MICROSECOND]: [1n, 1n],
  [TimeUnit.NANOSECOND]: [1n, 1000n],
}

/** Values as days (DATE) or microseconds, cut to the type's precision; undefined if the column is
 *  of another kind. */
export function foreignTime(data: ForeignData, type: DataType): Values | undefined {
  const source = data.values as Int32Array | BigInt64Array
  const { unit } = data.type
  if (type.kind === 'date') {
    if (data.type.typeId !== Type.Date) return undefined
    if (unit === DateUnit.DAY) return (source as Int32Array).subarray(0, data.length)
    return Int32Array.from({ length: data.length }, (_, i) =>
      Number(floorDivide(BigInt(source[i]), DAY_MS)),
    )
  }
  if (KINDS[type.kind] !== data.type.typeId) return undefined
  const values = toMicroseconds(source, data.length, SCALES[unit as TimeUnit])
  const { precision = 6 } = type as { precision?: number }
  return precision === 6 ? values : cut(values, 10 ** (6 - precision))
}

function toMicroseconds(
  source: Int32Array | BigInt64Array,
  length: number,
  [times, over]: readonly [bigint, bigint],
): BigInt64Array {
  if (source instanceof BigInt64Array && times === over) return source.subarray(0, length)
  const out = new BigInt64Array(length)
  for (let i = 0; i < length; i++) {
    const us = floorDivide(BigInt(source[i]) * times, over)
    out[i] = us
    if (out[i] !== us) fail('OUT_OF_RANGE', 'the time is out of range', { details: { row: i } })
  }
  return out
}

const floorDivide = (a: bigint, b: bigint): bigint => {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

/** Rounds down to multiples of `stepUs`; mostly there is nothing to do. */
function cut(values: BigInt64Array, stepUs: number): BigInt64Array {
  const lanes = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  let out = values
  for (let i = 0; i < values.length; i++) {
    const high = lanes[i * 2 + 1]
    const near = high * 4294967296 + (lanes[i * 2] >>> 0)
    // Exact below 2^53; beyond it the slow way.
    const safe = high >= -(2 ** 21) && high < 2 ** 21
    if (safe && near % stepUs === 0) continue
    if (out === values) out = values.slice()
    out[i] = floorDivide(values[i], BigInt(stepUs)) * BigInt(stepUs)
  }
  return out
}
