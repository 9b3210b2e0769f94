import { tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Batch, emptyBatch } from '../../../engine/batch/batch.ts'
import { columnOf } from '../../../engine/batch/builder.ts'
import {
  decodeBatch,
  decodeSchema,
  encodeBatch,
  encodeSchema,
  fromArrowStream,
  toArrowStream,
} from '../../../engine/batch/ipc.ts'
import { END_OF_STREAM } from '../../../engine/batch/ipc-message.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, INT, VARCHAR } from '../../../engine/batch/types.ts'
import { anyCase, anyType, batchOf, plain } from './arbitrary.ts'

const runs = { numRuns: 300 }

describe('encodeBatch and decodeBatch', () => {
  test('give back every value, weight and NULL, also of sliced and gathered batches', () => {
    fc.assert(
      fc.property(anyCase(), fc.nat(20), fc.nat(20), (given, a, b) => {
        const batch = batchOf(given)
        const from = Math.min(a, b, batch.rowCount)
        const to = Math.min(Math.max(a, b), batch.rowCount)
        const reversed = Int32Array.from({ length: to - from }, (_, i) => to - 1 - i)
        for (const part of [batch, batch.slice(from, to), batch.keep(reversed, to - from)]) {
          const bytes = encodeBatch(part)
          const back = decodeBatch(bytes, given.schema)
          expect(rowsOf(back).map(plain)).toEqual(rowsOf(part).map(plain))
          expect(back.weights).toEqual(part.weights)
          expect(back.rowCount).toBe(part.rowCount)
          // A decoded batch is as good as the first one.
          expect(encodeBatch(back)).toEqual(encodeBatch(back.slice(0, back.rowCount)))
          const shifted = new Uint8Array(bytes.length + 3)
          shifted.set(bytes, 3)
          const again = decodeBatch(shifted.subarray(3), given.schema)
          expect(rowsOf(again).map(plain)).toEqual(rowsOf(part).map(plain))
        }
      }),
      runs,
    )
  })

  test('decoded columns are views on the payload', () => {
    const schema = schemaOf([
      { name: 'a', type: BIGINT, nullable: false },
      { name: 's', type: VARCHAR, nullable: false },
    ])
    const columns = [columnOf(BIGINT, [1, 2n ** 60n]), columnOf(VARCHAR, ['x', 'yz'])]
    const bytes = encodeBatch(new Batch(schema, columns, 2))
    for (const column of decodeBatch(bytes, schema).columns) {
      expect(column.values.buffer).toBe(bytes.buffer)
    }
  })

  test('few distinct strings travel as a dictionary', () => {
    const schema = schemaOf([{ name: 's', type: VARCHAR, nullable: true }])
    const values = Array.from({ length: 5000 }, (_, i) => (i % 7 === 0 ? null : `airport${i % 50}`))
    const batch = new Batch(schema, [columnOf(VARCHAR, values)], values.length)
    const bytes = encodeBatch(batch)
    expect(bytes.length).toBeLessThan(5000 * 5)
    const back = decodeBatch(bytes, schema)
    expect(back.columns[0].dictionary?.entries.length).toBe(50)
    expect(rowsOf(back).flat()).toEqual(values)
    expect(rowsOf(decodeBatch(encodeBatch(back.slice(100, 4000)), schema)).flat()).toEqual(
      values.slice(100, 4000),
    )
    const few = Int32Array.from([4, 7, 8])
    expect(rowsOf(decodeBatch(encodeBatch(back.keep(few, 3)), schema)).flat()).toEqual(
      [4, 7, 8].map((i) => values[i]),
    )
  })

  test('many distinct strings do not', () => {
    const schema = schemaOf([{ name: 's', type: VARCHAR, nullable: true }])
    const values = Array.from({ length: 5000 }, (_, i) => `v${i}`)
    const batch = new Batch(schema, [columnOf(VARCHAR, values)], values.length)
    const back = decodeBatch(encodeBatch(batch), schema)
    expect(back.columns[0].dictionary).toBeNull()
    expect(rowsOf(back).flat()).toEqual(values)
  })

  test('a payload that is cut short is DATA_DAMAGED', () => {
    const schema = schemaOf([{ name: 'a', type: INT, nullable: true }])
    const bytes = encodeBatch(new Batch(schema, [columnOf(INT, [1, null, 3])], 3))
    for (let length = 0; length < bytes.length; length += 5) {
      expect(() => decodeBatch(bytes.slice(0, length), schema)).toThrow(
        expect.objectContaining({ code: 'DATA_DAMAGED' }),
      )
    }
    const wider = schemaOf([...schema.fields, { name: 'b', type: INT, nullable: true }])
    expect(() => decodeBatch(bytes, wider)).toThrow(
      expect.objectContaining({ code: 'DATA_DAMAGED' }),
    )
  })
})

