/** User functions in the engine: what JavaScript sees of each type, where they are called, and that
 *  generated code equals the interpreter. */

import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
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
  JSON_TYPE,
  SMALLINT,
  TIMESTAMP,
  TIMESTAMP_LTZ,
  TINYINT,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/batch/value.ts'
import { isDeterministic, isNullable } from '../../../engine/expr/facts.ts'
import { type Expr, printExpr } from '../../../engine/expr/ir.ts'
import { double, int, literal, nullLiteral } from '../../../engine/expr/literal.ts'
import { resolveCall, resolveCase } from '../../../engine/expr/resolve.ts'
import { endSandbox } from '../../../engine/expr/sandbox/sandbox.ts'
import type { JavascriptFunction, SqlFunction } from '../../../engine/expr/udf.ts'
import { callUserFunction } from '../../../engine/expr/udf-call.ts'
import { batchOf, column, generatedRows, interpretRow } from './evaluate.ts'

afterAll(endSandbox)

const js = (
  source: string,
  types: readonly DataType[],
  returns: DataType,
  strict = false,
): JavascriptFunction => ({
  language: 'javascript',
  name: 'f',
  parameters: types.map((type, i) => ({ name: 'xyz'[i], type })),
  returns,
  strict,
  source,
})

const decimal = (precision: number, scale: number): DataType => ({
  kind: 'decimal',
  precision,
  scale,
})

/** The outcomes of the call over columns, checked against the interpreter. */
function outcomes(called: JavascriptFunction, rows: readonly (readonly Value[])[]) {
  const types = called.parameters.map(({ type }) => type)
  const expr = callUserFunction(
    called,
    types.map((type, i) => column(i, type)),
  )
  const generated = generatedRows(expr, batchOf(types, rows))
  expect(generated).toEqual(rows.map((row) => interpretRow(expr, row)))
  return generated
}

const values = (called: JavascriptFunction, rows: readonly (readonly Value[])[]): unknown[] =>
  outcomes(called, rows).map((outcome) => ('value' in outcome ? outcome.value : outcome.error))

const raised = (run: () => unknown): SqlError => {
  try {
    run()
  } catch (error) {
    if (error instanceof SqlError) return error
    throw error
  }
  throw new Error('it raised nothing')
}

