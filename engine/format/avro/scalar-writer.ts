/** Writes values that have no parts as Avro. */

import { fail } from '../../base/errors.ts'
import { type DataType, isInteger, isTimestamp } from '../../batch/types.ts'
import type { Value } from '../../batch/value.ts'
import { type ByteWriter, highLane, lowLane } from '../byte-writer.ts'
import type { AvroType } from './schema.ts'
import { fromMicros, unitOf } from './units.ts'

/** Writes one value that is not NULL. */
export type WriteScalar = (value: Exclude<Value, null>, out: ByteWriter) => void

/** undefined if the schema, which is no union, takes no values of the type. */
export function scalarWriter(schema: AvroType, type: DataType): WriteScalar | undefined {
  switch (schema.kind) {
    case 'boolean':
      return type.kind === 'boolean' ? (value, out) => out.byte(value === true ? 1 : 0) : undefined
    case 'int':
    case 'long':
      return integerWriter(schema, type)
    case 'float':
    case 'double':
      return floatWriter(schema.kind, type)
    case 'string':
    case 'enum':
      return textWriter(schema, type)
    case 'bytes':
    case 'fixed':
      return type.kind === 'decimal' ? decimalWriter(schema, type.scale) : bytesWriter(schema, type)
    default:
      return undefined
  }
}

const writeLong = (value: number | bigint, out: ByteWriter): void =>
  out.zigzag(lowLane(value), highLane(value))

function integerWriter(
  { kind, logical }: Extract<AvroType, { kind: 'int' | 'long' }>,
  type: DataType,
): WriteScalar | undefined {
  const isTime = type.kind === 'time'
  if (isTime || isTimestamp(type)) {
    const unit = unitOf(logical, isTime ? 'time' : 'timestamp')
    return unit && ((us, out) => writeLong(fromMicros(us as number | bigint, unit), out))
  }
  const isDate = type.kind === 'date' && logical?.name === 'date'
  const fits = isInteger(type) && (kind === 'long' || type.kind !== 'bigint')
  if (!isDate && !fits) return undefined
  return (value, out) => writeLong(value as number | bigint, out)
}

const FLOATS: Readonly<Record<'float' | 'double', readonly string[]>> = {
  float: ['tinyint', 'smallint', 'int', 'bigint', 'float'],
  double: ['tinyint', 'smallint', 'int', 'bigint', 'float', 'double'],
}

function floatWriter(kind: 'float' | 'double', type: DataType): WriteScalar | undefined {
  if (!FLOATS[kind].includes(type.kind)) return undefined
  return kind === 'float'
    ? (value, out) => out.float(Number(value))
    : (value, out) => out.double(Number(value))
}

function textWriter(
  schema: Extract<AvroType, { kind: 'string' | 'enum' }>,
  type: DataType,
): WriteScalar | undefined {
  if (type.kind !== 'varchar' && !(type.kind === 'json' && schema.kind === 'string')) {
    return undefined
  }
  if (schema.kind !== 'enum') return (value, out) => writeBytes(Buffer.from(value as string), out)
  const places = new Map(schema.symbols.map((symbol, i) => [symbol, i]))
  return (value, out) => {
    const place = places.get(value as string)
    if (place === undefined) fail('INVALID_VALUE', `the enum has no symbol ${value}`)
    out.zigzag(place, 0)
  }
}

function writeBytes(bytes: Uint8Array, out: ByteWriter): void {
  out.zigzag(bytes.length, 0)
  out.range(bytes)
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

function bytesWriter(
  schema: Extract<AvroType, { kind: 'bytes' | 'fixed' }>,
  { kind }: DataType,
): WriteScalar | undefined {
  const isUuid = schema.kind === 'fixed' && schema.logical?.name === 'uuid' && kind === 'varchar'
  if (kind !== 'bytes' && !isUuid) return undefined
  if (schema.kind !== 'fixed') return (value, out) => writeBytes(value as Uint8Array, out)
  const { size } = schema
  return (value, out) => {
    if (isUuid && !UUID.test(value as string)) fail('INVALID_VALUE', `'${value}' is no UUID`)
    const bytes = isUuid
      ? Buffer.from((value as string).replaceAll('-', ''), 'hex')
      : (value as Uint8Array)
    if (bytes.length !== size) {
      fail('INVALID_VALUE', `the schema wants ${size} bytes, the value has ${bytes.length}`)
    }
    out.range(bytes)
  }
}

function decimalWriter(
  schema: Extract<AvroType, { kind: 'bytes' | 'fixed' }>,
  scale: number,
): WriteScalar | undefined {
  const { logical } = schema
  if (logical?.name !== 'decimal' || logical.scale < scale) return undefined
  const up = 10n ** BigInt(logical.scale - scale)
  const size = schema.kind === 'fixed' ? schema.size : undefined
  const most = 10n ** BigInt(logical.precision)
  return (value, out) => {
    const unscaled = BigInt(value as number | bigint) * up
    if (unscaled >= most || unscaled <= -most) {
      fail('OUT_OF_RANGE', `the schema's decimal has ${logical.precision} digits`)
    }
    const bytes = twosComplement(unscaled, size)
    if (size === undefined) writeBytes(bytes, out)
    else out.range(bytes)
  }
}

/** Big-endian, in `size` bytes or as few as do. */
function twosComplement(value: bigint, size?: number): Uint8Array {
  let count = size ?? 1
  while (BigInt.asIntN(count * 8, value) !== value) count++
  if (size !== undefined && count > size) fail('OUT_OF_RANGE', `the decimal needs ${count} bytes`)
  const hex = BigInt.asUintN(count * 8, value)
    .toString(16)
    .padStart(count * 2, '0')
  return Buffer.from(hex, 'hex')
}
