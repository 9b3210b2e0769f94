/** Reads Protobuf messages into columns. Fields come in any order and more than once, so one pass
 *  over a message finds where the last value of each field is and reads what is repeated; then each
 *  column gets its value. */

import { fail } from '../../base/errors.ts'
import type { Int64Builder } from '../../batch/fixed-builder.ts'
import type { ListBuilder, StructBuilder } from '../../batch/nested-builder.ts'
import { type DataType, typeName } from '../../batch/types.ts'
import type { ByteCursor } from '../byte-cursor.ts'
import type { ColumnTarget } from '../column-target.ts'
import type { ReadParts } from './parts.ts'
import { defaultAppender, type Read, scalarReader } from './scalar-reader.ts'
import { type ProtoField, type ProtoMessage, type ProtoType, protoName, zeroOf } from './schema.ts'
import { isTimestampMessage, TimestampReader } from './timestamp.ts'
import { BYTES, fieldNumber, skipValue, wireOf, within } from './wire.ts'

export interface FieldInto {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
  readonly target: ColumnTarget
}

/** Whether a field that is not there has its default also if it could be told apart. */
export interface ProtoPolicy {
  readonly readDefaults: boolean
}

/** What happens with a field's values. */
interface Slot {
  readonly name: string
  begin(): void
  /** The cursor is at the value. */
  take(cursor: ByteCursor, wire: number): void
  /** The column gets its value. */
  finish(cursor: ByteCursor): void
  /** Another field of the same oneof was there. */
  forget(): void
}

/** What reads a message. TYPE_MISMATCH for a column that the message does not have, or has of a
 *  type that the column does not take. */
export class MessageReader implements ReadParts {
  readonly #slots: readonly Slot[]
  readonly #byNumber = new Map<number, Slot>()
  /** Slots that end when the field of a number comes. */
  readonly #rivals = new Map<number, readonly Slot[]>()

  constructor(message: ProtoMessage, columns: readonly FieldInto[], policy: ProtoPolicy) {
    const fields = columns.map((column) => fieldOf(message, column.name))
    this.#slots = columns.map((column, i) => slotOf(fields[i], column, policy))
    for (const [i, field] of fields.entries()) this.#byNumber.set(field.number, this.#slots[i])
    for (const { number, oneof } of message.fields) {
      if (oneof === undefined) continue
      const rivals = this.#slots.filter(
        (_, i) => fields[i].oneof === oneof && fields[i].number !== number,
      )
      if (rivals.length > 0) this.#rivals.set(number, rivals)
    }
  }

  begin(): void {
    for (const slot of this.#slots) slot.begin()
  }

  scan(cursor: ByteCursor): void {
    while (cursor.at < cursor.end) {
      cursor.varint()
      const number = fieldNumber(cursor)
      const wire = cursor.low & 7
      const rivals = this.#rivals.get(number)
      if (rivals !== undefined) for (const rival of rivals) rival.forget()
      const slot = this.#byNumber.get(number)
      if (slot === undefined) skipValue(cursor, wire, number)
      else slot.take(cursor, wire)
    }
  }

  finish(cursor: ByteCursor): void {
    const outer = cursor.field
    for (const slot of this.#slots) {
      cursor.field = outer ?? slot.name
      slot.finish(cursor)
    }
    cursor.field = outer
  }
}

const fieldOf = (message: ProtoMessage, name: string): ProtoField =>
  message.fields.find((field) => field.name === name) ??
  fail('TYPE_MISMATCH', `the message ${message.name} has no field ${name}`)

function slotOf(field: ProtoField, column: FieldInto, policy: ProtoPolicy): Slot {
  const { type } = column
  if (field.label === 'map') {
    if (type.kind !== 'map') return mismatch(field, type)
    return mapSlot(field, column, type, policy)
  }
  if (field.label === 'repeated') {
    if (type.kind !== 'array') return mismatch(field, type)
    return repeatedSlot(field, column, type.element, policy)
  }
  if (field.type.kind === 'message') return messageSlot(field, field.type.message, column, policy)
  const read = scalarReader(field.type, type, column.target.builder) ?? mismatch(field, type)
  return scalarSlot(field, column, read, policy)
}

function mismatch({ name, label, key, type }: ProtoField, column: DataType): never {
  const text = key ? `map<${protoName(key)}, ${protoName(type)}>` : protoName(type)
  const whole = label === 'repeated' ? `repeated ${text}` : text
  fail('TYPE_MISMATCH', `field ${name}: ${whole} cannot be read as ${typeName(column)}`)
}

/** What the column of a field gets that is not there. */
function absent(field: ProtoField, { nullable, type, target }: FieldInto, policy: ProtoPolicy) {
  const { label, default: value } = field
  if (label === 'required') return () => fail('INVALID_VALUE', 'the required field is missing')
  if (value !== undefined && (label === 'implicit' || policy.readDefaults)) {
    return defaultAppender(field.type, type, target.builder, value)
  }
  if (nullable) return () => target.builder.appendNull()
  return () => fail('INVALID_VALUE', 'the column is NOT NULL, the field is missing')
}

function scalarSlot(field: ProtoField, column: FieldInto, read: Read, policy: ProtoPolicy): Slot {
  const wanted = wireOf(field.type)
  const appendAbsent = absent(field, column, policy)
  let at = -1
  const forget = () => {
    at = -1
  }
  return {
    name: field.name,
    begin: forget,
    forget,
    take(cursor, wire) {
      // Another form is as good as another field.
      if (wire === wanted) at = cursor.at
      skipValue(cursor, wire, field.number)
    },
    finish(cursor) {
      if (at < 0) appendAbsent()
      else {
        cursor.at = at
        read(cursor)
      }
    },
  }
}

