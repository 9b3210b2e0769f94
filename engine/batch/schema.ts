/** The columns of a batch: names, types, nullability. */

import { type DataType, sameType, typeName } from './types.ts'

export interface Field {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}

export interface Schema {
  readonly fields: readonly Field[]
}

export const schemaOf = (fields: readonly Field[]): Schema => ({ fields })

/** The position of the column with exactly this name; -1 if there is none. */
export const fieldIndex = (schema: Schema, name: string): number =>
  schema.fields.findIndex((field) => field.name === name)

/** Same number of columns with the same types; names may differ. */
export const sameShape = (a: Schema, b: Schema): boolean =>
  a.fields.length === b.fields.length &&
  a.fields.every((field, i) => sameType(field.type, b.fields[i].type))

/** `(origin STRING, flights BIGINT NOT NULL)` */
export const schemaText = (schema: Schema): string =>
  `(${schema.fields
    .map((f) => `${f.name} ${typeName(f.type)}${f.nullable ? '' : ' NOT NULL'}`)
    .join(', ')})`
