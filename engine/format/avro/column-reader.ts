/** Reads Avro values into columns: made of what the writer's schema says is there, the reader's
 *  schema (names, aliases, defaults), and the column's type. Fields that no column wants are
 *  stepped over; columns that the writer knows nothing of get the reader's default. */

import { fail } from '../../base/errors.ts'
import type { ListBuilder, StructBuilder } from '../../batch/nested-builder.ts'
import { type DataType, typeName } from '../../batch/types.ts'
import { ByteCursor } from '../byte-cursor.ts'
import type { ColumnTarget } from '../column-target.ts'
import { isFree, type Read, readBlocks } from './blocks.ts'
import { encodeDefault } from './default.ts'
import { scalarReader } from './scalar-reader.ts'
import {
  type AvroField,
  type AvroRecord,
  type AvroType,
  avroName,
  branchesOf,
  shortName,
} from './schema.ts'
import { avroSkip, branchAt } from './skip.ts'

export interface ReadInto {
  readonly type: DataType
  readonly nullable: boolean
  readonly target: ColumnTarget
}

/** What reads a value of the writer's type into a column. TYPE_MISMATCH if no value of that type
 *  can be one of the column. */
export function avroReader(writer: AvroType, reader: AvroType, into: ReadInto): Read {
  if (writer.kind === 'union') return unionReader(writer.branches, reader, into)
  if (writer.kind === 'null') return nullReader(into)
  return (
    plainReader(writer, readerBranch(writer, reader), into) ??
    fail('TYPE_MISMATCH', `${avroName(writer)} cannot be read as ${typeName(into.type)}`)
  )
}

function nullReader({ nullable, target: { builder } }: ReadInto): Read {
  if (nullable) return () => builder.appendNull()
  return () => fail('INVALID_VALUE', 'the column is NOT NULL, found null')
}

/** A branch that does not fit only matters once there is a value of it. */
function unionReader(branches: readonly AvroType[], reader: AvroType, into: ReadInto): Read {
  const refusals: unknown[] = []
  const reads = branches.map((branch): Read => {
    try {
      return avroReader(branch, reader, into)
    } catch (error) {
      refusals.push(error)
      return () => fail('INVALID_VALUE', (error as Error).message)
    }
  })
  const others = branches.filter(({ kind }) => kind !== 'null').length
  if (refusals.length > 0 && refusals.length === others) throw refusals[0]
  return (cursor) => branchAt(cursor, reads)(cursor)
}

/** Of the reader's branches the one for a writer's type: by name, by kind, or the first that is
 *  not null. */
function readerBranch(writer: AvroType, reader: AvroType): AvroType {
  const branches = branchesOf(reader).filter(({ kind }) => kind !== 'null')
  const sameKind = branches.filter(({ kind }) => kind === writer.kind)
  return sameKind.find((branch) => sameName(writer, branch)) ?? sameKind[0] ?? branches[0] ?? reader
}

const sameName = (writer: AvroType, reader: AvroType): boolean =>
  'name' in writer &&
  'name' in reader &&
  [reader.name, ...reader.aliases].some((name) => shortName(name) === shortName(writer.name))

/** undefined if the types do not go together. */
function plainReader(writer: AvroType, reader: AvroType, into: ReadInto): Read | undefined {
  const { type, target } = into
  const [first, second] = target.parts
  switch (type.kind) {
    case 'array': {
      if (writer.kind !== 'array') return undefined
      const items = reader.kind === 'array' ? reader.items : writer.items
      const item = avroReader(writer.items, items, part(type.element, first))
      return listReader(isFree(writer.items), item, target)
    }
    case 'map': {
      if (writer.kind !== 'map' || type.key.kind !== 'varchar') return undefined
      const values = reader.kind === 'map' ? reader.values : writer.values
      const key = avroReader({ kind: 'string' }, { kind: 'string' }, part(type.key, first))
      const value = avroReader(writer.values, values, part(type.value, second))
      const entry: Read = (cursor) => {
        key(cursor)
        value(cursor)
      }
      return listReader(false, entry, target)
    }
    case 'row': {
      if (writer.kind !== 'record') return undefined
      const fields = type.fields.map((field, i) => ({
        name: field.name,
        ...part(field.type, target.parts[i]),
      }))
      return rowReader(writer, reader.kind === 'record' ? reader : writer, fields, target)
    }
    default:
      return scalarReader(writer, reader, type, target.builder)
  }
}

const part = (type: DataType, target: ColumnTarget): ReadInto => ({ type, nullable: true, target })

function listReader(free: boolean, item: Read, { builder, parts }: ColumnTarget): Read {
  const list = builder as ListBuilder
  const elements = parts[0].builder
  return (cursor) => {
    const start = elements.length
    readBlocks(cursor, free, item)
    list.appendFilled(start)
  }
}

function rowReader(
  writer: AvroRecord,
  reader: AvroRecord,
  columns: readonly FieldInto[],
  { builder }: ColumnTarget,
): Read {
  const row = builder as StructBuilder
  const steps = fieldSteps(writer, reader, columns).map(({ read }) => read)
  return (cursor) => {
    for (const step of steps) step(cursor)
    row.appendFilled()
  }
}

export type FieldInto = ReadInto & { readonly name: string }

/** Reads or skips one field. */
export interface FieldStep {
  readonly name: string
  readonly read: Read
}

/** The steps that read a record of the writer's schema. `columns`: called as the reader's fields.
 *  TYPE_MISMATCH if one cannot be read. */
export function fieldSteps(
  writer: AvroRecord,
  reader: AvroRecord,
  columns: readonly FieldInto[],
): FieldStep[] {
  const absent: FieldStep[] = []
  const taken = new Map<AvroField, { readonly field: AvroField; readonly column: FieldInto }>()
  for (const column of columns) {
    const field = fieldOf(reader, column.name)
    const source = sourceOf(writer, field)
    if (source !== undefined && !taken.has(source)) taken.set(source, { field, column })
    else absent.push(step(column.name, () => defaultReader(field, column)))
  }
  const written = writer.fields.map((source) => {
    const found = taken.get(source)
    return found === undefined
      ? { name: source.name, read: avroSkip(source.type) }
      : step(source.name, () => avroReader(source.type, found.field.type, found.column))
  })
  return [...written, ...absent]
}

const fieldOf = (reader: AvroRecord, name: string): AvroField =>
  reader.fields.find((field) => field.name === name) ??
  fail('TYPE_MISMATCH', `the record ${reader.name} has no field ${name}`)

/** Where the writer has a field of the reader: by its name, or else by an alias. */
const sourceOf = (writer: AvroRecord, { name, aliases }: AvroField): AvroField | undefined =>
  writer.fields.find((field) => field.name === name) ??
  writer.fields.find((field) => aliases.includes(field.name))

/** The step, or the refusal with the field's name. */
function step(name: string, make: () => Read): FieldStep {
  try {
    return { name, read: make() }
  } catch (error) {
    return fail('TYPE_MISMATCH', `field ${name}: ${(error as Error).message}`, { cause: error })
  }
}

/** Puts the reader's default into a column; it is read as if the writer had written it. */
function defaultReader({ type, default: json }: AvroField, into: ReadInto): Read {
  if (json === undefined)
    fail('TYPE_MISMATCH', 'the writer does not have it, and it has no default')
  const bytes = encodeDefault(json, type)
  const read = avroReader(type, type, into)
  return () => {
    const cursor = new ByteCursor(bytes)
    cursor.enter(0, bytes.length)
    read(cursor)
  }
}
