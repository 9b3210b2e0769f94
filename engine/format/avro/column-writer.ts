/** Writes values of columns as Avro, by a schema and the columns' types. */

import { fail } from '../../base/errors.ts'
import type { Column } from '../../batch/column.ts'
import { valueAt } from '../../batch/rows.ts'
import { type DataType, typeName } from '../../batch/types.ts'
import { inFields, type WriteRow } from '../binary-messages.ts'
import type { ByteWriter } from '../byte-writer.ts'
import { encodeDefault } from './default.ts'
import { scalarWriter } from './scalar-writer.ts'
import { type AvroRecord, type AvroType, avroName } from './schema.ts'

/** Writes the value in a row of a column. */
export type Write = (column: Column, row: number, out: ByteWriter) => void

/** What writes values of a column's type as `schema` says. TYPE_MISMATCH if none of them can be.
 *  When it writes, INVALID_VALUE for a NULL or another value that the schema does not have. */
export function avroWriter(schema: AvroType, type: DataType): Write {
  const write =
    schema.kind === 'union' ? unionWriter(schema.branches, type) : plainWriter(schema, type)
  return (
    write ?? fail('TYPE_MISMATCH', `${typeName(type)} cannot be written as ${avroName(schema)}`)
  )
}

/** Into the first branch that takes the type. */
function unionWriter(branches: readonly AvroType[], type: DataType): Write | undefined {
  const nullAt = branches.findIndex(({ kind }) => kind === 'null')
  for (const [i, branch] of branches.entries()) {
    const write = branch.kind === 'union' ? undefined : plainWriter(branch, type)
    if (write === undefined) continue
    return (column, row, out) => {
      if (nullAt >= 0 && column.isNull(row)) out.zigzag(nullAt, 0)
      else {
        out.zigzag(i, 0)
        write(column, row, out)
      }
    }
  }
  return undefined
}

/** undefined if the types do not go together. */
function plainWriter(schema: AvroType, type: DataType): Write | undefined {
  const write = notNullWriter(schema, type)
  if (write === undefined) return undefined
  return (column, row, out) => {
    if (column.isNull(row)) {
      fail('INVALID_VALUE', `the schema says ${avroName(schema)}, the value is NULL`)
    }
    write(column, row, out)
  }
}

function notNullWriter(schema: AvroType, type: DataType): Write | undefined {
  switch (type.kind) {
    case 'array':
      if (schema.kind !== 'array') return undefined
      return itemsWriter([avroWriter(schema.items, type.element)])
    case 'map':
      if (schema.kind !== 'map' || type.key.kind !== 'varchar') return undefined
      return itemsWriter([
        avroWriter({ kind: 'string' }, type.key),
        avroWriter(schema.values, type.value),
      ])
    case 'row':
      return schema.kind === 'record' ? rowWriter(schema, type) : undefined
    default: {
      const write = scalarWriter(schema, type)
      return write && ((column, row, out) => write(valueAt(column, row)!, out))
    }
  }
}

function itemsWriter(parts: readonly Write[]): Write {
  return ({ starts, ends, children }, row, out) => {
    const count = ends[row] - starts[row]
    if (count > 0) out.zigzag(count, 0)
    for (let i = starts[row]; i < ends[row]; i++) {
      for (let part = 0; part < parts.length; part++) parts[part](children[part], i, out)
    }
    out.byte(0)
  }
}

function rowWriter(schema: AvroRecord, type: Extract<DataType, { kind: 'row' }>): Write {
  const write = fieldsWriter(schema, type.fields)
  return (column, row, out) => write(column.children, row, out)
}

/** Fields that no column has get their default. TYPE_MISMATCH for a column that the schema does not
 *  have or take, and for a field that has neither a column nor a default. */
export function fieldsWriter(
  { name, fields }: AvroRecord,
  columns: readonly { readonly name: string; readonly type: DataType }[],
): WriteRow {
  for (const column of columns) {
    if (!fields.some((field) => field.name === column.name)) {
      fail('TYPE_MISMATCH', `the record ${name} has no field ${column.name}`)
    }
  }
  const writes = fields.map((field): WriteRow => {
    const at = columns.findIndex((column) => column.name === field.name)
    if (at >= 0) {
      const write = named(field.name, () => avroWriter(field.type, columns[at].type))
      return (all, row, out) => write(all[at], row, out)
    }
    if (field.default === undefined) {
      fail('TYPE_MISMATCH', `there is no column for field ${field.name}, which has no default`)
    }
    const bytes = encodeDefault(field.default, field.type)
    return (_, __, out) => out.range(bytes)
  })
  return inFields(
    writes,
    fields.map((field) => field.name),
  )
}

/** The writer, or the refusal with the field's name. */
function named(name: string, make: () => Write): Write {
  try {
    return make()
  } catch (error) {
    return fail('TYPE_MISMATCH', `field ${name}: ${(error as Error).message}`, { cause: error })
  }
}
