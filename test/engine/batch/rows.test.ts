import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BatchBuilder, columnOf } from '../../../engine/batch/builder.ts'
import { concat } from '../../../engine/batch/concat.ts'
import { jsonArrayText, jsonRowTexts } from '../../../engine/batch/json-rows.ts'
import { jsonValue } from '../../../engine/batch/json-value.ts'
import { parseBatch, printBatch } from '../../../engine/batch/pretty.ts'
import { jsonRows, rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  type DataType,
  DOUBLE,
  INT,
  INTERVAL_MONTH,
  INTERVAL_SECOND,
  JSON_TYPE,
  TINYINT,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/batch/value.ts'
import { fromJson } from '../../../engine/batch/value-from-json.ts'
import { anyCase, anyType, batchOf, plain, present } from './arbitrary.ts'

const code = (name: string) => expect.objectContaining({ code: name })

describe('BatchBuilder', () => {
  test('gives back the rows it was given', () => {
    fc.assert(
      fc.property(anyCase(), (given) => {
        const batch = batchOf(given)
        // -0 and 0 are one value, and a float keeps only 32 bits (the test gives no others).
        expect(rowsOf(batch).map(plain)).toEqual(given.rows.map(plain))
        expect(batch.rowCount).toBe(given.rows.length)
      }),
    )
  })

  test('grows far beyond its first size, NULLs and all', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => (i % 3 === 0 ? null : i))
    expect(
      rowsOf(
        batchOf({
          schema: schemaOf([{ name: 'a', type: BIGINT, nullable: true }]),
          rows: values.map((v) => [v]),
          weights: null,
        }),
      ).flat(),
    ).toEqual(values)
    const texts = values.map((v) => v && `text ${v} é`)
    const column = columnOf(VARCHAR, texts)
    expect(column.length).toBe(10_000)
    const builder = new BatchBuilder(schemaOf([{ name: 'a', type: VARCHAR, nullable: true }]))
    for (const text of texts) builder.append([text])
    expect(rowsOf(builder.finish()).flat()).toEqual(texts)
    expect(builder.finish().rowCount).toBe(0)
  })

  test.each<[DataType, Value, string]>([
    [TINYINT, 128, 'OUT_OF_RANGE'],
    [TINYINT, -129, 'OUT_OF_RANGE'],
    [INT, 2 ** 31, 'OUT_OF_RANGE'],
    [INT, 1.5, 'INVALID_VALUE'],
    [BIGINT, 2n ** 63n, 'OUT_OF_RANGE'],
    [BIGINT, 2 ** 63, 'OUT_OF_RANGE'],
    [BIGINT, '1', 'INVALID_VALUE'],
    [{ kind: 'decimal', precision: 3, scale: 1 }, 1000, 'OUT_OF_RANGE'],
    [{ kind: 'decimal', precision: 38, scale: 0 }, 10n ** 38n, 'OUT_OF_RANGE'],
    [VARCHAR, 1, 'INVALID_VALUE'],
    [BYTES, 'x', 'INVALID_VALUE'],
    [BOOLEAN, 1, 'INVALID_VALUE'],
    [DOUBLE, '1', 'INVALID_VALUE'],
    [{ kind: 'array', element: INT }, 1, 'INVALID_VALUE'],
    [{ kind: 'row', fields: [{ name: 'a', type: INT }] }, [1, 2], 'INVALID_VALUE'],
    [{ kind: 'map', key: INT, value: INT }, [[null, 1]], 'INVALID_VALUE'],
  ])('%j does not take %s', (type, value, error) => {
    expect(() => columnOf(type, [value])).toThrow(code(error))
  })

  test('takes the ends of each range', () => {
    const max = 2n ** 63n - 1n
    expect(() => columnOf(BIGINT, [max, -max - 1n, 2 ** 53, -(2 ** 53)])).not.toThrow()
    expect(() => columnOf(TINYINT, [127, -128])).not.toThrow()
    expect(() => columnOf({ kind: 'decimal', precision: 3, scale: 1 }, [999, -999])).not.toThrow()
  })
})

describe('concat', () => {
  test('is all rows in order', () => {
    fc.assert(
      fc.property(anyCase(), fc.array(fc.nat(20), { maxLength: 4 }), (given, cuts) => {
        const batch = batchOf(given)
        const at = [0, ...cuts.map((c) => Math.min(c, batch.rowCount)), batch.rowCount].sort(
          (a, b) => a - b,
        )
        const parts = at.slice(1).map((to, i) => batch.slice(at[i], to))
        const whole = concat(parts)
        expect(rowsOf(whole).map(plain)).toEqual(rowsOf(batch).map(plain))
        expect([...(whole.weights ?? [])]).toEqual(
          batch.rowCount === 0 ? [] : [...(batch.weights ?? [])],
        )
        const twice = concat([whole, batch, ...parts])
        expect(rowsOf(twice).length).toBe(batch.rowCount * 3)
        expect(rowsOf(twice.slice(batch.rowCount, batch.rowCount * 2)).map(plain)).toEqual(
          rowsOf(batch).map(plain),
        )
      }),
      { numRuns: 200 },
    )
  })

  test('fills in weights that are missing, and keeps a shared dictionary', () => {
    const schema = schemaOf([{ name: 'a', type: INT, nullable: true }])
    const all = concat([parseBatch('1\n2', schema), parseBatch('- 3', schema)])
    expect([...all.weights!]).toEqual([1, 1, -1])
  })
})

