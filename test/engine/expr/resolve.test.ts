/** Names, types and implicit conversion: what a call becomes, and how it is refused. */

import { describe, expect, test } from 'vitest'
import { SqlError } from '../../../engine/base/errors.ts'
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
  NULL_TYPE,
  SMALLINT,
  TIMESTAMP,
  TIMESTAMP_LTZ,
  TINYINT,
  typeName,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import { coerce, commonType } from '../../../engine/expr/coerce.ts'
import { decimal } from '../../../engine/expr/decimal.ts'
import { isDeterministic, isNullable } from '../../../engine/expr/facts.ts'
import { type Expr, printExpr } from '../../../engine/expr/ir.ts'
import * as make from '../../../engine/expr/literal.ts'
import { resolveCall, resolveCase, resolveCast } from '../../../engine/expr/resolve.ts'
import { column } from './evaluate.ts'

const AT = { offset: 10, length: 3 }
const of = (type: DataType, nullable = false): Expr => ({ ...column(0, type, nullable), at: AT })

function refusal(run: () => unknown): SqlError {
  try {
    run()
  } catch (error) {
    if (error instanceof SqlError) return error
    throw error
  }
  throw new Error('not refused')
}

describe('result types', () => {
  const cases: readonly (readonly [string, readonly DataType[], string])[] = [
    ['+', [INT, INT], 'INT'],
    ['+', [TINYINT, TINYINT], 'TINYINT'],
    ['+', [TINYINT, SMALLINT], 'SMALLINT'],
    ['+', [INT, BIGINT], 'BIGINT'],
    ['/', [INT, INT], 'INT'],
    ['%', [BIGINT, INT], 'INT'],
    ['+', [INT, DOUBLE], 'DOUBLE'],
    ['+', [FLOAT, INT], 'FLOAT'],
    ['+', [FLOAT, decimal(5, 2)], 'DOUBLE'],
    ['+', [decimal(5, 2), decimal(7, 4)], 'DECIMAL(8, 4)'],
    ['-', [decimal(38, 10), decimal(38, 20)], 'DECIMAL(38, 9)'],
    ['*', [decimal(5, 2), decimal(7, 4)], 'DECIMAL(13, 6)'],
    ['*', [decimal(38, 10), decimal(38, 10)], 'DECIMAL(38, 6)'],
    ['/', [decimal(5, 2), decimal(7, 4)], 'DECIMAL(17, 10)'],
    ['%', [decimal(5, 2), decimal(7, 4)], 'DECIMAL(7, 4)'],
    ['+', [decimal(5, 2), INT], 'DECIMAL(13, 2)'],
    ['*', [decimal(5, 2), BIGINT], 'DECIMAL(25, 2)'],
    ['ROUND', [decimal(5, 2)], 'DECIMAL(4, 0)'],
    ['FLOOR', [decimal(5, 2)], 'DECIMAL(5, 0)'],
    ['+', [TIMESTAMP, INTERVAL_SECOND], 'TIMESTAMP(3)'],
    ['-', [TIMESTAMP, TIMESTAMP], 'INTERVAL DAY TO SECOND'],
    ['+', [INTERVAL_MONTH, DATE], 'DATE'],
    ['+', [DATE, INTERVAL_SECOND], 'TIMESTAMP(3)'],
    ['*', [INT, INTERVAL_SECOND], 'INTERVAL DAY TO SECOND'],
    ['ABS', [TINYINT], 'TINYINT'],
    ['COALESCE', [TINYINT, BIGINT], 'BIGINT'],
    ['COALESCE', [decimal(5, 2), INT], 'DECIMAL(12, 2)'],
    ['GREATEST', [DATE, TIMESTAMP], 'TIMESTAMP(3)'],
  ]
  test.each(cases)('%s of %j', (name, types, wanted) => {
    const args = types.map((type, i) => column(i, type))
    expect(typeName(resolveCall(name, args).type)).toBe(wanted)
  })
})

