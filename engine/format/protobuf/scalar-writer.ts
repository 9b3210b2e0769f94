/** Writes values that have no parts as Protobuf, without their tags. */

import { fail } from '../../base/errors.ts'
import { type DataType, isInteger } from '../../batch/types.ts'
import type { Value } from '../../batch/value.ts'
import { type ByteWriter, highLane, lowLane } from '../byte-writer.ts'
import type { ProtoScalar, ProtoType } from './schema.ts'

/** Writes one value that is not NULL. */
export type WriteScalar = (value: Exclude<Value, null>, out: ByteWriter) => void

/** undefined if the field's type takes no values of the column's. OUT_OF_RANGE for numbers beyond
 *  it. */
export function scalarWriter(to: ProtoType, type: DataType): WriteScalar | undefined {
  switch (to.kind) {
    case 'message':
      return undefined
    case 'bool':
      return type.kind === 'boolean' ? (value, out) => out.byte(value === true ? 1 : 0) : undefined
    case 'string':
      if (type.kind !== 'varchar' && type.kind !== 'json') return undefined
      return (value, out) => writeBytes(Buffer.from(value as string), out)
    case 'bytes':
      if (type.kind !== 'bytes') return undefined
      return (value, out) => writeBytes(value as Uint8Array, out)
    case 'float':
      return type.kind === 'float' ? (value, out) => out.float(value as number) : undefined
    case 'double':
      if (type.kind !== 'float' && type.kind !== 'double') return undefined
      return (value, out) => out.double(value as number)
    case 'enum':
      return enumWriter(to.numbers, type)
    default:
      return integerWriter(to.kind, type)
  }
}

function writeBytes(bytes: Uint8Array, out: ByteWriter): void {
  out.varint(bytes.length)
  out.range(bytes)
}

/** Negative numbers have ten bytes. */
const writeLong = (value: number | bigint, out: ByteWriter): void =>
  out.varint(lowLane(value), highLane(value))

const DIGITS = /^-?\d{1,10}$/

function enumWriter(numbers: ReadonlyMap<string, number>, type: DataType): WriteScalar | undefined {
  if (isInteger(type)) return integerWriter('int32', type)
  if (type.kind !== 'varchar') return undefined
  return (value, out) => {
    const text = value as string
    const number = numbers.get(text) ?? (DIGITS.test(text) ? Number(text) : undefined)
    if (number === undefined || number !== (number | 0)) {
      fail('INVALID_VALUE', `the enum has no ${text}`)
    }
    writeLong(number, out)
  }
}

/** Of each integer type: the bits, whether it has a sign, and how it is written. */
const INTEGERS: Partial<
  Record<ProtoScalar, readonly [number, boolean, 'varint' | 'zigzag' | 'fixed']>
> = {
  int32: [32, true, 'varint'],
  uint32: [32, false, 'varint'],
  sint32: [32, true, 'zigzag'],
  fixed32: [32, false, 'fixed'],
  sfixed32: [32, true, 'fixed'],
  int64: [64, true, 'varint'],
  uint64: [64, false, 'varint'],
  sint64: [64, true, 'zigzag'],
  fixed64: [64, false, 'fixed'],
  sfixed64: [64, true, 'fixed'],
}

function integerWriter(kind: ProtoScalar, type: DataType): WriteScalar | undefined {
  const form = INTEGERS[kind]
  const isWhole = type.kind === 'decimal' && type.scale === 0
  if (form === undefined || (!isInteger(type) && !isWhole)) return undefined
  const [bits, signed, how] = form
  const least = signed ? -(2n ** BigInt(bits - 1)) : 0n
  const most = 2n ** BigInt(signed ? bits - 1 : bits) - 1n
  return (value, out) => {
    const number = value as number | bigint
    if (number < least || number > most) fail('OUT_OF_RANGE', `${number} is no ${kind}`)
    const low = lowLane(number)
    if (how === 'varint') writeLong(number, out)
    else if (how === 'zigzag') out.zigzag(low, highLane(number))
    else {
      out.fixed32(low)
      if (bits === 64) out.fixed32(highLane(number))
    }
  }
}

/** Whether the value is the default of a field that cannot be told apart from it. */
export function isZero(value: Value, to: ProtoType): boolean {
  if (to.kind === 'enum') return value === 0 || to.numbers.get(value as string) === 0
  if (value instanceof Uint8Array) return value.length === 0
  return value === '' || value === false || value === 0n || Object.is(value, 0)
}
