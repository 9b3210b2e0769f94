/** Writes rows of columns as Protobuf messages. What is NULL is not written; a field that cannot be
 *  told apart from its default is not written either when it has it. */

import { fail } from '../../base/errors.ts'
import type { Column } from '../../batch/column.ts'
import { valueAt } from '../../batch/rows.ts'
import { type DataType, isTimestamp, typeName } from '../../batch/types.ts'
import { inFields, type WriteRow } from '../binary-messages.ts'
import { ByteWriter } from '../byte-writer.ts'
import { isWrapper } from './message-reader.ts'
import { isZero, scalarWriter } from './scalar-writer.ts'
import { type ProtoField, type ProtoMessage, type ProtoType, protoName } from './schema.ts'
import { isTimestampMessage, writeTimestamp } from './timestamp.ts'
import { BYTES, tagOf, wireOf } from './wire.ts'

/** Writes the value in a row of a column, with its field's tag. */
type WriteField = (column: Column, row: number, out: ByteWriter) => void

/** Writes the value in a row of a column, which is not NULL, without a tag. */
type WriteValue = WriteField

interface NamedType {
  readonly name: string
  readonly type: DataType
}

/** What writes rows as a message. TYPE_MISMATCH for a column that the message does not have or
 *  take, and for a required field without a column. When it writes, INVALID_VALUE or
 *  OUT_OF_RANGE for a value that the message cannot hold. */
export function messageWriter(message: ProtoMessage, columns: readonly NamedType[]): WriteRow {
  const fields = columns.map(({ name }) => fieldOf(message, name))
  for (const { name, label } of message.fields) {
    if (label !== 'required' || columns.some((column) => column.name === name)) continue
    fail('TYPE_MISMATCH', `there is no column for the required field ${name}`)
  }
  const writes = columns.map(({ type }, i) => fieldWriter(fields[i], type))
  const order = [...writes.keys()].sort((a, b) => fields[a].number - fields[b].number)
  const oneofs = [...new Set(fields.map(({ oneof }) => oneof))].filter((name) => name !== undefined)
  const rivals = oneofs
    .map((name) => [...writes.keys()].filter((i) => fields[i].oneof === name))
    .filter(({ length }) => length > 1)
  const steps = order.map(
    (i): WriteRow =>
      (all, row, out) =>
        writes[i](all[i], row, out),
  )
  const names = order.map((i) => fields[i].name)
  const write = inFields(steps, names)
  return (all, row, out) => {
    for (const places of rivals) refuseSeveral(places, all, row, fields)
    write(all, row, out)
  }
}

function refuseSeveral(
  places: readonly number[],
  columns: readonly Column[],
  row: number,
  fields: readonly ProtoField[],
): void {
  const set = places.filter((place) => !columns[place].isNull(row))
  if (set.length <= 1) return
  const names = set.map((place) => fields[place].name).join(', ')
  fail('INVALID_VALUE', `only one field of a oneof can be there, not ${names}`)
}

const fieldOf = (message: ProtoMessage, name: string): ProtoField =>
  message.fields.find((field) => field.name === name) ??
  fail('TYPE_MISMATCH', `the message ${message.name} has no field ${name}`)

function mismatch({ name, type }: ProtoField, column: DataType): never {
  fail(
    'TYPE_MISMATCH',
    `field ${name}: ${typeName(column)} cannot be written as ${protoName(type)}`,
  )
}

function fieldWriter(field: ProtoField, type: DataType): WriteField {
  const { label, number } = field
  if (label === 'map') {
    return type.kind === 'map' ? mapWriter(field, type) : mismatch(field, type)
  }
  if (label === 'repeated') {
    return type.kind === 'array' ? repeatedWriter(field, type.element) : mismatch(field, type)
  }
  const write = valueWriter(field.type, type) ?? mismatch(field, type)
  const tag = tagOf(number, wireOf(field.type))
  const isImplicit = label === 'implicit'
  return (column, row, out) => {
    if (column.isNull(row)) {
      if (label === 'required') fail('INVALID_VALUE', 'the field is required, the value is NULL')
      return
    }
    if (isImplicit && isZero(valueAt(column, row), field.type)) return
    out.varint(tag)
    write(column, row, out)
  }
}

/** undefined if the field's type takes no values of the column's. */
function valueWriter(to: ProtoType, type: DataType): WriteValue | undefined {
  if (to.kind === 'message') return inMessage(to.message, type)
  const write = scalarWriter(to, type)
  return write && ((column, row, out) => write(valueAt(column, row)!, out))
}

function inMessage(message: ProtoMessage, type: DataType): WriteValue | undefined {
  if (type.kind === 'row') {
    const write = messageWriter(message, type.fields)
    return nested((column, row, out) => write(column.children, row, out))
  }
  if (isWrapper(message)) {
    const write = messageWriter(message, [{ name: 'value', type }])
    return nested((column, row, out) => write([column], row, out))
  }
  if (!isTimestampMessage(message) || !isTimestamp(type)) return undefined
  return nested((column, row, out) => writeTimestamp(valueAt(column, row) as number, out))
}

/** With its length before it. */
function nested(write: WriteValue): WriteValue {
  const inner = new ByteWriter()
  return (column, row, out) => {
    write(column, row, inner)
    out.varint(inner.length)
    out.range(inner.take())
  }
}

function repeatedWriter(field: ProtoField, element: DataType): WriteField {
  const write = valueWriter(field.type, element) ?? mismatch(field, element)
  const tag = tagOf(field.number, wireOf(field.type))
  const writeAll: WriteValue = ({ starts, ends, children: [items] }, row, out) => {
    for (let i = starts[row]; i < ends[row]; i++) {
      if (items.isNull(i)) refuseNull()
      if (!field.packed) out.varint(tag)
      write(items, i, out)
    }
  }
  if (!field.packed) return (column, row, out) => writeAll(column, row, out)
  const writePacked = nested(writeAll)
  return (column, row, out) => {
    if (column.starts[row] === column.ends[row]) return
    out.varint(tagOf(field.number, BYTES))
    writePacked(column, row, out)
  }
}

function refuseNull(): never {
  fail('INVALID_VALUE', 'Protobuf has no NULL inside an array or a map')
}

function mapWriter(
  field: ProtoField,
  { key: keyType, value: valueType }: Extract<DataType, { kind: 'map' }>,
): WriteField {
  const from = field.key ?? field.type
  const key = valueWriter(from, keyType) ?? mismatch({ ...field, type: from }, keyType)
  const value = valueWriter(field.type, valueType) ?? mismatch(field, valueType)
  const entry = new ByteWriter()
  return ({ starts, ends, children: [keys, values] }, row, out) => {
    for (let i = starts[row]; i < ends[row]; i++) {
      if (values.isNull(i)) refuseNull()
      entry.varint(tagOf(1, wireOf(from)))
      key(keys, i, entry)
      entry.varint(tagOf(2, wireOf(field.type)))
      value(values, i, entry)
      out.varint(tagOf(field.number, BYTES))
      out.varint(entry.length)
      out.range(entry.take())
    }
  }
}
