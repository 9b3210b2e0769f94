/** Numbers of a foreign Arrow stream: integers of every width, floating point, decimals. */

import { Type } from 'apache-arrow/fb/type'
import { fail } from '../base/errors.ts'
import { allocate, type Values } from './column.ts'
import type { ForeignData } from './ipc-foreign-read.ts'
import { type DataType, storageOf, typeName } from './types.ts'

type Integers = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array
type Wide = BigInt64Array | BigUint64Array

/** Whether the row is NULL: whatever stands there need not fit. */
export const isNullAt = ({ nullBitmap }: ForeignData, row: number): boolean =>
  nullBitmap !== null && ((nullBitmap[row >> 3] >> (row & 7)) & 1) === 0

function outOfRange(value: unknown, type: DataType, row: number): never {
  fail('OUT_OF_RANGE', `${String(value)} is out of range for ${typeName(type)}`, {
    details: { row },
  })
}

/** Integers as an integer type; undefined if the column has no integers. */
export function foreignInteger(data: ForeignData, type: DataType): Values | undefined {
  if (data.type.typeId !== Type.Int) return undefined
  const source = data.values as Integers | Wide
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
export function foreignDouble(data: ForeignData, type: DataType): Values | undefined {
  const floating = data.type.typeId === Type.FloatingPoint
  if (!floating && data.type.typeId !== Type.Int) return undefined
  const source = data.values as Float32Array | Float64Array | Wide
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
  data: ForeignData,
  type: Extract<DataType, { kind: 'decimal' }>,
): Values | undefined {
  const { scale = 0, bitWidth } = data.type
  const decimal = data.type.typeId === Type.Decimal && bitWidth === 128
  if (!decimal && data.type.typeId !== Type.Int) return undefined
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

function integerReader(data: ForeignData): (row: number) => bigint {
  const values = data.values as Integers | Wide
  return (row) => BigInt(values[row])
}

function decimalReader(data: ForeignData): (row: number) => bigint {
  const lanes = data.values as BigInt64Array
  return (row) => (lanes[row * 2 + 1] << 64n) | BigInt.asUintN(64, lanes[row * 2])
}
