/** CAST as tables: from, to, what comes out; and what does not convert. */

import { describe, expect, test } from 'vitest'
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  type DataType,
  DOUBLE,
  FLOAT,
  INT,
  INTERVAL_MONTH,
  INTERVAL_SECOND,
  JSON_TYPE,
  SMALLINT,
  TIMESTAMP,
  TIMESTAMP_LTZ,
  TINYINT,
  typeName,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import { canCast } from '../../../engine/expr/cast.ts'
import { decimal } from '../../../engine/expr/decimal.ts'
import type { LiteralExpr } from '../../../engine/expr/ir.ts'
import * as make from '../../../engine/expr/literal.ts'
import { resolveCast } from '../../../engine/expr/resolve.ts'
import { batchOf, column, generatedRows, interpretRow } from './evaluate.ts'

const FLOAT_01 = make.literal(FLOAT, Math.fround(0.1))
const TIMESTAMP6: DataType = { kind: 'timestamp', precision: 6 }
const TIME3: DataType = { kind: 'time', precision: 3 }
const ts = (value: string) => make.timestamp(value, 6)

/** 'error' stands for a CAST that raises and a TRY_CAST that is NULL. */
const CASES: readonly (readonly [LiteralExpr, DataType, unknown])[] = [
  // to text
  [make.bool(true), VARCHAR, 'TRUE'],
  [make.bigint(9223372036854775807n), VARCHAR, '9223372036854775807'],
  [make.double(1), VARCHAR, '1.0'],
  [make.double(1e10), VARCHAR, '1.0E10'],
  [make.double(1.5e-7), VARCHAR, '1.5E-7'],
  [make.double(0.001), VARCHAR, '0.001'],
  [make.double(123456.789), VARCHAR, '123456.789'],
  [make.double(-0), VARCHAR, '-0.0'],
  [make.double(Number.NaN), VARCHAR, 'NaN'],
  [make.double(Number.NEGATIVE_INFINITY), VARCHAR, '-Infinity'],
  [FLOAT_01, VARCHAR, '0.1'],
  [make.decimal('-0.05'), VARCHAR, '-0.05'],
  [make.date('0001-01-01'), VARCHAR, '0001-01-01'],
  [ts('2024-02-29 13:45:30.123456'), VARCHAR, '2024-02-29 13:45:30.123456'],
  [make.timestamp('1969-12-31 23:59:59.999'), VARCHAR, '1969-12-31 23:59:59.999'],
  [make.time('13:45:30'), VARCHAR, '13:45:30'],
  [make.months(-14), VARCHAR, '-1-02'],
  [make.seconds(-90061), VARCHAR, '-1 01:01:01.000'],
  [make.text('日本語テキスト'), { kind: 'varchar', length: 3 }, '日本語'],
  [make.int(12345), { kind: 'varchar', length: 3 }, '123'],
  [make.bytes(0xe2, 0x82, 0xac), VARCHAR, '€'],
  // from text
  [make.text(' 42 '), INT, 42],
  [make.text('-1.9'), INT, -1],
  [make.text('2147483648'), INT, 'error'],
  [make.text('9223372036854775807'), BIGINT, 9223372036854775807n],
  [make.text(''), INT, 'error'],
  [make.text('0x10'), INT, 'error'],
  [make.text('1e3'), DOUBLE, 1000],
  [make.text('nan'), DOUBLE, Number.NaN],
  [make.text('1,5'), DOUBLE, 'error'],
  [make.text('1.005'), decimal(5, 2), 101],
  [make.text('1e-3'), decimal(5, 3), 1],
  [make.text('1000'), decimal(5, 2), 'error'],
  [make.text('yes'), BOOLEAN, true],
  [make.text('F'), BOOLEAN, false],
  [make.text('maybe'), BOOLEAN, 'error'],
  [make.text('2024-02-29'), DATE, 19782],
  [make.text('2023-02-29'), DATE, 'error'],
  [make.text('2024-02-29 10:00:00'), DATE, 19782],
  [make.text('1970-01-01T00:00:01.5Z'), TIMESTAMP, 1_500_000],
  [make.text('1970-01-01 02:00:00+02:00'), TIMESTAMP_LTZ, 0],
  [make.text('1970-01-01 00:00:00.123456'), TIMESTAMP, 123_000],
  [make.text('10:00'), TIME3, 36_000_000_000],
  [make.text('25:00'), TIME3, 'error'],
  [make.text('+1-02'), INTERVAL_MONTH, 14],
  [make.text('1 00:00:01'), INTERVAL_SECOND, 86_401_000_000],
  [make.text('{"a":1}'), JSON_TYPE, '{"a":1}'],
  [make.text('{a:1}'), JSON_TYPE, 'error'],
  [make.text('€'), BYTES, [0xe2, 0x82, 0xac]],
  // numbers
  [make.int(300), TINYINT, 'error'],
  [make.int(-128), TINYINT, -128],
  [make.bigint(32768), SMALLINT, 'error'],
  [make.bigint(-9223372036854775808n), INT, 'error'],
  [make.bigint(9007199254740993n), DOUBLE, 9007199254740992],
  [make.double(1.9), INT, 1],
  [make.double(-1.9), INT, -1],
  [make.double(-0.5), INT, 0],
  [make.double(Number.NaN), INT, 'error'],
  [make.double(1e19), BIGINT, 'error'],
  [make.double(9007199254740994), BIGINT, 9007199254740994n],
  [make.double(1.005), decimal(5, 2), 101],
  [make.double(0.1), FLOAT, Math.fround(0.1)],
  [make.double(1e39), FLOAT, Number.POSITIVE_INFINITY],
  [make.decimal('1.995'), decimal(5, 2), 200],
  [make.decimal('-1.995'), decimal(5, 2), -200],
  [make.decimal('999.99'), decimal(4, 1), 'error'],
  [make.decimal('1.9'), INT, 1],
  [make.decimal('0.1'), DOUBLE, 0.1],
  [make.int(7), decimal(38, 10), 70000000000],
  [make.int(5), BOOLEAN, true],
  [make.bool(true), decimal(3, 2), 100],
  // times
  [ts('1969-12-31 23:59:59.999999'), DATE, -1],
  [ts('1969-12-31 23:59:59.999999'), TIMESTAMP, -1000],
  [ts('2024-02-29 13:45:30.123456'), TIME3, 49_530_123_000],
  [make.date('1970-01-02'), TIMESTAMP6, 86_400_000_000],
  [make.timestamp('1970-01-01 00:00:01'), TIMESTAMP_LTZ, 1_000_000],
]