describe('encodeSchema and decodeSchema', () => {
  test('give back every type exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyType, fc.string(), fc.boolean()), { maxLength: 6 }),
        (list) => {
          const schema = schemaOf(list.map(([type, name, nullable]) => ({ name, type, nullable })))
          expect(decodeSchema(encodeSchema(schema))).toEqual(schema)
        },
      ),
      runs,
    )
  })
})

describe('apache-arrow reads what we write', () => {
  test('every type: a stream of ours has the same values there', () => {
    fc.assert(
      fc.property(anyCase(), (given) => {
        const batch = batchOf(given)
        const stream = toArrowStream(given.schema, [batch, batch])
        const table = tableFromIPC(stream)
        expect(table.numRows).toBe(given.rows.length * 2)
        expect(table.schema.fields.map((f) => f.name).slice(0, given.schema.fields.length)).toEqual(
          given.schema.fields.map((f) => f.name),
        )
        given.schema.fields.forEach((field, i) => {
          const vector = table.getChildAt(i)!
          given.rows.forEach((row, r) => {
            const value = vector.get(r)
            expect(value === null).toBe(row[i] === null)
            if (row[i] === null) return
            if (
              ['boolean', 'tinyint', 'smallint', 'int', 'varchar', 'json'].includes(field.type.kind)
            )
              expect(value).toBe(row[i])
            if (field.type.kind === 'bigint') expect(value).toBe(BigInt(row[i] as number))
            if (field.type.kind === 'array') expect(value.length).toBe((row[i] as unknown[]).length)
          })
        })
        if (batch.weights !== null) {
          const weights = [...(table.getChild('$weight')!.toArray() as Int32Array)]
          expect(weights.slice(0, given.rows.length)).toEqual([...batch.weights])
        }
      }),
      runs,
    )
  })

  test('a log payload with its schema message and dictionaries is a valid stream', () => {
    const schema = schemaOf([
      { name: 'n', type: BIGINT, nullable: false },
      { name: 's', type: VARCHAR, nullable: true },
    ])
    const values = Array.from({ length: 2000 }, (_, i) => (i % 9 === 0 ? null : `k${i % 20}`))
    const columns = [
      columnOf(
        BIGINT,
        values.map((_, i) => i),
      ),
      columnOf(VARCHAR, values),
    ]
    const payload = encodeBatch(new Batch(schema, columns, values.length))
    const table = tableFromIPC(
      Buffer.concat([encodeSchema(schema, [1]), payload, END_OF_STREAM]) as Uint8Array,
    )
    expect(table.getChild('s')!.toJSON()).toEqual(values)
    expect(table.getChild('n')!.get(1999)).toBe(1999n)
  })

  test('an empty stream and an empty batch', () => {
    const schema = schemaOf([{ name: 'a', type: { kind: 'array', element: INT }, nullable: true }])
    expect(tableFromIPC(toArrowStream(schema, [])).numRows).toBe(0)
    expect(tableFromIPC(toArrowStream(schema, [emptyBatch(schema)])).numRows).toBe(0)
    expect(fromArrowStream(toArrowStream(schema, [emptyBatch(schema)]), schema)[0].rowCount).toBe(0)
  })
})
