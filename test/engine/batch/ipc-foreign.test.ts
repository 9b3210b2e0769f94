import * as arrow from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../../../engine/batch/batch.ts'
import {
  decodeBatch,
  encodeBatch,
  fromArrowStream,
  toArrowStream,
} from '../../../engine/batch/ipc.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import {
  BIGINT,
  BYTES,
  DATE,
  type DataType,
  DOUBLE,
  FLOAT,
  INT,
  TIMESTAMP,
  TINYINT,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import { anyCase, batchOf, plain } from './arbitrary.ts'

const one = (type: DataType, nullable = true) => schemaOf([{ name: 'a', type, nullable }])

const stream = (columns: Record<string, arrow.Vector>): Uint8Array =>
  arrow.tableToIPC(new arrow.Table(columns), 'stream')

const values = (batches: readonly Batch[]): unknown[] => batches.flatMap((b) => rowsOf(b).flat())

const read = (vector: arrow.Vector, type: DataType): unknown[] =>
  values(fromArrowStream(stream({ a: vector }), one(type)))

const bad = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    const { code, details } = error as { code: string; details: Record<string, unknown> }
    expect(code).toBe('BAD_RECORD')
    return details
  }
  throw new Error('nothing was refused')
}

describe('fromArrowStream', () => {
  test('reads back every stream of ours', () => {
    fc.assert(
      fc.property(anyCase(), (given) => {
        const { columns, schema, rowCount } = batchOf({ ...given, weights: null })
        const batch = batchOf({ ...given, weights: null })
        const back = fromArrowStream(toArrowStream(schema, [batch]), schema)
        expect(back.flatMap(rowsOf).map(plain)).toEqual(rowsOf(batch).map(plain))
        expect(back[0].rowCount).toBe(rowCount)
        expect(back[0].columns.length).toBe(columns.length)
        const again = decodeBatch(encodeBatch(back[0]), schema)
        expect(rowsOf(again).map(plain)).toEqual(rowsOf(batch).map(plain))
      }),
      { numRuns: 300 },
    )
  })

  test('takes what apache-arrow writes', () => {
    const ints = arrow.vectorFromArray([1, null, -3], new arrow.Int32())
    expect(read(ints, INT)).toEqual([1, null, -3])
    expect(read(ints, BIGINT)).toEqual([1, null, -3])
    expect(read(ints, DOUBLE)).toEqual([1, null, -3])
    expect(read(ints, { kind: 'decimal', precision: 10, scale: 2 })).toEqual([100, null, -300])
    expect(read(arrow.vectorFromArray([2n ** 60n], new arrow.Int64()), BIGINT)).toEqual([2n ** 60n])
    expect(read(arrow.vectorFromArray([5n], new arrow.Uint64()), TINYINT)).toEqual([5])
    expect(read(arrow.vectorFromArray([1.5], new arrow.Float64()), FLOAT)).toEqual([1.5])
    expect(read(arrow.vectorFromArray(['é', null, ''], new arrow.Utf8()), VARCHAR)).toEqual([
      'é',
      null,
      '',
    ])
    expect(read(arrow.vectorFromArray(['x'], new arrow.LargeUtf8()), VARCHAR)).toEqual(['x'])
    expect(read(arrow.vectorFromArray([Buffer.from([1, 2])], new arrow.Binary()), BYTES)).toEqual(
      [Buffer.from([1, 2])].map((b) => new Uint8Array(b)),
    )
  })

  test('dictionaries keep their codes, NULLs and all', () => {
    const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())
    const vector = arrow.vectorFromArray(['b', null, 'a', 'b'], type)
    const [batch] = fromArrowStream(stream({ a: vector }), one(VARCHAR))
    expect(rowsOf(batch).flat()).toEqual(['b', null, 'a', 'b'])
    expect(batch.columns[0].dictionary?.entries.length).toBe(2)
    const numbers = arrow.vectorFromArray(
      [7, null, 7],
      new arrow.Dictionary(new arrow.Int32(), new arrow.Int8()),
    )
    expect(read(numbers, INT)).toEqual([7, null, 7])
  })

  test('time units become microseconds, cut to the precision', () => {
    const us = 1_700_000_000_123_456n
    const nano = arrow.vectorFromArray([0], new arrow.TimestampNanosecond())
    ;(nano.data[0].values as BigInt64Array)[0] = us * 1000n + 789n
    expect(read(nano, { kind: 'timestamp', precision: 6 })).toEqual([Number(us)])
    expect(read(nano, TIMESTAMP)).toEqual([1_700_000_000_123_000])
    const seconds = arrow.vectorFromArray([0], new arrow.TimestampSecond())
    ;(seconds.data[0].values as BigInt64Array)[0] = -5n
    expect(read(seconds, TIMESTAMP)).toEqual([-5_000_000])
    const dates = arrow.vectorFromArray([new Date('2001-02-03')], new arrow.DateMillisecond())
    expect(read(dates, DATE)).toEqual([11356])
    ;(nano.data[0].values as BigInt64Array)[0] = -1n
    expect(read(nano, { kind: 'timestamp', precision: 6 })).toEqual([-1])
  })

  test('columns are matched by name', () => {
    const bytes = stream({
      b: arrow.vectorFromArray([1], new arrow.Int32()),
      a: arrow.vectorFromArray(['x'], new arrow.Utf8()),
    })
    const schema = schemaOf([
      { name: 'a', type: VARCHAR, nullable: false },
      { name: 'b', type: INT, nullable: false },
      { name: 'c', type: { kind: 'array', element: INT }, nullable: true },
    ])
    expect(values(fromArrowStream(bytes, schema))).toEqual(['x', 1, null])
    expect(bad(() => fromArrowStream(bytes, schema, { missingFields: 'fail' }))).toMatchObject({
      column: 'c',
    })
    expect(bad(() => fromArrowStream(bytes, one(VARCHAR)))).toMatchObject({ column: 'b' })
    expect(values(fromArrowStream(bytes, one(VARCHAR), { unknownFields: 'ignore' }))).toEqual(['x'])
  })

  test('refuses what does not fit, with the column and the record', () => {
    const ints = arrow.vectorFromArray([1, 300, null], new arrow.Int32())
    expect(bad(() => read(ints, TINYINT))).toEqual({
      index: 1,
      column: 'a',
      reason: '300 is out of range for TINYINT',
    })
    expect(bad(() => read(ints, VARCHAR)).reason).toContain('wanted STRING')
    expect(bad(() => fromArrowStream(stream({ a: ints }), one(INT, false)))).toMatchObject({
      index: 2,
      column: 'a',
    })
    expect(
      bad(() =>
        read(arrow.vectorFromArray(['abcd'], new arrow.Utf8()), { kind: 'varchar', length: 3 }),
      ),
    ).toMatchObject({ index: 0, column: 'a' })
  })

  test('bytes that are not a whole stream are refused, and nothing crashes on damage', () => {
    const whole = stream({
      a: arrow.vectorFromArray(['one', 'two', null, 'three'], new arrow.Utf8()),
    })
    for (let length = 1; length < whole.length - 8; length += 7) {
      expect(bad(() => fromArrowStream(whole.slice(0, length), one(VARCHAR))).reason).toContain(
        'whole',
      )
    }
    bad(() => fromArrowStream(Buffer.from('{"a":1}'), one(VARCHAR)))
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = whole.slice()
        damaged[at] ^= flip
        try {
          for (const batch of fromArrowStream(damaged, one(VARCHAR))) encodeBatch(batch)
        } catch (error) {
          expect((error as { code: string }).code).toBe('BAD_RECORD')
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('strings must be UTF-8', () => {
    const vector = arrow.vectorFromArray(['ab', 'cd'], new arrow.Utf8())
    ;(vector.data[0].values as Uint8Array)[3] = 0xff
    expect(bad(() => read(vector, VARCHAR))).toMatchObject({ index: 1, column: 'a' })
  })
})
