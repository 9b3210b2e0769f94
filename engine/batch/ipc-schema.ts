/** A schema as an Arrow Schema message. Arrow's types say how the data lie; our exact SQL type
 *  stands beside them in the field's metadata, as JSON under `millrace.type`. */

import { Binary } from 'apache-arrow/fb/binary'
import { Bool } from 'apache-arrow/fb/bool'
import { Date as ArrowDate } from 'apache-arrow/fb/date'
import { DateUnit } from 'apache-arrow/fb/date-unit'
import { Decimal } from 'apache-arrow/fb/decimal'
import { DictionaryEncoding } from 'apache-arrow/fb/dictionary-encoding'
import { Duration } from 'apache-arrow/fb/duration'
import { Endianness } from 'apache-arrow/fb/endianness'
import { Field as ArrowField } from 'apache-arrow/fb/field'
import { FloatingPoint } from 'apache-arrow/fb/floating-point'
import { Int } from 'apache-arrow/fb/int'
import { Interval } from 'apache-arrow/fb/interval'
import { IntervalUnit } from 'apache-arrow/fb/interval-unit'
import { KeyValue } from 'apache-arrow/fb/key-value'
import { List } from 'apache-arrow/fb/list'
import { Map as ArrowMap } from 'apache-arrow/fb/map'
import { MessageHeader } from 'apache-arrow/fb/message-header'
import { Precision } from 'apache-arrow/fb/precision'
import { Schema as ArrowSchema } from 'apache-arrow/fb/schema'
import { Struct_ } from 'apache-arrow/fb/struct-'
import { Time } from 'apache-arrow/fb/time'
import { TimeUnit } from 'apache-arrow/fb/time-unit'
import { Timestamp } from 'apache-arrow/fb/timestamp'
import { Type } from 'apache-arrow/fb/type'
import { Utf8 } from 'apache-arrow/fb/utf8'
import { Builder } from 'flatbuffers'
import { fail } from '../base/errors.ts'
import { brokenBatch, finishMessage, messageAt } from './ipc-message.ts'
import { type Field, type Schema, schemaOf } from './schema.ts'
import { type DataType, typeName } from './types.ts'

const TYPE_KEY = 'millrace.type'

