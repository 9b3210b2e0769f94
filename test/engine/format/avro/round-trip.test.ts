/** Every type that Avro has: bytes as avsc writes them, read back as they were. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asSqlError } from '../../../../engine/base/errors.ts'
import { rowsOf } from '../../../../engine/batch/rows.ts'
import { schemaOf } from '../../../../engine/batch/schema.ts'
import { type DataType, isInterval, partsOf } from '../../../../engine/batch/types.ts'
import { avroMessages } from '../../../../engine/format/avro/decoder.ts'
import { derivedSchema } from '../../../../engine/format/avro/derive.ts'
import { avroEncoder } from '../../../../engine/format/avro/encoder.ts'
import { seedOf } from '../../../seed.ts'
import { anyCase, anyType, batchOf, type Case, plain } from '../../batch/arbitrary.ts'
import { messagesOf } from '../messages-of.ts'
import { oracle, toAvsc } from './avsc.ts'

const isAvro = (type: DataType): boolean =>
  !isInterval(type) &&
  (type.kind !== 'map' || type.key.kind === 'varchar') &&
  partsOf(type).every(isAvro)

const cases = anyCase(anyType.filter(isAvro)).map((one): Case => ({ ...one, weights: null }))

const encoded = (one: Case): Uint8Array[] =>
  avroEncoder(one.schema, undefined)(batchOf(one)).records as Uint8Array[]

const seed = seedOf('avro round trip')

describe('avro', () => {
  test('writes what avsc writes, and reads it back', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const { schema, rows } = one
        const type = oracle(derivedSchema(schema))
        const ours = encoded(one)
        for (const [i, row] of rows.entries()) {
          expect(Buffer.from(ours[i])).toEqual(type.toBuffer(toAvsc(schema, row)))
        }
        const { batch, bad } = avroMessages(schema, undefined).decode(messagesOf(ours))
        expect(bad).toEqual([])
        expect(rowsOf(batch).map(plain)).toEqual(rowsOf(batchOf(one)).map(plain))
      }),
      { seed, numRuns: 150 },
    )
  })

  test('steps over what no column wants', () => {
    fc.assert(
      fc.property(cases, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), (one, wanted) => {
        const { schema, rows } = one
        const kept = schema.fields.map((_, i) => i).filter((i) => wanted[i])
        const some = schemaOf(kept.map((i) => schema.fields[i]).reverse())
        const decoder = avroMessages(some, derivedSchema(schema))
        const { batch, bad } = decoder.decode(messagesOf(encoded(one)))
        expect(bad).toEqual([])
        const whole = rowsOf(batchOf(one))
        expect(rowsOf(batch).map(plain)).toEqual(
          rows.map((_, row) => kept.map((i) => plain(whole[row][i])).reverse()),
        )
      }),
      { seed, numRuns: 120 },
    )
  })

  test('damaged messages are bad, or rows of the table; the others stay', () => {
    const damaged = cases.filter(({ rows }) => rows.length > 0)
    fc.assert(
      fc.property(damaged, fc.nat(), fc.nat(255), fc.boolean(), (one, at, byte, cut) => {
        const { schema } = one
        const good = encoded(one)
        const all = good.flatMap((message) => [message, damage(message, at, byte, cut)])
        const { batch, rows, bad } = avroMessages(schema, undefined).decode(messagesOf(all))
        expect(batch.rowCount + bad.length).toBe(all.length)
        for (const { index, error } of bad) {
          expect(index % 2).toBe(1)
          expect(asSqlError(error).code).toBe('BAD_RECORD')
        }
        const whole = rowsOf(batchOf(one))
        rowsOf(batch).forEach((row, i) => {
          const message = rows?.[i] ?? i
          if (message % 2 === 0) expect(plain(row)).toEqual(plain(whole[message / 2]))
        })
        if (cut) expect(bad.length).toBe(good.filter(({ length }) => length > 0).length)
      }),
      { seed, numRuns: 120 },
    )
  })
})

function damage(message: Uint8Array, at: number, byte: number, cut: boolean): Uint8Array {
  if (message.length === 0) return message
  const place = at % message.length
  if (cut) return message.subarray(0, place)
  const changed = message.slice()
  changed[place] = byte
  return changed
}