describe('JSON', () => {
  test('the fast text is what JSON.stringify of jsonValue gives', () => {
    fc.assert(
      fc.property(anyCase(), (given) => {
        const batch = batchOf(given)
        const objects = jsonRows(batch)
        expect(JSON.parse(jsonArrayText(batch))).toEqual(JSON.parse(JSON.stringify(objects)))
        for (const text of jsonRowTexts(batch)) expect(text).not.toMatch(/[\r\n]/)
      }),
      { numRuns: 300 },
    )
  })

  test('and reads back as the same value', () => {
    const policy = { unknownFields: 'fail' } as const
    const typed = anyType.chain((type) => present(type).map((value) => ({ type, value })))
    fc.assert(
      fc.property(typed, ({ type, value }) => {
        const json = JSON.parse(JSON.stringify(jsonValue(value, type)))
        if (json === null) return
        const normal = rowsOf(
          batchOf({
            schema: schemaOf([{ name: 'a', type, nullable: true }]),
            rows: [[value]],
            weights: null,
          }),
        )
        const back = batchOf({
          schema: schemaOf([{ name: 'a', type, nullable: true }]),
          rows: [[fromJson(type, policy)(json)]],
          weights: null,
        })
        const zero = (text: string) => text.replaceAll('-0,', '0,')
        expect(zero(JSON.stringify(rowsOf(back).map(plain)))).toEqual(
          zero(JSON.stringify(normal.map(plain))),
        )
      }),
      { numRuns: 500 },
    )
  })

  test.each<[DataType, Value, unknown]>([
    [BIGINT, 5, 5],
    [BIGINT, 2n ** 60n, '1152921504606846976'],
    [{ kind: 'decimal', precision: 10, scale: 2 }, -5, '-0.05'],
    [{ kind: 'timestamp', precision: 3 }, 978_307_260_000_000, '2001-01-01T00:01:00.000'],
    [{ kind: 'timestamp_ltz', precision: 3 }, 978_307_260_000_000, '2001-01-01T00:01:00.000Z'],
    [{ kind: 'timestamp_ltz', precision: 0 }, 978_307_260_000_000, '2001-01-01T00:01:00Z'],
    [DATE, 11_323, '2001-01-01'],
    [{ kind: 'time', precision: 0 }, 3_720_000_000, '01:02:00'],
    [INTERVAL_MONTH, 14, 'P1Y2M'],
    [INTERVAL_SECOND, 1_500_000, 'PT1.5S'],
    [BYTES, new Uint8Array([1, 2, 255]), 'AQL/'],
    [DOUBLE, Number.NaN, 'NaN'],
    [DOUBLE, Number.NEGATIVE_INFINITY, '-Infinity'],
    [DOUBLE, 1.5, 1.5],
    [JSON_TYPE, '{"a":\n[1]}', { a: [1] }],
    [{ kind: 'array', element: BIGINT }, [1, null], [1, null]],
    [{ kind: 'map', key: VARCHAR, value: INT }, [['x', 1]], { x: 1 }],
    [{ kind: 'map', key: INT, value: INT }, [[1, null]], [{ key: 1, value: null }]],
    [{ kind: 'row', fields: [{ name: 'a', type: INT }] }, [7], { a: 7 }],
  ])('%j %s', (type, value, json) => {
    expect(jsonValue(value, type)).toEqual(json)
  })
})

describe('test literals', () => {
  const schema = schemaOf([
    { name: 'n', type: BIGINT, nullable: true },
    { name: 's', type: VARCHAR, nullable: true },
  ])

  test('are read with signs, quotes and NULL', () => {
    const batch = parseBatch(
      `
      + 1 a
      - 7 'it''s two words'
      +3 NULL NULL
      + -5 'NULL'
      `,
      schema,
    )
    expect(rowsOf(batch)).toEqual([
      [1, 'a'],
      [7, "it's two words"],
      [null, null],
      [-5, 'NULL'],
    ])
    expect([...batch.weights!]).toEqual([1, -1, 3, 1])
    expect(parseBatch('1 a', schema).weights).toBeNull()
    expect(() => parseBatch('1', schema)).toThrow()
    expect(() => parseBatch('+ 1 a\n2 b', schema)).toThrow()
  })

  test('print as they are read', () => {
    fc.assert(
      fc.property(anyCase(), (given) => {
        fc.pre(given.schema.fields.length > 0)
        const batch = batchOf(given)
        const text = printBatch(batch)
        // A line is a row: a value with a line end in it cannot stand in a literal.
        fc.pre(text.split('\n').length === Math.max(batch.rowCount, 1) && !text.includes('\r'))
        const back = parseBatch(text, given.schema)
        expect(printBatch(back)).toBe(text)
      }),
      { numRuns: 300 },
    )
  })
})
