/** The Avro schema that a table's columns have if none is given: a column that may be NULL is a
 *  union with null, whose default is null. */

import { fail } from '../../base/errors.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { type DataType, typeName } from '../../batch/types.ts'
import { type AvroType, parseAvroSchema } from './schema.ts'

/** The schema that is given as the text of the option `option`, or else the derived one.
 *  INVALID_OPTION if it is none. */
export function tableSchema(schema: Schema, option: string, given: string | undefined): AvroType {
  if (given === undefined) return parseAvroSchema(derivedSchema(schema))
  try {
    return parseAvroSchema(given)
  } catch (error) {
    return fail('INVALID_OPTION', `The option '${option}': ${(error as Error).message}`, {
      cause: error,
    })
  }
}

type Json = string | { readonly [name: string]: unknown } | readonly Json[]

const NAME = /^[A-Za-z_]\w*$/

/** The schema's JSON text. UNSUPPORTED for a column whose name or type Avro does not have. */
export const derivedSchema = (schema: Schema): string => JSON.stringify(recordOf('record', schema))

function recordOf(name: string, { fields }: Schema): Json {
  return {
    type: 'record',
    name,
    fields: fields.map((field) => {
      if (!NAME.test(field.name)) {
        fail('UNSUPPORTED', `Avro has no field that is called '${field.name}'`, {
          hint: 'Its names are letters, digits and _.',
        })
      }
      const type = typeOf(field.type, `${name}_${field.name}`)
      if (!field.nullable) return { name: field.name, type }
      return { name: field.name, type: ['null', type], default: null }
    }),
  }
}

function typeOf(type: DataType, name: string): Json {
  switch (type.kind) {
    case 'tinyint':
    case 'smallint':
      return 'int'
    case 'bigint':
      return 'long'
    case 'boolean':
    case 'int':
    case 'float':
    case 'double':
    case 'bytes':
      return type.kind
    case 'varchar':
    case 'json':
      return 'string'
    case 'decimal': {
      const { precision, scale } = type
      return { type: 'bytes', logicalType: 'decimal', precision, scale }
    }
    case 'date':
      return { type: 'int', logicalType: 'date' }
    case 'time':
      return type.precision <= 3
        ? { type: 'int', logicalType: 'time-millis' }
        : { type: 'long', logicalType: 'time-micros' }
    case 'timestamp':
      return { type: 'long', logicalType: `local-timestamp-${unit(type.precision)}` }
    case 'timestamp_ltz':
      return { type: 'long', logicalType: `timestamp-${unit(type.precision)}` }
    default:
      return nestedOf(type, name)
  }
}

const unit = (precision: number): string => (precision <= 3 ? 'millis' : 'micros')

function nestedOf(type: DataType, name: string): Json {
  const maybe = (part: DataType): Json => ['null', typeOf(part, name)]
  switch (type.kind) {
    case 'array':
      return { type: 'array', items: maybe(type.element) }
    case 'map':
      if (type.key.kind === 'varchar') return { type: 'map', values: maybe(type.value) }
      return fail('UNSUPPORTED', `Avro has no ${typeName(type)}: the keys of its maps are STRING`)
    case 'row':
      return recordOf(name, schemaOf(type.fields.map((field) => ({ ...field, nullable: true }))))
    default:
      return fail('UNSUPPORTED', `Avro has no ${typeName(type)}`)
  }
}