interface Child {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

/** The Arrow Schema message. `dictionaries` are the positions of columns that will come as
 *  dictionary codes, under their position as id. */
export function encodeSchema(schema: Schema, dictionaries: readonly number[] = []): Uint8Array {
  const builder = new Builder(1024)
  const fields = schema.fields.map((field, i) => {
    const metadata = ArrowField.createCustomMetadataVector(builder, [
      keyValue(builder, TYPE_KEY, JSON.stringify(field.type)),
    ])
    return addField(builder, field, metadata, dictionaries.includes(i) ? i : undefined)
  })
  const vector = ArrowSchema.createFieldsVector(builder, fields)
  ArrowSchema.startSchema(builder)
  ArrowSchema.addEndianness(builder, Endianness.Little)
  ArrowSchema.addFields(builder, vector)
  return finishMessage(builder, MessageHeader.Schema, ArrowSchema.endSchema(builder))
}

function keyValue(builder: Builder, key: string, value: string): number {
  return KeyValue.createKeyValue(builder, builder.createString(key), builder.createString(value))
}

function addField(builder: Builder, field: Child, metadata?: number, dictionary?: number): number {
  const children = childrenOf(field.type).map((child) => addField(builder, child))
  const vector = ArrowField.createChildrenVector(builder, children)
  const name = builder.createString(field.name)
  const [kind, type] = addType(builder, field.type)
  const encoding = dictionary === undefined ? 0 : addEncoding(builder, dictionary)
  ArrowField.startField(builder)
  ArrowField.addName(builder, name)
  ArrowField.addNullable(builder, field.nullable)
  ArrowField.addTypeType(builder, kind)
  ArrowField.addType(builder, type)
  ArrowField.addChildren(builder, vector)
  if (dictionary !== undefined) ArrowField.addDictionary(builder, encoding)
  if (metadata !== undefined) ArrowField.addCustomMetadata(builder, metadata)
  return ArrowField.endField(builder)
}

function addEncoding(builder: Builder, id: number): number {
  const index = Int.createInt(builder, 32, true)
  DictionaryEncoding.startDictionaryEncoding(builder)
  DictionaryEncoding.addId(builder, BigInt(id))
  DictionaryEncoding.addIndexType(builder, index)
  return DictionaryEncoding.endDictionaryEncoding(builder)
}

function childrenOf(type: DataType): readonly Child[] {
  switch (type.kind) {
    case 'array':
      return [{ name: 'item', type: type.element, nullable: true }]
    case 'map': {
      const fields = [
        { name: 'key', type: type.key },
        { name: 'value', type: type.value },
      ]
      return [{ name: 'entries', type: { kind: 'row', fields }, nullable: false }]
    }
    case 'row':
      return type.fields.map((field) => ({ ...field, nullable: true }))
    default:
      return []
  }
}

const INT_BITS = { tinyint: 8, smallint: 16, int: 32, bigint: 64 } as const

function addType(builder: Builder, type: DataType): readonly [Type, number] {
  switch (type.kind) {
    case 'boolean':
      return [Type.Bool, Bool.createBool(builder)]
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return [Type.Int, Int.createInt(builder, INT_BITS[type.kind], true)]
    case 'float':
      return [Type.FloatingPoint, FloatingPoint.createFloatingPoint(builder, Precision.SINGLE)]
    case 'double':
      return [Type.FloatingPoint, FloatingPoint.createFloatingPoint(builder, Precision.DOUBLE)]
    case 'decimal':
      return [Type.Decimal, Decimal.createDecimal(builder, type.precision, type.scale, 128)]
    case 'varchar':
    case 'json':
      return [Type.Utf8, Utf8.createUtf8(builder)]
    case 'bytes':
      return [Type.Binary, Binary.createBinary(builder)]
    case 'array':
      return [Type.List, List.createList(builder)]
    case 'map':
      return [Type.Map, ArrowMap.createMap(builder, false)]
    case 'row':
      return [Type.Struct_, Struct_.createStruct_(builder)]
    default:
      return addTimeType(builder, type)
  }
}

function addTimeType(builder: Builder, type: DataType): readonly [Type, number] {
  const unit = TimeUnit.MICROSECOND
  switch (type.kind) {
    case 'date':
      return [Type.Date, ArrowDate.createDate(builder, DateUnit.DAY)]
    case 'time':
      return [Type.Time, Time.createTime(builder, unit, 64)]
    case 'timestamp':
      return [Type.Timestamp, Timestamp.createTimestamp(builder, unit, 0)]
    case 'timestamp_ltz':
      return [Type.Timestamp, Timestamp.createTimestamp(builder, unit, builder.createString('UTC'))]
    case 'interval_month':
      return [Type.Interval, Interval.createInterval(builder, IntervalUnit.YEAR_MONTH)]
    case 'interval_second':
      return [Type.Duration, Duration.createDuration(builder, unit)]
    default:
      return fail('INTERNAL', `A column cannot be of type ${typeName(type)}`)
  }
}

/** The schema that `encodeSchema` made `bytes` from. Raises DATA_DAMAGED for anything else. */
export function decodeSchema(bytes: Uint8Array): Schema {
  const message = messageAt(bytes, 0)
  if (message.type !== MessageHeader.Schema) brokenBatch('the schema is missing')
  const schema = message.table.header(new ArrowSchema()) as ArrowSchema
  return schemaOf(Array.from({ length: schema.fieldsLength() }, (_, i) => read(schema.fields(i)!)))
}

function read(field: ArrowField): Field {
  for (let i = 0; i < field.customMetadataLength(); i++) {
    const entry = field.customMetadata(i)!
    if (entry.key() !== TYPE_KEY) continue
    const type = JSON.parse(entry.value()!) as DataType
    return { name: field.name() ?? '', type, nullable: field.nullable() }
  }
  return brokenBatch(`column ${field.name()} has no ${TYPE_KEY}`)
}