describe('every type goes in and comes back', () => {
  const cases: readonly [DataType, readonly Value[]][] = [
    [BOOLEAN, [true, false, null]],
    [TINYINT, [-128, 127, null]],
    [SMALLINT, [-32768, 32767, null]],
    [INT, [-2147483648, 2147483647, null]],
    [BIGINT, [0, -1, 2 ** 53 - 1, 2n ** 63n - 1n, -(2n ** 63n), null]],
    [FLOAT, [0.5, Number.NaN, Number.POSITIVE_INFINITY, null]],
    [DOUBLE, [0.1, -0, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324, null]],
    [decimal(10, 2), [150, -5, 0, null]],
    [decimal(38, 10), [12345678901234567890123n, -1, null]],
    [VARCHAR, ['', 'a', 'ü€😀', '\u0000b', '"\\\n', null]],
    [{ kind: 'varchar', length: 3 }, ['abc', '😀😀😀', null]],
    [BYTES, [Uint8Array.of(), Uint8Array.of(0, 128, 255), null]],
    [JSON_TYPE, ['{"a":[1,null,"x"]}', '"t"', '1.5', null]],
    [DATE, [0, -719162, 20000, null]],
    [{ kind: 'time', precision: 3 }, [0, 86_399_999_000, null]],
    [TIMESTAMP, [0, -1000, 1_700_000_000_123_000, null]],
    [TIMESTAMP_LTZ, [1_700_000_000_123_000, null]],
    [{ kind: 'timestamp', precision: 6 }, [1_700_000_000_123_456, null]],
    [INTERVAL_MONTH, [14, -1, null]],
    [INTERVAL_SECOND, [86_400_000_000, -1, null]],
  ]
  for (const [type, list] of cases) {
    test(`${type.kind} ${'precision' in type ? type.precision : ''}`, () => {
      const wanted = list.map((value) => (value instanceof Uint8Array ? [...value] : value))
      const rows = list.map((value) => [value])
      expect(values(js('x', [type], type), rows)).toEqual(wanted)
    })
  }

  test('what JavaScript sees', () => {
    const seen = (type: DataType, value: Value) =>
      values(js('typeof x + " " + x', [type], VARCHAR), [[value]])[0]
    expect(seen(BIGINT, 5)).toBe('number 5')
    expect(seen(BIGINT, 2n ** 60n)).toBe('bigint 1152921504606846976')
    expect(seen(decimal(5, 2), 150)).toBe('string 1.50')
    expect(seen(TIMESTAMP, 1000)).toBe('number 1000')
    expect(seen(JSON_TYPE, '[1,2]')).toBe('object 1,2')
    expect(seen(BYTES, Uint8Array.of(1, 2))).toBe('object 1,2')
    expect(seen(DOUBLE, null)).toBe('object null')
  })

  test('dates, numbers for decimals, and sub-precision digits', () => {
    expect(values(js('new Date(x / 1000)', [TIMESTAMP], TIMESTAMP), [[5000]])).toEqual([5000])
    expect(values(js('new Date("1970-01-03")', [], DATE), [[]])).toEqual([2])
    expect(values(js('x', [DOUBLE], decimal(5, 1)), [[0.25], [1e-7], [12345]])).toEqual([
      3,
      0,
      'INVALID_VALUE',
    ])
    expect(values(js('x + 1', [BIGINT], TIMESTAMP), [[1000]])).toEqual([1000])
  })
})

describe('a result that is not of the type', () => {
  const wrong: readonly [string, DataType, string][] = [
    ['"1"', INT, 'the text "1", not INT'],
    ['1.5', INT, '1.5, not INT'],
    ['128', TINYINT, '128, not TINYINT'],
    ['2 ** 53', BIGINT, '9007199254740992, not BIGINT'],
    ['2n ** 63n', BIGINT, '9223372036854775808n, not BIGINT'],
    ['1n', DOUBLE, '1n, not DOUBLE'],
    ['0', BOOLEAN, '0, not BOOLEAN'],
    ['return', DOUBLE, 'nothing (undefined), not DOUBLE'],
    ['x + 1;', DOUBLE, 'nothing (undefined), not DOUBLE'],
    ['[1]', VARCHAR, 'an array, not STRING'],
    ['({})', BYTES, 'an object, not BYTES'],
    ['Symbol()', DOUBLE, 'a symbol, not DOUBLE'],
    ['undefined', JSON_TYPE, 'nothing (undefined), not JSON'],
    ['"abcd"', { kind: 'varchar', length: 3 }, 'a text of 4 characters is no VARCHAR(3)'],
    ['"a"', decimal(5, 2), 'a is no DECIMAL(5, 2)'],
    ['NaN', TIMESTAMP, 'NaN, not TIMESTAMP(3)'],
    ['new Date(NaN)', DATE, 'NaN, not DATE'],
  ]
  for (const [source, type, text] of wrong) {
    test(`${source} for ${type.kind}`, () => {
      const expr = callUserFunction(js(source, [DOUBLE], type), [double(1)])
      const error = raised(() => generate(expr))
      expect(error.code).toBe('INVALID_VALUE')
      expect(error.message).toContain(text)
      expect(error.message).toContain('The function f returned')
    })
  }
})

const generate = (expr: Expr) => {
  const [outcome] = generatedRows(expr, batchOf([], [[]]))
  // What it raised, with its message.
  if ('error' in outcome) interpretOnly(expr)
  return outcome
}
const interpretOnly = (expr: Expr) => {
  const { interpret } = interpreter
  return interpret(expr, [])
}
const interpreter = await import('../../../engine/expr/interpret.ts')

