/** Messages as they are: one column that holds the whole message, a text, bytes, or a number or
 *  truth value in as many bytes as its type has. */

import { isUtf8 } from 'node:buffer'
import { fail, SqlError } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { Column } from '../batch/column.ts'
import { columnBuilder } from '../batch/column-builder.ts'
import { valueAt } from '../batch/rows.ts'
import { type Field, type Schema, schemaText } from '../batch/schema.ts'
import { type DataType, typeName } from '../batch/types.ts'
import { exactInteger, type Value } from '../batch/value.ts'
import { decodeText, encodeTextAs } from './charset.ts'
import { type RowEncoder, recordPerRow } from './encoded-rows.ts'
import { type BadMessage, type MessageDecoder, withoutBad } from './messages.ts'

type Options = Readonly<Record<string, string>>

interface Scalar {
  readonly size: number
  readonly read: (view: DataView, isLittle: boolean) => Value
  readonly write: (view: DataView, value: Value, isLittle: boolean) => void
}

const SCALARS: Partial<Record<DataType['kind'], Scalar>> = {
  boolean: {
    size: 1,
    read: (view) => view.getUint8(0) !== 0,
    write: (view, value) => view.setUint8(0, value === true ? 1 : 0),
  },
  tinyint: {
    size: 1,
    read: (view) => view.getInt8(0),
    write: (view, value) => view.setInt8(0, value as number),
  },
  smallint: {
    size: 2,
    read: (view, isLittle) => view.getInt16(0, isLittle),
    write: (view, value, isLittle) => view.setInt16(0, value as number, isLittle),
  },
  int: {
    size: 4,
    read: (view, isLittle) => view.getInt32(0, isLittle),
    write: (view, value, isLittle) => view.setInt32(0, value as number, isLittle),
  },
  bigint: {
    size: 8,
    read: (view, isLittle) => exactInteger(view.getBigInt64(0, isLittle)),
    write: (view, value, isLittle) =>
      view.setBigInt64(0, BigInt(value as number | bigint), isLittle),
  },
  float: {
    size: 4,
    read: (view, isLittle) => view.getFloat32(0, isLittle),
    write: (view, value, isLittle) => view.setFloat32(0, value as number, isLittle),
  },
  double: {
    size: 8,
    read: (view, isLittle) => view.getFloat64(0, isLittle),
    write: (view, value, isLittle) => view.setFloat64(0, value as number, isLittle),
  },
}

const charsetOf = (options: Options): string => options['raw.charset'] ?? 'UTF-8'
const isLittleEndian = (options: Options): boolean => options['raw.endianness'] === 'little-endian'

/** UNSUPPORTED for any other table. */
function rawField(schema: Schema): Field {
  const [field] = schema.fields
  const kind = field?.type.kind
  const isKnown = kind === 'bytes' || kind === 'varchar' || SCALARS[kind] !== undefined
  if (schema.fields.length === 1 && isKnown) return field
  return fail('UNSUPPORTED', `The format 'raw' is for one column`, {
    hint: `STRING, BYTES, BOOLEAN, a whole number, FLOAT or DOUBLE; the table has ${schemaText(schema)}.`,
  })
}

/** A decoder for a table of one column. UNSUPPORTED for any other table. */
export function rawMessages(schema: Schema, options: Options): MessageDecoder {
  const field = rawField(schema)
  const charset = charsetOf(options)
  const isView =
    field.type.kind === 'bytes' || (field.type.kind === 'varchar' && charset === 'UTF-8')
  const read = isView ? undefined : reader(field.type, options)
  return {
    decode({ bytes, starts, ends }) {
      const length = starts.length
      if (read !== undefined) {
        const builder = columnBuilder(field.type)
        const bad: BadMessage[] = []
        for (let i = 0; i < length; i++) {
          const value = read(bytes.subarray(starts[i], ends[i]))
          if (value === undefined) bad.push(badRaw(i, field.type, charset))
          if (value === undefined) builder.appendNull()
          else builder.append(value)
        }
        return withoutBad(new Batch(schema, [builder.finish()], length), bad)
      }
      const isText = field.type.kind === 'varchar'
      const bad = isText && !isUtf8(bytes) ? badTexts(bytes, starts, ends, field.type) : []
      const column = new Column({ type: field.type, length, values: bytes, starts, ends })
      return withoutBad(new Batch(schema, [column], length), bad)
    },
  }
}

/** undefined: the message is no such value. */
function reader(type: DataType, options: Options): (message: Uint8Array) => Value | undefined {
  const scalar = SCALARS[type.kind]
  if (scalar === undefined) return (message) => decodeText(message, charsetOf(options))
  const isLittle = isLittleEndian(options)
  return (message) => {
    if (message.length !== scalar.size) return undefined
    return scalar.read(new DataView(message.buffer, message.byteOffset, scalar.size), isLittle)
  }
}

function badTexts(
  bytes: Uint8Array,
  starts: Int32Array,
  ends: Int32Array,
  type: DataType,
): BadMessage[] {
  const bad: BadMessage[] = []
  for (let index = 0; index < starts.length; index++) {
    if (isUtf8(bytes.subarray(starts[index], ends[index]))) continue
    bad.push(badRaw(index, type, 'UTF-8'))
  }
  return bad
}

function badRaw(index: number, type: DataType, charset: string): BadMessage {
  const size = SCALARS[type.kind]?.size
  const reason =
    size === undefined
      ? `the message is not valid ${charset}`
      : `a message of ${typeName(type)} has ${size === 1 ? '1 byte' : `${size} bytes`}`
  const details = { index: 0, reason }
  return { index, error: new SqlError('BAD_RECORD', `Record 0: ${reason}`, { details }) }
}

/** The encoder of a table of one column. UNSUPPORTED for any other table, and for one that may be
 *  NULL: a message always has a value. */
export function rawEncoder(schema: Schema, options: Options): RowEncoder {
  const { type, nullable } = rawField(schema)
  if (nullable) {
    fail('UNSUPPORTED', "The format 'raw' writes one column that is NOT NULL")
  }
  const write = writer(type, options)
  return (batch) =>
    recordPerRow(
      batch,
      Array.from({ length: batch.rowCount }, (_, row) => write(valueAt(batch.columns[0], row))),
    )
}

function writer(type: DataType, options: Options): (value: Value) => string | Uint8Array {
  if (type.kind === 'bytes') return (value) => value as Uint8Array
  const scalar = SCALARS[type.kind]
  if (scalar === undefined) return (value) => encodeTextAs(value as string, charsetOf(options))
  const isLittle = isLittleEndian(options)
  return (value) => {
    const bytes = new Uint8Array(scalar.size)
    scalar.write(new DataView(bytes.buffer), value, isLittle)
    return bytes
  }
}
