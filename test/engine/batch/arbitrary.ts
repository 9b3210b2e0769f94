/** Random types, values, schemas and batches for property tests. */

import fc from 'fast-check'
import type { Batch } from '../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { type Field, type Schema, schemaOf } from '../../../engine/batch/schema.ts'
import type { DataType } from '../../../engine/batch/types.ts'
import { exactInteger, type Value } from '../../../engine/batch/value.ts'

export const scalarType: fc.Arbitrary<DataType> = fc.oneof(
  ...(['boolean', 'tinyint', 'smallint', 'int', 'bigint', 'float', 'double'] as const).map((kind) =>
    fc.constant<DataType>({ kind }),
  ),
  ...(['varchar', 'bytes', 'date', 'json', 'interval_month', 'interval_second'] as const).map(
    (kind) => fc.constant<DataType>({ kind }),
  ),
  fc
    .integer({ min: 1, max: 38 })
    .chain((precision) =>
      fc
        .integer({ min: 0, max: precision })
        .map((scale): DataType => ({ kind: 'decimal', precision, scale })),
    ),
  fc
    .tuple(fc.constantFrom('time', 'timestamp', 'timestamp_ltz'), fc.constantFrom(0, 3, 6))
    .map(([kind, precision]): DataType => ({ kind, precision }) as DataType),
)

export const anyType: fc.Arbitrary<DataType> = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalarType,
    tie('type').map((element): DataType => ({ kind: 'array', element })),
    fc
      .tuple(scalarType, tie('type'))
      .map(([key, value]): DataType => ({ kind: 'map', key, value })),
    fc.array(tie('type'), { minLength: 1, maxLength: 3 }).map(
      (types): DataType => ({
        kind: 'row',
        fields: types.map((type, i) => ({ name: `f${i}`, type })),
      }),
    ),
  ),
})).type

const int = (bits: number): fc.Arbitrary<Value> =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }).map(exactInteger)

/** Microseconds of the years 1 to 9999, in steps of the precision. */
const timestampUs = (precision: number): fc.Arbitrary<Value> =>
  fc
    .bigInt({ min: -62_135_596_800n, max: 253_402_300_799n })
    .chain((seconds) =>
      fc
        .bigInt({ min: 0n, max: 10n ** BigInt(precision) - 1n })
        .map((part) => exactInteger(seconds * 1_000_000n + part * 10n ** BigInt(6 - precision))),
    )

export function present(type: DataType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'boolean':
      return fc.boolean()
    case 'tinyint':
      return int(8)
    case 'smallint':
      return int(16)
    case 'int':
    case 'interval_month':
      return fc.integer()
    case 'bigint':
    case 'interval_second':
      return fc.oneof(fc.integer(), int(64))
    case 'float':
      return fc.float()
    case 'double':
      return fc.double()
    case 'decimal': {
      const max = 10n ** BigInt(type.precision) - 1n
      return fc.bigInt({ min: -max, max }).map(exactInteger)
    }
    case 'varchar':
      return fc.oneof(
        fc.constantFrom('', 'JFK', 'SFO'),
        fc.string({ unit: 'binary', maxLength: 30 }),
      )
    case 'json':
      // A JSON null cannot be told from NULL once it has travelled as JSON.
      return fc.json({ maxDepth: 2 }).filter((text) => text !== 'null')
    case 'bytes':
      return fc.uint8Array({ maxLength: 20 })
    case 'date':
      return fc.integer({ min: -719_162, max: 2_932_896 })
    case 'time':
      return timestampUs(type.precision).map((us) => {
        const day = BigInt(us as number) % 86_400_000_000n
        return Number(day < 0n ? day + 86_400_000_000n : day)
      })
    case 'timestamp':
    case 'timestamp_ltz':
      return timestampUs(type.precision)
    case 'array':
      return fc.array(nullableValue(type.element), { maxLength: 4 })
    case 'map':
      return fc.uniqueArray(fc.tuple(present(type.key), nullableValue(type.value)), {
        maxLength: 3,
        selector: ([key]) =>
          String(key instanceof Uint8Array ? Buffer.from(key).toString('hex') : key),
      })
    case 'row':
      return fc.tuple(...type.fields.map((field) => nullableValue(field.type)))
    case 'null':
      return fc.constant(null)
  }
}

export const nullableValue = (type: DataType): fc.Arbitrary<Value> =>
  fc.option(present(type), { nil: null, freq: 5 })

export interface Case {
  readonly schema: Schema
  readonly rows: Value[][]
  readonly weights: number[] | null
}

export const fieldsOf = (types: readonly DataType[], nullable: readonly boolean[]): Field[] =>
  types.map((type, i) => ({ name: `c${i}`, type, nullable: nullable[i] ?? true }))

export const anyCase = (type: fc.Arbitrary<DataType> = anyType): fc.Arbitrary<Case> =>
  fc.array(fc.tuple(type, fc.boolean()), { maxLength: 5 }).chain((columns) => {
    const schema = schemaOf(
      fieldsOf(
        columns.map(([t]) => t),
        columns.map(([, nullable]) => nullable),
      ),
    )
    const row = fc.tuple(
      ...columns.map(([t, nullable]) => (nullable ? nullableValue(t) : present(t))),
    ) as fc.Arbitrary<Value[]>
    const weight = fc.integer({ min: -3, max: 3 }).filter((w) => w !== 0)
    return fc
      .tuple(fc.array(fc.tuple(row, weight), { maxLength: 20 }), fc.boolean())
      .map(([rows, weighted]) => ({
        schema,
        rows: rows.map(([values]) => values),
        weights: weighted && rows.length > 0 ? rows.map(([, w]) => w) : null,
      }))
  })

export function batchOf({ schema, rows, weights }: Case): Batch {
  const builder = new BatchBuilder(schema)
  rows.forEach((row, i) => {
    builder.append(row, weights?.[i] ?? 1)
  })
  return builder.finish()
}

/** Values in a form that compares as SQL does: bytes as text, -0 as 0. */
export function plain(value: Value): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(plain)
  return typeof value === 'bigint' ? `${value}n` : value
}