describe('literals adapt to the other side', () => {
  const cases: readonly (readonly [Expr, string])[] = [
    [resolveCall('>', [of(BIGINT), make.int(15)]), '(c0 > 15)'],
    [resolveCall('=', [of(INT), make.text('15')]), '(c0 = 15)'],
    [resolveCall('<', [of(TIMESTAMP), make.text('1970-01-01 00:00:01')]), '(c0 < 1000000)'],
    [resolveCall('=', [of(DATE), make.text('1970-01-02')]), '(c0 = 1)'],
    [resolveCall('+', [of(DOUBLE), make.int(1)]), '(c0 + 1)'],
    [resolveCall('=', [of(TINYINT), make.nullLiteral()]), '(c0 = NULL)'],
    [resolveCall('COALESCE', [of(DOUBLE), make.int(0)]), 'COALESCE(c0, 0)'],
  ]
  test.each(cases)('%#', (expr, printed) => expect(printExpr(expr)).toBe(printed))

  test('a column of another type is cast', () => {
    const expr = resolveCall('=', [of(INT), { ...column(1, BIGINT), at: AT }])
    expect(printExpr(expr)).toBe('(CAST(c0 AS BIGINT) = c1)')
  })
})

describe('implicit conversion', () => {
  const yes: readonly (readonly [Expr, DataType])[] = [
    [make.nullLiteral(), TIMESTAMP],
    [of(TINYINT), BIGINT],
    [of(INT), decimal(10, 0)],
    [of(BIGINT), DOUBLE],
    [of(decimal(5, 2)), decimal(7, 3)],
    [of(DATE), TIMESTAMP_LTZ],
    [make.int(100), TINYINT],
    [make.decimal('2.00'), INT],
    [make.text('2024-02-29'), DATE],
    [make.text('TRUE'), BOOLEAN],
    [of({ kind: 'varchar', length: 3 }), VARCHAR],
    [make.text('abc'), { kind: 'varchar', length: 3 }],
  ]
  test.each(yes)('%#: yes', (expr, target) => expect(coerce(expr, target)?.type).toEqual(target))

  const no: readonly (readonly [Expr, DataType])[] = [
    [of(BIGINT), INT],
    [of(DOUBLE), FLOAT],
    [of(INT), decimal(9, 0)],
    [of(decimal(5, 2)), decimal(5, 1)],
    [of(VARCHAR), INT],
    [of(INT), VARCHAR],
    [of(TIMESTAMP), DATE],
    [of(BOOLEAN), INT],
    [make.int(200), TINYINT],
    [make.decimal('2.5'), INT],
    [make.text('2.5'), INT],
    [make.text('abc'), INT],
    [make.text('2024-02-30'), DATE],
    [make.text('abcd'), { kind: 'varchar', length: 3 }],
    [of(VARCHAR), BYTES],
  ]
  test.each(no)('%#: no', (expr, target) => expect(coerce(expr, target)).toBeUndefined())

  test('common types', () => {
    expect(commonType([])).toEqual(NULL_TYPE)
    expect(commonType([NULL_TYPE, INT, TINYINT])).toEqual(INT)
    expect(commonType([INT, decimal(5, 2)])).toEqual(decimal(12, 2))
    expect(commonType([DATE, TIMESTAMP])).toEqual(TIMESTAMP)
    expect(commonType([TIMESTAMP, TIMESTAMP_LTZ])).toEqual(TIMESTAMP_LTZ)
    expect(commonType([TIMESTAMP_LTZ, TIMESTAMP_LTZ])).toEqual(TIMESTAMP_LTZ)
    expect(commonType([INT, VARCHAR])).toBeUndefined()
    expect(commonType([BOOLEAN, INT])).toBeUndefined()
  })
})

