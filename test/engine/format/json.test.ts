import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SqlError } from '../../../engine/base/errors.ts'
import { jsonArrayText, jsonRowTexts } from '../../../engine/batch/json-rows.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  type DataType,
  DOUBLE,
  FLOAT,
  INT,
  JSON_TYPE,
  TIMESTAMP,
  TINYINT,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import { decodeJsonRows, type JsonOptions } from '../../../engine/format/json.ts'
import { findJsonError } from '../../../engine/format/json-error.ts'
import { anyCase, batchOf, plain } from '../batch/arbitrary.ts'

const LENIENT: JsonOptions = { unknownFields: 'ignore', missingFields: 'null' }
const STRICT: JsonOptions = { unknownFields: 'fail', missingFields: 'fail' }
const utf8 = (text: string) => new Uint8Array(Buffer.from(text))

const flights = schemaOf([
  { name: 'origin', type: VARCHAR, nullable: false },
  { name: 'delay', type: BIGINT, nullable: true },
])

const decode = (text: string, schema = flights, options = LENIENT) =>
  rowsOf(decodeJsonRows(utf8(text), schema, options).batch)

const one = (type: DataType, json: string) =>
  decode(`{"a":${json}}`, schemaOf([{ name: 'a', type, nullable: true }]))[0][0]

function refused(run: () => unknown): Record<string, unknown> {
  try {
    run()
  } catch (error) {
    expect((error as SqlError).code).toBe('BAD_RECORD')
    return (error as SqlError).details as Record<string, unknown>
  }
  throw new Error('nothing was refused')
}

