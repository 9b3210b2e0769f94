/** Values as the avsc library has them, which is the oracle. */

import avsc from 'avsc'
import type { Schema } from '../../../../engine/batch/schema.ts'
import type { DataType } from '../../../../engine/batch/types.ts'
import type { Value } from '../../../../engine/batch/value.ts'

/** Longs as BigInt, so that none loses digits. */
const long = avsc.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigInt64LE(value)
    return buffer
  },
  fromJSON: (json: number) => BigInt(json),
  toJSON: (value: bigint) => Number(value),
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
})

/** The library's type for a schema. */
export const oracle = (schema: string) =>
  avsc.Type.forSchema(JSON.parse(schema), {
    registry: { long } as never,
    typeHook: (part) => ((part as { type?: string }).type === 'long' ? long : (undefined as never)),
    wrapUnions: 'always',
  })

function decimalBytes(value: bigint): Buffer {
  let size = 1
  while (BigInt.asIntN(size * 8, value) !== value) size++
  const hex = BigInt.asUintN(size * 8, value).toString(16)
  return Buffer.from(hex.padStart(size * 2, '0'), 'hex')
}

const units = (value: Value, precision: number): bigint =>
  precision <= 3 ? BigInt(value as number) / 1000n : BigInt(value as number)

/** What the branch of a union with null is called. */
function branchName(type: DataType, name: string): string {
  switch (type.kind) {
    case 'tinyint':
    case 'smallint':
    case 'date':
      return 'int'
    case 'bigint':
    case 'timestamp':
    case 'timestamp_ltz':
      return 'long'
    case 'time':
      return type.precision <= 3 ? 'int' : 'long'
    case 'varchar':
    case 'json':
      return 'string'
    case 'decimal':
      return 'bytes'
    case 'row':
      return name
    default:
      return type.kind
  }
}

function maybe(value: Value, type: DataType, name: string): unknown {
  return value === null ? null : { [branchName(type, name)]: present(value, type, name) }
}

/** A row of a table as its derived schema has it. */
export const toAvsc = ({ fields }: Schema, row: readonly Value[]): unknown =>
  Object.fromEntries(
    fields.map(({ name, type, nullable }, i) => [
      name,
      nullable ? maybe(row[i], type, `record_${name}`) : present(row[i], type, `record_${name}`),
    ]),
  )

function present(value: Value, type: DataType, name: string): unknown {
  switch (type.kind) {
    case 'bigint':
      return BigInt(value as number)
    case 'decimal':
      return decimalBytes(BigInt(value as number))
    case 'bytes':
      return Buffer.from(value as Uint8Array)
    case 'time':
      return type.precision <= 3 ? Number(units(value, 3)) : BigInt(value as number)
    case 'timestamp':
    case 'timestamp_ltz':
      return units(value, type.precision)
    case 'array':
      return (value as Value[]).map((item) => maybe(item, type.element, name))
    case 'map':
      return Object.fromEntries(
        (value as [string, Value][]).map(([key, item]) => [key, maybe(item, type.value, name)]),
      )
    case 'row':
      return Object.fromEntries(
        type.fields.map((field, i) => [
          field.name,
          maybe((value as Value[])[i], field.type, `${name}_${field.name}`),
        ]),
      )
    default:
      return value
  }
}
