/** Reads Avro values that have no parts into a column's builder, by Avro's rules of resolution:
 *  int -> long -> float -> double, string <-> bytes, logical types by their unit. */

import { fail } from '../../base/errors.ts'
import type { ColumnBuilder } from '../../batch/building.ts'
import type { BoolBuilder, Int64Builder, NumberBuilder } from '../../batch/fixed-builder.ts'
import type { DataType } from '../../batch/types.ts'
import type { ByteCursor } from '../byte-cursor.ts'
import type { ViewBuilder } from '../view-builder.ts'
import type { Read } from './blocks.ts'
import type { AvroType } from './schema.ts'
import { branchAt } from './skip.ts'
import { integerOf, logicalOf, toMicros, unitOf } from './units.ts'

/** What reads a value of the writer's type, which is no union; undefined if it cannot be a value of
 *  the column's type. `reader`: the reader's type for it. */
export function scalarReader(
  writer: AvroType,
  reader: AvroType,
  type: DataType,
  builder: ColumnBuilder,
): Read | undefined {
  switch (type.kind) {
    case 'boolean':
      return writer.kind === 'boolean' ? booleanReader(builder as BoolBuilder) : undefined
    case 'tinyint':
    case 'smallint':
    case 'int':
      return writer.kind === 'int' ? intReader(builder as NumberBuilder) : undefined
    case 'date':
      return writer.kind === 'int' && logicalOf(writer, reader)?.name === 'date'
        ? dateReader(builder as NumberBuilder)
        : undefined
    case 'bigint':
      return writer.kind === 'int' || writer.kind === 'long'
        ? longReader(builder as Int64Builder)
        : undefined
    case 'float':
    case 'double':
      return floatReader(writer, type.kind, builder as NumberBuilder)
    case 'decimal':
      return decimalReader(writer, reader, type.scale, builder)
    case 'time':
    case 'timestamp':
    case 'timestamp_ltz':
      return timeReader(writer, reader, type, builder as Int64Builder)
    case 'varchar':
    case 'json':
    case 'bytes':
      return bytesReader(writer, reader, type, builder as ViewBuilder)
    default:
      return undefined
  }
}

function booleanReader(builder: BoolBuilder): Read {
  return (cursor) => {
    const byte = cursor.bytes[cursor.skip(1)]
    if (byte > 1) fail('INVALID_VALUE', `a boolean is 0 or 1, found ${byte}`)
    builder.appendBool(byte === 1)
  }
}

function int(cursor: ByteCursor): number {
  cursor.zigzag()
  if (cursor.high !== cursor.low >> 31) fail('OUT_OF_RANGE', 'an int is beyond 32 bits')
  return cursor.low
}

const intReader =
  (builder: NumberBuilder): Read =>
  (cursor) =>
    builder.appendNumber(int(cursor))

const DAYS_MIN = -719_162
const DAYS_MAX = 2_932_896

function dateReader(builder: NumberBuilder): Read {
  return (cursor) => {
    const days = int(cursor)
    if (days < DAYS_MIN || days > DAYS_MAX) {
      fail('OUT_OF_RANGE', 'the date is not in the years 1 to 9999')
    }
    builder.appendNumber(days)
  }
}

function longReader(builder: Int64Builder): Read {
  return (cursor) => {
    cursor.zigzag()
    builder.appendLanes(cursor.low, cursor.high)
  }
}

function floatReader(
  writer: AvroType,
  kind: 'float' | 'double',
  builder: NumberBuilder,
): Read | undefined {
  switch (writer.kind) {
    case 'int':
    case 'long':
      return (cursor) => {
        cursor.zigzag()
        builder.appendNumber(Number(cursor.signed()))
      }
    case 'float':
      return (cursor) => builder.appendNumber(cursor.view.getFloat32(cursor.skip(4), true))
    case 'double':
      if (kind === 'float') return undefined
      return (cursor) => builder.appendNumber(cursor.view.getFloat64(cursor.skip(8), true))
    default:
      return undefined
  }
}

/** The length of bytes, a string or a fixed value; the cursor is then at its content. */
function lengthOf(writer: AvroType): ((cursor: ByteCursor) => number) | undefined {
  if (writer.kind === 'fixed') return () => writer.size
  if (writer.kind !== 'bytes' && writer.kind !== 'string') return undefined
  return (cursor) => {
    cursor.zigzag()
    return cursor.length()
  }
}

const DECIMAL_BYTES_MAX = 32

function decimalReader(
  writer: AvroType,
  reader: AvroType,
  scale: number,
  builder: ColumnBuilder,
): Read | undefined {
  const logical = logicalOf(writer, reader)
  const length = writer.kind === 'string' ? undefined : lengthOf(writer)
  if (length === undefined || logical?.name !== 'decimal') return undefined
  const up = 10n ** BigInt(Math.max(scale - logical.scale, 0))
  const down = 10n ** BigInt(Math.max(logical.scale - scale, 0))
  return (cursor) => {
    const start = cursor.skip(length(cursor))
    if (cursor.at - start > DECIMAL_BYTES_MAX) fail('OUT_OF_RANGE', 'the decimal is too long')
    const value = integerOf(cursor.bytes, start, cursor.at)
    if (up === down) builder.append(value)
    else {
      const scaled = BigInt(value as number) * up
      if (scaled % down !== 0n) fail('OUT_OF_RANGE', `the decimal has more than ${scale} places`)
      builder.append(scaled / down)
    }
  }
}

function timeReader(
  writer: AvroType,
  reader: AvroType,
  type: Extract<DataType, { precision: number }>,
  builder: ColumnBuilder,
): Read | undefined {
  if (writer.kind !== 'int' && writer.kind !== 'long') return undefined
  const isTime = type.kind === 'time'
  const unit = unitOf(logicalOf(writer, reader), isTime ? 'time' : 'timestamp')
  if (unit === undefined) return undefined
  const stepUs = 10 ** (6 - type.precision)
  return (cursor) => {
    cursor.zigzag()
    const us = toMicros(cursor.signed(), unit, stepUs)
    if (isTime && (us < 0 || us >= DAY_US)) fail('OUT_OF_RANGE', 'the time is not within a day')
    builder.append(us)
  }
}

const DAY_US = 86_400_000_000

function bytesReader(
  writer: AvroType,
  reader: AvroType,
  { kind }: DataType,
  builder: ViewBuilder,
): Read | undefined {
  if (writer.kind === 'enum') {
    return kind === 'varchar' ? enumReader(writer.symbols, reader, builder) : undefined
  }
  if (writer.kind === 'fixed' && kind !== 'bytes') {
    return writer.logical?.name === 'uuid' && kind === 'varchar' ? uuidReader(builder) : undefined
  }
  const length = lengthOf(writer)
  return length && ((cursor) => builder.take(cursor, length(cursor)))
}

/** Symbols that the reader's enum does not have are its default. */
function enumReader(symbols: readonly string[], reader: AvroType, builder: ViewBuilder): Read {
  const texts = symbols.map((symbol) => {
    if (reader.kind !== 'enum' || reader.symbols.includes(symbol)) return Buffer.from(symbol)
    return reader.default === undefined ? symbol : Buffer.from(reader.default)
  })
  return (cursor) => {
    const text = branchAt(cursor, texts)
    if (typeof text === 'string') fail('INVALID_VALUE', `the enum has no symbol ${text}`)
    builder.append(text)
  }
}

function uuidReader(builder: ViewBuilder): Read {
  return (cursor) => {
    const start = cursor.skip(16)
    const hex = Buffer.from(cursor.bytes.subarray(start, start + 16)).toString('hex')
    builder.append(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))
  }
}