describe.each(CASES.map(([from, to, wanted]) => ({ from, to, wanted })))(
  'CAST($from.value AS $to.kind)',
  ({ from, to, wanted }) => {
    const row = [from.value]
    const arg = column(0, from.type)
    test(`${typeName(from.type)} to ${typeName(to)} is ${String(wanted)}`, () => {
      const expr = resolveCast(arg, to, false)
      const outcome = interpretRow(expr, row)
      if (wanted === 'error') expect(outcome).toHaveProperty('error')
      else expect(outcome).toEqual({ value: wanted })
      expect(generatedRows(expr, batchOf([from.type], [row, [null]]))).toEqual([
        outcome,
        { value: null },
      ])
    })
    test('TRY_CAST', () => {
      const expr = resolveCast(arg, to, true)
      const [first] = generatedRows(expr, batchOf([from.type], [row]))
      expect(first).toEqual({ value: wanted === 'error' ? null : wanted })
    })
  },
)

test('casts that are not defined', () => {
  const undefinedCasts: readonly (readonly [DataType, DataType])[] = [
    [BIGINT, TIMESTAMP],
    [TIMESTAMP, BIGINT],
    [DATE, INT],
    [BOOLEAN, DATE],
    [BYTES, INT],
    [DATE, TIME3],
    [INTERVAL_MONTH, INTERVAL_SECOND],
    [{ kind: 'array', element: INT }, INT],
    [
      { kind: 'array', element: DATE },
      { kind: 'array', element: INT },
    ],
    [VARCHAR, { kind: 'array', element: INT }],
  ]
  for (const [from, to] of undefinedCasts) expect(canCast(from, to)).toBe(false)
})

test('a failed cast says what and where', () => {
  const at = { offset: 7, length: 4 }
  const expr = resolveCast(column(0, VARCHAR), INT, false, at)
  expect(interpretRow(expr, ['abc'])).toEqual({ error: 'INVALID_VALUE', at: JSON.stringify(at) })
  expect(generatedRows(expr, batchOf([VARCHAR], [['abc']]))).toEqual([
    { error: 'INVALID_VALUE', at: JSON.stringify(at) },
  ])
})