describe('refusals', () => {
  test('an unknown name has a hint', () => {
    const error = refusal(() => resolveCall('uper', [make.text('a')], AT))
    expect(error).toMatchObject({ code: 'UNKNOWN_FUNCTION', at: AT, hint: 'Did you mean UPPER?' })
  })

  test('wrong types are named, with what is taken', () => {
    const error = refusal(() => resolveCall('UPPER', [make.int(1)], AT))
    expect(error).toMatchObject({ code: 'TYPE_MISMATCH', at: AT })
    expect(error.message).toBe('UPPER does not take (INT)')
    expect(error.hint).toContain('UPPER(text)')
  })

  test('a condition that is not BOOLEAN is the culprit', () => {
    const bad = { ...make.int(1), at: AT }
    expect(refusal(() => resolveCall('AND', [of(BOOLEAN), bad]))).toMatchObject({
      code: 'TYPE_MISMATCH',
      at: AT,
      message: 'AND wants BOOLEAN here, not INT',
    })
  })

  test('text that spells no number', () => {
    const error = refusal(() => resolveCall('=', [of(INT), make.text('abc')]))
    expect(error.message).toBe('= does not take (INT, STRING)')
  })

  test('CASE without a common type points at the odd one', () => {
    const odd = { ...column(1, VARCHAR), at: { offset: 99, length: 2 } }
    const branches = [{ when: of(BOOLEAN), then: of(INT) }]
    expect(refusal(() => resolveCase(branches, odd, AT))).toMatchObject({
      code: 'TYPE_MISMATCH',
      at: odd.at,
      message: 'The values of CASE have no common type: INT, STRING',
    })
  })

  test('CAST that is not defined', () => {
    const error = refusal(() => resolveCast(of(BIGINT), TIMESTAMP, false, AT))
    expect(error).toMatchObject({ code: 'TYPE_MISMATCH', at: AT })
    expect(error.hint).toContain('TO_TIMESTAMP_LTZ')
  })

  test.each([
    ['EXTRACT', [make.text('hor'), of(TIMESTAMP)], "No field of a date or time 'hor'"],
    [
      'LIKE',
      [of(VARCHAR), make.text('a'), make.text('ab')],
      "ESCAPE wants one character, not 'ab'",
    ],
    [
      'REGEXP',
      [of(VARCHAR), make.text('(')],
      "Not a regular expression: a ( that is never closed at character 1 of '('",
    ],
    [
      'DATE_FORMAT',
      [of(TIMESTAMP), make.text('yX')],
      "No meaning for 'X' in the date pattern 'yX'",
    ],
  ])('%s with a bad constant', (name, args, message) => {
    expect(refusal(() => resolveCall(name, args))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message,
    })
  })

  test('a wrong number of arguments', () => {
    expect(refusal(() => resolveCall('BETWEEN', [make.int(1)]))).toMatchObject({
      code: 'TYPE_MISMATCH',
    })
    expect(refusal(() => resolveCall('NOW', [make.int(1)]))).toMatchObject({
      code: 'TYPE_MISMATCH',
    })
    expect(refusal(() => resolveCall('COALESCE', []))).toMatchObject({ code: 'TYPE_MISMATCH' })
  })
})

test('what is known without running', () => {
  const no = of(INT)
  const yes = of(INT, true)
  expect(isNullable(resolveCall('+', [no, no]))).toBe(false)
  expect(isNullable(resolveCall('+', [no, yes]))).toBe(true)
  expect(isNullable(resolveCall('COALESCE', [yes, no]))).toBe(false)
  expect(isNullable(resolveCall('IS NULL', [yes]))).toBe(false)
  expect(isNullable(resolveCall('NULLIF', [no, no]))).toBe(true)
  expect(isNullable(resolveCall('TO_DATE', [of(VARCHAR)]))).toBe(true)
  expect(isNullable(resolveCast(of(VARCHAR), INT, true))).toBe(true)
  expect(isDeterministic(resolveCall('+', [no, no]))).toBe(true)
  expect(
    isDeterministic(resolveCall('DATE_TRUNC', [make.text('day'), resolveCall('now', [])])),
  ).toBe(false)
})