describe('decodeJsonRows', () => {
  test('takes an object, an array, and lines', () => {
    expect(decode('{"origin":"JFK","delay":5}')).toEqual([['JFK', 5]])
    expect(decode(' [ {"origin":"JFK"}, {"delay":null,"origin":"é"} ] ')).toEqual([
      ['JFK', null],
      ['é', null],
    ])
    expect(decode('[]')).toEqual([])
    const lines = '{"origin":"a"}\n\n{"origin":"b","delay":1}\r\n{"origin":"c"}'
    expect(decode(lines, flights, { ...LENIENT, lines: true }).map(([o]) => o)).toEqual([
      'a',
      'b',
      'c',
    ])
    expect(decode('', flights, { ...LENIENT, lines: true })).toEqual([])
    expect(decode('\ufeff{"origin":"bom"}')).toEqual([['bom', null]])
  })

  test('reads back what we write, every type', () => {
    fc.assert(
      fc.property(anyCase(), fc.boolean(), (given, lines) => {
        // The JSON text null is a NULL, and as many numbers in JSON columns are beyond a double.
        fc.pre(!given.schema.fields.some((f) => JSON.stringify(f.type).includes('"json"')))
        const batch = batchOf({ ...given, weights: null })
        const text = lines ? jsonRowTexts(batch).join('\n') : jsonArrayText(batch)
        const back = decodeJsonRows(utf8(text), given.schema, { ...STRICT, lines })
        expect(JSON.stringify(rowsOf(back.batch).map(plain))).toEqual(
          JSON.stringify(rowsOf(batch).map(plain)),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('numbers are exact', () => {
    expect(one(BIGINT, '9223372036854775807')).toBe(9223372036854775807n)
    expect(one(BIGINT, '-9007199254740993')).toBe(-9007199254740993n)
    expect(one(BIGINT, '"9007199254740993"')).toBe(9007199254740993n)
    expect(one(BIGINT, '9007199254740991')).toBe(9007199254740991)
    expect(one(BIGINT, '1e3')).toBe(1000)
    expect(one(BIGINT, '1.0')).toBe(1)
    const decimal: DataType = { kind: 'decimal', precision: 38, scale: 10 }
    expect(one(decimal, '1234567890123456789.0123456789')).toBe(12345678901234567890123456789n)
    expect(one(decimal, '0.1')).toBe(1_000_000_000)
    expect(one(decimal, '"0.10"')).toBe(1_000_000_000)
    expect(one(DOUBLE, '0.1234567890123456789')).toBe(0.12345678901234568)
    expect(one(DOUBLE, '"NaN"')).toBeNaN()
    expect(one(JSON_TYPE, '{"n": 12345678901234567890.5, "b": [1.50]}')).toBe(
      '{"n":12345678901234567890.5,"b":[1.5]}',
    )
    expect(one({ kind: 'array', element: BIGINT }, '[9007199254740993]')).toEqual([
      9007199254740993n,
    ])
  })

  test('timestamps are ISO text or epoch milliseconds', () => {
    expect(one(TIMESTAMP, '"2001-01-01T00:01:00.123456Z"')).toBe(978_307_260_123_000)
    expect(one(TIMESTAMP, '"2001-01-01 00:01:00"')).toBe(978_307_260_000_000)
    expect(one(TIMESTAMP, '978307260000')).toBe(978_307_260_000_000)
    expect(one(TIMESTAMP, '-1')).toBe(-1000)
    for (const json of ['"yesterday"', '1e20', 'true', '"2001-02-29"']) {
      expect(refused(() => one(TIMESTAMP, json))).toMatchObject({ index: 0, column: 'a' })
    }
  })

  test.each<[DataType, string, string]>([
    [INT, '"5"', 'wanted INT, found "5"'],
    [INT, '1.5', 'wanted INT, found 1.5'],
    [INT, '2147483648', '2147483648 is out of range for INT'],
    [TINYINT, '-129', '-129 is out of range for TINYINT'],
    [BIGINT, '9223372036854775808', '9223372036854775808 is out of range for BIGINT'],
    [BIGINT, '1e30', 'is out of range for BIGINT'],
    [BIGINT, '1.5', 'wanted BIGINT, found 1.5'],
    [BIGINT, '"x"', 'wanted BIGINT, found "x"'],
    [BIGINT, '{}', 'wanted BIGINT, found an object'],
    [DOUBLE, '"1"', 'wanted DOUBLE'],
    [DOUBLE, '1e999', 'out of range'],
    [FLOAT, '1e300', 'out of range for FLOAT'],
    [BOOLEAN, '"true"', 'wanted BOOLEAN'],
    [VARCHAR, '5', 'wanted STRING, found 5'],
    [VARCHAR, '"\\ud800"', 'surrogate'],
    [{ kind: 'varchar', length: 2 }, '"abc"', '3 characters'],
    [BYTES, '"&&&="', 'base64'],
    [{ kind: 'decimal', precision: 3, scale: 1 }, '100', 'out of range for DECIMAL(3, 1)'],
    [{ kind: 'array', element: INT }, '[1,"x"]', 'wanted INT, found "x"'],
    [
      { kind: 'row', fields: [{ name: 'f', type: INT }] },
      '[1]',
      'wanted ROW<f INT>, found an array',
    ],
    [{ kind: 'map', key: VARCHAR, value: INT }, '3', 'wanted MAP'],
  ])('%j does not take %s', (type, json, reason) => {
    const details = refused(() => one(type, json))
    expect(details).toMatchObject({ index: 0, column: 'a' })
    expect(details.reason).toContain(reason)
  })

  test('says which record and which column', () => {
    expect(refused(() => decode('[{"origin":"a"},{"origin":"b","delay":"x"}]'))).toMatchObject({
      index: 1,
      column: 'delay',
      reason: 'wanted BIGINT, found "x"',
    })
    expect(refused(() => decode('[{"origin":"a"},{"origin":null}]'))).toMatchObject({
      index: 1,
      column: 'origin',
      reason: 'the column is NOT NULL, found null',
    })
    expect(refused(() => decode('[{"delay":1}]'))).toMatchObject({ index: 0, column: 'origin' })
    expect(refused(() => decode('[{"origin":"a"}, 5]')).reason).toBe('wanted an object, found 5')
    expect(refused(() => decode('"text"')).reason).toBe('wanted an object, found "text"')
    const lines: JsonOptions = { ...LENIENT, lines: true }
    expect(refused(() => decode('{"origin":"a"}\n\n{"origin":1}', flights, lines))).toMatchObject({
      index: 1,
      line: 3,
      column: 'origin',
    })
  })

  test('keeps to the policy for unknown and missing fields', () => {
    const text = '{"origin":"a","extra":1}'
    expect(decode(text)).toEqual([['a', null]])
    expect(
      refused(() => decode(text, flights, { ...LENIENT, unknownFields: 'fail' })),
    ).toMatchObject({
      index: 0,
      column: 'extra',
    })
    expect(refused(() => decode('{"origin":"a"}', flights, STRICT))).toMatchObject({
      column: 'delay',
      reason: 'the value is missing',
    })
  })

  test('names of Object.prototype are names like others', () => {
    const schema = schemaOf(
      ['constructor', '__proto__', 'toString'].map((name) => ({ name, type: INT, nullable: true })),
    )
    expect(decode('[{},{"__proto__":1,"toString":2,"constructor":3}]', schema)).toEqual([
      [null, null, null],
      [3, 1, 2],
    ])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('malformed JSON is placed by line and column', () => {
    const details = refused(() => decode('[{"origin":"a"},\n {"origin" "b"}]'))
    expect(details).toMatchObject({ line: 2, position: 12 })
    expect(details.reason).toContain("line 2, column 12: ':' is expected")
    const lines: JsonOptions = { ...LENIENT, lines: true }
    expect(refused(() => decode('{"origin":"a"}\n{"origin":x}', flights, lines))).toMatchObject({
      index: 1,
      line: 2,
      position: 11,
    })
    expect(refused(() => decode('')).reason).toContain('the text ends')
  })

  test('the place of an error is found wherever JSON.parse fails', () => {
    const text = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .tuple(fc.json({ maxDepth: 3 }), fc.nat(100), fc.string({ maxLength: 2 }))
        .map(([json, at, s]) => {
          const cut = at % (json.length + 1)
          return json.slice(0, cut) + s + json.slice(cut + 1)
        }),
    )
    fc.assert(
      fc.property(text, (json) => {
        let fails = false
        try {
          JSON.parse(json)
        } catch {
          fails = true
        }
        fc.pre(fails)
        const { position } = findJsonError(json)
        expect(position).toBeLessThanOrEqual(json.length)
        // What stands before the place can still become JSON: no shorter prefix is wrong.
        expect(findJsonError(json.slice(0, position)).position).toBe(position)
      }),
      { numRuns: 2000 },
    )
  })

  test('bytes that are not UTF-8 are placed by byte', () => {
    const body = utf8('{"origin":"\ufffdab"}')
    body[15] = 0xff
    const details = refused(() => decodeJsonRows(body, flights, LENIENT))
    expect(details.reason).toContain('byte 15')
  })

  test('deep nesting is refused, not a crash', () => {
    const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
    const schema = schemaOf([{ name: 'a', type: JSON_TYPE, nullable: true }])
    expect(refused(() => decode(deep, schema)).reason).toContain('nested too deeply')
  })
})
