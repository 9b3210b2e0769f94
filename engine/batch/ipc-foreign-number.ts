/** Numbers of a foreign Arrow stream: integers of every width, floating point, decimals. */

import type { Data } from 'apache-arrow'
import { Type } from 'apache-arrow/enum'
import { Precision } from 'apache-arrow/fb/precision'
import { fail } from '../base/errors.ts'
import { allocate, type Values } from './column.ts'
import { type DataType, storageOf, typeName } from './types.ts'

type Integers = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array
type Wide = BigInt64Array | BigUint64Array

/** Whether the row is NULL: whatever stands there need not fit. */
export const isNullAt = ({ nullBitmap, nullCount }: Data, row: number): boolean =>
  nullCount > 0 && ((nullBitmap[row >> 3] >> (row & 7)) & 1) === 0

function outOfRange(value: unknown, type: DataType, row: number): never {
  fail('OUT_OF_RANGE', `${String(value)} is out of range for ${typeName(type)}`, {
    details: { row },
  })
}

function checkLength(values: ArrayLike<unknown>, length: number): void {
  if (values.length < length) fail('INVALID_VALUE', 'a buffer is too short')
}

/** Integers as an integer type; undefined if the column has no integers. */
export function foreignInteger(data: Data, type: DataType): Values | undefined {
  if (data.typeId !== Type.Int) return undefined
  const source = data.values as Integers | Wide
  checkLength(source, data.length)
  const target = allocate(type, data.length)
  if (source.constructor === target.constructor) return (source as Values).subarray(0, data.length)
  const wide = target instanceof BigInt64Array
  for (let row = 0; row < data.length; row++) {
    if (isNullAt(data, row)) continue
    const value = source[row]
    const fitted = wide ? BigInt(value) : Number(value)
    ;(target as BigInt64Array)[row] = fitted as bigint
    // What does not fit comes back as something else. (Loose: a number may meet a bigint.)
    if (target[row] !== fitted) outOfRange(value, type, row)
  }
  return target
}

/** Floating point, or integers, as FLOAT or DOUBLE; undefined if the column has neither. */
export function foreignDouble(data: Data, type: DataType): Values | undefined {
  const half = (data.type as { precision?: Precision }).precision === Precision.HALF
  const floating = data.typeId === Type.Float && !half
  if (!floating && data.typeId !== Type.Int) return undefined
  const source = data.values as Float32Array | Float64Array | Wide
  checkLength(source, data.length)
  const target = allocate(type, data.length) as Float64Array
  if (source.constructor === target.constructor) {
    return (source as Float64Array).subarray(0, data.length)
  }
  for (let row = 0; row < data.length; row++) {
    const value = Number(source[row])
    target[row] = value
    const lost = Number.isFinite(value) && !Number.isFinite(target[row])
    if (lost && !isNullAt(data, row)) outOfRange(value, type, row)
  }
  return target
}

/** Decimals and integers as DECIMAL of at least their scale; undefined if the column has neither,
 *  or more decimal places. */
export function foreignDecimal(
  data: Data,
  type: Extract<DataType, { kind: 'decimal' }>,
): Values | undefined {
  const { scale = 0, bitWidth } = data.type as { scale?: number; bitWidth?: number }
  const decimal = data.typeId === Type.Decimal && bitWidth === 128
  if (!decimal && data.typeId !== Type.Int) return undefined
  if (scale > type.scale) return undefined
  const factor = 10n ** BigInt(type.scale - scale)
  const limit = 10n ** BigInt(type.precision)
  const target = allocate(type, data.length) as BigInt64Array
  const wide = storageOf(type) === 'i128'
  const read = decimal ? decimalReader(data) : integerReader(data)
  for (let row = 0; row < data.length; row++) {
    if (isNullAt(data, row)) continue
    const value = read(row) * factor
    if (value <= -limit || value >= limit) outOfRange(read(row), type, row)
    if (wide) {
      target[row * 2] = value
      target[row * 2 + 1] = value >> 64n
    } else {
      target[row] = value
    }
  }
  return target
}

function integerReader(data: Data): (row: number) => bigint {
  const values = data.values as Integers | Wide
  checkLength(values, data.length)
  return (row) => BigInt(values[row])
}

function decimalReader(data: Data): (row: number) => bigint {
  const bytes = data.values as Uint32Array
  checkLength(bytes, data.length * 4)
  // A copy starts at a multiple of 8, whatever the message does.
  const lanes = new BigInt64Array(bytes.slice(0, data.length * 4).buffer)
  return (row) => (lanes[row * 2 + 1] << 64n) | BigInt.asUintN(64, lanes[row * 2])
}
