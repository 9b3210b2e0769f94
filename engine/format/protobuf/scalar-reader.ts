/** Reads Protobuf values that have no parts into a column's builder. */

import { fail } from '../../base/errors.ts'
import type { ColumnBuilder } from '../../batch/building.ts'
import type { BoolBuilder, Int64Builder, NumberBuilder } from '../../batch/fixed-builder.ts'
import { type DataType, isFloating, isInteger } from '../../batch/types.ts'
import type { ByteCursor } from '../byte-cursor.ts'
import type { ViewBuilder } from '../view-builder.ts'
import type { ProtoType } from './schema.ts'

/** Reads one value at the cursor. */
export type Read = (cursor: ByteCursor) => void

/** What reads values of the field's type; undefined if the column's type does not take them.
 *  Numbers that are beyond its range are OUT_OF_RANGE. */
export function scalarReader(
  from: ProtoType,
  type: DataType,
  builder: ColumnBuilder,
): Read | undefined {
  switch (from.kind) {
    case 'bool':
      return type.kind === 'boolean' ? boolReader(builder as BoolBuilder) : undefined
    case 'string':
      return type.kind === 'varchar' || type.kind === 'json' ? bytesReader(builder) : undefined
    case 'bytes':
      return type.kind === 'bytes' ? bytesReader(builder) : undefined
    case 'float':
    case 'double':
      return floatReader(from.kind, type, builder as NumberBuilder)
    case 'enum':
      if (type.kind === 'varchar') return enumReader(from.numbers, builder)
      return integerReader((cursor) => int32(cursor), type, builder)
    case 'message':
      return undefined
    case 'int64':
    case 'sint64':
      if (type.kind === 'bigint') return longReader(from.kind === 'sint64', builder as Int64Builder)
      return integerReader(INTEGERS[from.kind], type, builder)
    default:
      return integerReader(INTEGERS[from.kind], type, builder)
  }
}

function boolReader(builder: BoolBuilder): Read {
  return (cursor) => {
    cursor.varint()
    builder.appendBool((cursor.low | cursor.high) !== 0)
  }
}

function bytesReader(builder: ColumnBuilder): Read {
  const views = builder as ViewBuilder
  return (cursor) => {
    cursor.varint()
    views.take(cursor, cursor.length())
  }
}

function floatReader(
  kind: 'float' | 'double',
  type: DataType,
  builder: NumberBuilder,
): Read | undefined {
  if (!isFloating(type) || (kind === 'double' && type.kind === 'float')) return undefined
  return kind === 'float'
    ? (cursor) => builder.appendNumber(cursor.view.getFloat32(cursor.skip(4), true))
    : (cursor) => builder.appendNumber(cursor.view.getFloat64(cursor.skip(8), true))
}

/** A number that the enum does not have is its digits. */
function enumReader(numbers: ReadonlyMap<string, number>, builder: ColumnBuilder): Read {
  // Of several names for a number the first is its own.
  const texts = new Map([...numbers].reverse().map(([name, n]) => [n, Buffer.from(name)]))
  return (cursor) => {
    const number = int32(cursor)
    builder.append(texts.get(number) ?? String(number))
  }
}

function longReader(zigzag: boolean, builder: Int64Builder): Read {
  return (cursor) => {
    if (zigzag) cursor.zigzag()
    else cursor.varint()
    builder.appendLanes(cursor.low, cursor.high)
  }
}

type ReadInteger = (cursor: ByteCursor) => number | bigint

function int32(cursor: ByteCursor): number {
  cursor.varint()
  return cursor.low
}

function fixed64(cursor: ByteCursor): void {
  const at = cursor.skip(8)
  cursor.low = cursor.view.getInt32(at, true)
  cursor.high = cursor.view.getInt32(at + 4, true)
}

const INTEGERS: Readonly<Record<string, ReadInteger>> = {
  int32,
  uint32: (cursor) => int32(cursor) >>> 0,
  sint32(cursor) {
    cursor.zigzag()
    return cursor.low
  },
  fixed32: (cursor) => cursor.view.getUint32(cursor.skip(4), true),
  sfixed32: (cursor) => cursor.view.getInt32(cursor.skip(4), true),
  int64(cursor) {
    cursor.varint()
    return cursor.signed()
  },
  uint64(cursor) {
    cursor.varint()
    return cursor.unsigned()
  },
  sint64(cursor) {
    cursor.zigzag()
    return cursor.signed()
  },
  fixed64(cursor) {
    fixed64(cursor)
    return cursor.unsigned()
  },
  sfixed64(cursor) {
    fixed64(cursor)
    return cursor.signed()
  },
}

function integerReader(
  read: ReadInteger,
  type: DataType,
  builder: ColumnBuilder,
): Read | undefined {
  if (isInteger(type)) return (cursor) => builder.append(read(cursor))
  if (isFloating(type)) return (cursor) => builder.append(Number(read(cursor)))
  if (type.kind !== 'decimal') return undefined
  const unit = 10n ** BigInt(type.scale)
  return (cursor) => builder.append(BigInt(read(cursor)) * unit)
}

/** Puts a field's default into the builder. */
export function defaultAppender(
  from: ProtoType,
  type: DataType,
  builder: ColumnBuilder,
  value: boolean | number | bigint | string | Uint8Array,
): () => void {
  if (from.kind === 'enum' && isInteger(type)) {
    const number = from.numbers.get(value as string) ?? 0
    return () => builder.append(number)
  }
  if (type.kind === 'decimal') {
    const scaled = BigInt(value as number) * 10n ** BigInt(type.scale)
    return () => builder.append(scaled)
  }
  if (isFloating(type)) return () => builder.append(Number(value))
  if (type.kind === 'json' && value === '') {
    return () => fail('INVALID_VALUE', 'the text is not valid JSON')
  }
  return () => builder.append(value)
}