describe('forms of the source', () => {
  for (const source of [
    'x * 2',
    'return x * 2',
    'function f(x) { return x * 2 }',
    '(x) => x * 2',
    'x * 2 // twice',
    'const two = 2\nreturn x * two /* twice */',
    '  (x * 2)  ',
    'if (x === null) { return null } else { return x * 2 }',
  ]) {
    test(source, () => {
      expect(values(js(source, [DOUBLE], DOUBLE), [[1], [2.5]])).toEqual([2, 5])
    })
  }
})

test('NULL: called with it, or not called', () => {
  const count = (strict: boolean) => js('x === null ? 1 : y', [INT, INT], INT, strict)
  const rows = [
    [null, 5],
    [1, null],
    [1, 2],
  ]
  expect(values(count(false), rows)).toEqual([1, null, 2])
  expect(values(count(true), rows)).toEqual([null, null, 2])
})

test('a call is called with what its parameters say', () => {
  const called = js('x', [DOUBLE], DOUBLE)
  expect(callUserFunction(called, [int(1)])).toMatchObject({ type: DOUBLE })
  const at = { offset: 3, length: 1 }
  const few = raised(() => callUserFunction(called, [], at))
  expect([few.code, few.message, few.hint, few.at]).toEqual([
    'TYPE_MISMATCH',
    'f takes 1 argument, not 0',
    'It is called as f(x DOUBLE).',
    at,
  ])
  const wrong = raised(() => callUserFunction(called, [literal(BOOLEAN, true, at)]))
  expect([wrong.code, wrong.at]).toEqual(['TYPE_MISMATCH', at])
})

test('it prints, and is known as deterministic and nullable', () => {
  const expr = callUserFunction(js('x', [DOUBLE], DOUBLE), [column(0, DOUBLE)])
  expect(printExpr(resolveCall('+', [expr, double(1)]))).toBe('(f(c0) + 1)')
  expect([isNullable(expr), isDeterministic(expr)]).toEqual([true, true])
})

describe('only rows that reach a call are called', () => {
  /** Raises for what is not positive. */
  const picky = js('if (!(x > 0)) throw new Error("not " + x); return x', [DOUBLE], DOUBLE)
  const x = column(0, DOUBLE)
  const call = callUserFunction(picky, [x])
  const positive = resolveCall('>', [x, double(0)])
  const isOne = resolveCall('=', [call, double(1)])
  const rows = [[1], [-1], [null], [2], [-5]]
  const forms: readonly [string, Expr, readonly Value[]][] = [
    ['CASE', resolveCase([{ when: positive, then: call }], double(0)), [1, 0, 0, 2, 0]],
    [
      'ELSE',
      resolveCase([{ when: resolveCall('IS NOT TRUE', [positive]), then: double(0) }], call),
      [1, 0, 0, 2, 0],
    ],
    [
      'AND',
      resolveCall('AND', [resolveCall('IS TRUE', [positive]), isOne]),
      [true, false, false, false, false],
    ],
    [
      'OR',
      resolveCall('OR', [resolveCall('IS NOT TRUE', [positive]), isOne]),
      [true, true, true, false, true],
    ],
    [
      'COALESCE',
      resolveCall('COALESCE', [
        resolveCase([{ when: resolveCall('IS NOT TRUE', [positive]), then: double(9) }], undefined),
        call,
      ]),
      [1, 9, 9, 2, 9],
    ],
    [
      'an argument that fails elsewhere',
      resolveCase(
        [
          {
            when: resolveCall('AND', [resolveCall('IS NOT NULL', [x]), positive]),
            then: callUserFunction(picky, [
              resolveCall('/', [double(2), resolveCase([{ when: positive, then: x }], double(0))]),
            ]),
          },
        ],
        nullLiteral(DOUBLE),
      ),
      [2, null, null, 1, null],
    ],
    [
      'a call in a call, guarded by a call',
      resolveCase(
        [
          {
            when: resolveCall('AND', [
              resolveCall('IS TRUE', [positive]),
              resolveCall('>', [call, double(1)]),
            ]),
            then: callUserFunction(picky, [call]),
          },
          { when: resolveCall('IS TRUE', [positive]), then: resolveCall('+', [call, double(10)]) },
        ],
        double(-1),
      ),
      [11, -1, -1, 2, -1],
    ],
  ]
  for (const [name, expr, wanted] of forms) {
    test(name, () => {
      const generated = generatedRows(expr, batchOf([DOUBLE], rows))
      expect(generated).toEqual(wanted.map((value) => ({ value })))
      expect(rows.map((row) => interpretRow(expr, row))).toEqual(generated)
    })
  }

  test('without a guard it raises', () => {
    const generated = generatedRows(call, batchOf([DOUBLE], rows))
    expect(generated.map((outcome) => 'error' in outcome)).toEqual([false, true, true, false, true])
  })
})