/** Of a message that comes more than once the parts are one behind the other. */
function messageSlot(
  field: ProtoField,
  message: ProtoMessage,
  column: FieldInto,
  policy: ProtoPolicy,
): Slot {
  const parts = partsReader(field, message, column, policy)
  const appendAbsent = absent(field, column, policy)
  const places: number[] = []
  const forget = () => {
    places.length = 0
  }
  return {
    name: field.name,
    begin: forget,
    forget,
    take(cursor, wire) {
      if (wire === BYTES) places.push(cursor.at)
      skipValue(cursor, wire, field.number)
    },
    finish(cursor) {
      if (places.length === 0) {
        appendAbsent()
        return
      }
      parts.begin()
      for (const place of places) {
        cursor.at = place
        within(cursor, (inside) => parts.scan(inside))
      }
      parts.finish(cursor)
    },
  }
}

function repeatedSlot(
  field: ProtoField,
  { target }: FieldInto,
  element: DataType,
  policy: ProtoPolicy,
): Slot {
  const [item] = target.parts
  const read =
    field.type.kind === 'message'
      ? wholeMessage(partsReader(field, field.type.message, part('', element, item), policy))
      : (scalarReader(field.type, element, item.builder) ??
        mismatch(field, { kind: 'array', element }))
  const wire = wireOf(field.type)
  const readAll: Read = (cursor) => {
    while (cursor.at < cursor.end) read(cursor)
  }
  return listSlot(field, target, (cursor, found) => {
    if (found === wire) read(cursor)
    else if (found === BYTES) within(cursor, readAll)
    else skipValue(cursor, found, field.number)
  })
}

function mapSlot(
  field: ProtoField,
  { target }: FieldInto,
  type: Extract<DataType, { kind: 'map' }>,
  policy: ProtoPolicy,
): Slot {
  const [keys, values] = target.parts
  const key = entryField('key', 1, field.key ?? field.type)
  const value = entryField('value', 2, field.type)
  const entry = new MessageReader(
    { name: field.name, fields: [key, value] },
    [part('key', type.key, keys), part('value', type.value, values)],
    policy,
  )
  const read = wholeMessage(entry)
  return listSlot(field, target, (cursor, wire) => {
    if (wire === BYTES) read(cursor)
    else skipValue(cursor, wire, field.number)
  })
}

const part = (name: string, type: DataType, target: ColumnTarget): FieldInto => ({
  ...{ name, type, nullable: true, target },
})

/** Key or value of a map. */
const entryField = (name: string, number: number, type: ProtoType): ProtoField => ({
  ...{ name, number, type, packed: false, default: zeroOf(type) },
  label: type.kind === 'message' ? 'presence' : 'implicit',
})

function listSlot(
  { name }: ProtoField,
  { builder, parts }: ColumnTarget,
  takeItem: (cursor: ByteCursor, wire: number) => void,
): Slot {
  const list = builder as ListBuilder
  const elements = parts[0].builder
  let start = 0
  return {
    name,
    begin() {
      start = elements.length
    },
    take(cursor, wire) {
      const outer = cursor.field
      cursor.field = outer ?? name
      takeItem(cursor, wire)
      cursor.field = outer
    },
    finish: () => list.appendFilled(start),
    // Nothing that is repeated is in a oneof.
    forget() {},
  }
}

/** Reads the message that is the next value. */
function wholeMessage(parts: ReadParts): Read {
  const read: Read = (cursor) => {
    parts.begin()
    parts.scan(cursor)
    parts.finish(cursor)
  }
  return (cursor) => within(cursor, read)
}

/** Whether a message only makes a value that may be missing of its one field. */
export const isWrapper = ({ name }: ProtoMessage): boolean => WRAPPER.test(name)

const WRAPPER = /^google\.protobuf\.(?:Bool|Bytes|Double|Float|U?Int(?:32|64)|String)Value$/

/** What reads a message into a column: a ROW by its fields, a timestamp, what a wrapper holds. */
function partsReader(
  field: ProtoField,
  message: ProtoMessage,
  column: FieldInto,
  policy: ProtoPolicy,
): ReadParts {
  const { type, target } = column
  if (type.kind === 'row') return rowReader(message, type, target, policy)
  if (isWrapper(message)) {
    return new MessageReader(message, [{ ...column, name: 'value' }], policy)
  }
  if (isTimestampMessage(message) && (type.kind === 'timestamp' || type.kind === 'timestamp_ltz')) {
    return new TimestampReader(target.builder as Int64Builder, type.precision)
  }
  return mismatch(field, type)
}

function rowReader(
  message: ProtoMessage,
  type: Extract<DataType, { kind: 'row' }>,
  { builder, parts }: ColumnTarget,
  policy: ProtoPolicy,
): ReadParts {
  const row = builder as StructBuilder
  const columns = type.fields.map((field, i) => part(field.name, field.type, parts[i]))
  const reader = new MessageReader(message, columns, policy)
  return {
    begin: () => reader.begin(),
    scan: (cursor) => reader.scan(cursor),
    finish(cursor) {
      reader.finish(cursor)
      row.appendFilled()
    },
  }
}