test('random expressions with calls: generated code equals the interpreter', () => {
  const half = js('x === null ? null : x / 2', [DOUBLE], DOUBLE)
  const big = js('x > y', [DOUBLE, DOUBLE], BOOLEAN, true)
  const leaf = fc.oneof(
    fc.constantFrom(column(0, DOUBLE), column(1, DOUBLE)),
    fc.integer({ min: -3, max: 3 }).map((n) => double(n)),
  )
  const { number } = fc.letrec<{ number: Expr; truth: Expr }>((tie) => ({
    number: fc.oneof(
      { maxDepth: 4 },
      leaf,
      tie('number').map((x) => callUserFunction(half, [x])),
      fc.tuple(tie('number'), tie('number')).map((args) => resolveCall('+', args)),
      fc.tuple(tie('number'), tie('number')).map((args) => resolveCall('COALESCE', args)),
      fc
        .tuple(tie('truth'), tie('number'), tie('number'))
        .map(([when, then, otherwise]) => resolveCase([{ when, then }], otherwise)),
    ),
    truth: fc.oneof(
      { maxDepth: 4 },
      fc.tuple(tie('number'), tie('number')).map((args) => callUserFunction(big, args)),
      fc.tuple(tie('number'), tie('number')).map((args) => resolveCall('<', args)),
      fc.tuple(tie('truth'), tie('truth')).map((args) => resolveCall('AND', args)),
      fc.tuple(tie('truth'), tie('truth')).map((args) => resolveCall('OR', args)),
    ),
  }))
  const rows = [
    [1, 2],
    [null, -1],
    [3, null],
    [0, 0],
  ]
  const batch = batchOf([DOUBLE, DOUBLE], rows)
  fc.assert(
    fc.property(number, (expr) => {
      expect(generatedRows(expr, batch)).toEqual(rows.map((row) => interpretRow(expr, row)))
    }),
    { numRuns: 60 },
  )
})

test('an SQL function is its body', () => {
  const body = resolveCall('+', [
    column(0, DOUBLE),
    resolveCall('*', [column(1, DOUBLE), column(0, DOUBLE)]),
  ])
  const called: SqlFunction = {
    language: 'sql',
    name: 'g',
    parameters: [
      { name: 'a', type: DOUBLE },
      { name: 'b', type: DOUBLE },
    ],
    returns: DOUBLE,
    strict: false,
    body,
  }
  expect(printExpr(callUserFunction(called, [double(2), column(3, DOUBLE)]))).toBe('(2 + (c3 * 2))')
  const strict = callUserFunction({ ...called, strict: true, body: double(1) }, [
    nullLiteral(DOUBLE),
    double(1),
  ])
  expect(interpretRow(strict, [])).toEqual({ value: null })
})
