/** LoopCode as operators use it: blocks, laziness, sharing, forms; and large columns, so that the
 *  optimised machine code is checked too. */

import { describe, expect, test } from 'vitest'
import type { Batch } from '../../../engine/batch/batch.ts'
import { valueAt } from '../../../engine/batch/rows.ts'
import { BIGINT, BOOLEAN, type DataType, INT, VARCHAR } from '../../../engine/batch/types.ts'
import { LoopCode } from '../../../engine/expr/codegen.ts'
import { compile } from '../../../engine/expr/compile.ts'
import { compileFilter } from '../../../engine/expr/compile-filter.ts'
import { compileProject } from '../../../engine/expr/compile-project.ts'
import { canonical, type Int64 } from '../../../engine/expr/int64.ts'
import { EPOCH_ZERO, interpret } from '../../../engine/expr/interpret.ts'
import type { Expr, Value } from '../../../engine/expr/ir.ts'
import { bigint, int, nullLiteral, text } from '../../../engine/expr/literal.ts'
import { resolveCall, resolveCase, resolveCast } from '../../../engine/expr/resolve.ts'
import { batchOf, column, generatedRows, interpretRow } from './evaluate.ts'

const x = column(0, INT)
const s = column(1, VARCHAR)
const f = (name: string, ...args: Expr[]) => resolveCall(name, args)
const TYPES: DataType[] = [INT, VARCHAR]

describe('laziness', () => {
  const zero = batchOf(TYPES, [
    [0, 'a'],
    [4, 'b'],
    [null, 'c'],
  ])
  const inverse = f('>', f('/', int(100), x), int(20))

  test('AND guards a division', () => {
    const expr = f('AND', f('<>', x, int(0)), inverse)
    const rows = new Int32Array(3)
    expect(compileFilter(expr, zero.schema)(zero, rows, EPOCH_ZERO)).toBe(1)
    expect(rows[0]).toBe(1)
    expect(generatedRows(expr, zero)).toEqual([{ value: false }, { value: true }, { value: null }])
  })

  test('OR, CASE and COALESCE too', () => {
    const expr = f('OR', f('=', x, int(0)), inverse)
    expect(generatedRows(expr, zero)).toEqual([{ value: true }, { value: true }, { value: null }])
    const choice = resolveCase([{ when: f('=', x, int(0)), then: int(-1) }], f('/', int(100), x))
    expect(generatedRows(choice, zero)).toEqual([{ value: -1 }, { value: 25 }, { value: null }])
    const first = f('COALESCE', f('NULLIF', x, int(4)), f('/', int(1), int(0)))
    expect(generatedRows(first, zero.slice(0, 1))).toEqual([{ value: 0 }])
    expect(generatedRows(first, zero.slice(1, 2))[0]).toHaveProperty('error', 'DIVISION_BY_ZERO')
  })
})

test('an error carries the place of its part', () => {
  const at = { offset: 20, length: 5 }
  const expr = f('+', int(1), resolveCall('/', [int(1), x], at))
  const wanted = { error: 'DIVISION_BY_ZERO', at: JSON.stringify(at) }
  expect(interpretRow(expr, [0])).toEqual(wanted)
  expect(generatedRows(expr, batchOf(TYPES, [[0, 'a']]))).toEqual([wanted])
})

test('what is written twice is computed once', () => {
  const sum = f('+', x, int(1))
  const { source } = compileProject([f('*', sum, sum), f('-', sum)], batchOf(TYPES, []).schema)
  expect(source.match(/\+ 1$/gm)?.length).toBe(1)
})

test('a part of a column is not copied, and a bare column is passed on', () => {
  const batch = batchOf(TYPES, [
    [1, ' stream '],
    [2, null],
  ])
  const project = compileProject([s, f('TRIM', s), f('SUBSTRING', s, int(2), int(3))], batch.schema)
  const [bare, trimmed, part] = project(batch, EPOCH_ZERO)
  expect(bare).toBe(batch.columns[1])
  expect(trimmed.values).toBe(batch.columns[1].values)
  expect(part.values).toBe(batch.columns[1].values)
  expect([valueAt(trimmed, 0), valueAt(part, 0), valueAt(part, 1)]).toEqual(['stream', 'str', null])
})

test('branches of different forms meet', () => {
  const batch = batchOf(TYPES, [
    [1, 'ab'],
    [2, 'cd'],
    [3, null],
    [null, 'ef'],
  ])
  const is = (n: number) => f('=', x, int(n))
  const slices = resolveCase([{ when: is(1), then: s }], text('other'))
  const texts = resolveCase(
    [
      { when: is(1), then: s },
      { when: is(2), then: f('UPPER', s) },
    ],
    text('é'),
  )
  const nothing = resolveCase([{ when: is(1), then: nullLiteral() }], nullLiteral(VARCHAR))
  for (const expr of [slices, texts, nothing, f('COALESCE', s, f('LOWER', text('X')))]) {
    const rows = [
      [1, 'ab'],
      [2, 'cd'],
      [3, null],
      [null, 'ef'],
    ]
    expect(generatedRows(expr, batch)).toEqual(rows.map((row) => interpretRow(expr, row)))
  }
})

test('a filter of NULL and constants', () => {
  const batch = batchOf(TYPES, [
    [1, 'a'],
    [2, 'b'],
  ])
  const rows = new Int32Array(2)
  const count = (expr: Expr) => compileFilter(expr, batch.schema)(batch, rows, EPOCH_ZERO)
  expect(count(nullLiteral(BOOLEAN))).toBe(0)
  expect(count({ ...nullLiteral(BOOLEAN), value: true })).toBe(2)
  expect(count(f('IS NULL', nullLiteral()))).toBe(2)
})

test('nested types: passed on, tested for NULL without being made, chosen among', () => {
  const type: DataType = { kind: 'array', element: INT }
  const batch = batchOf([type], [[[1, 2]], [null]])
  const array = column(0, type)
  expect(compileProject([array], batch.schema)(batch, EPOCH_ZERO)[0]).toBe(batch.columns[0])
  const present = f('IS NOT NULL', array)
  expect(compileProject([present], batch.schema).source).not.toContain('valueAt')
  expect(generatedRows(present, batch)).toEqual([{ value: true }, { value: false }])
  const choice = resolveCase([{ when: present, then: array }], undefined)
  expect(generatedRows(choice, batch)).toEqual([{ value: [1, 2] }, { value: null }])
})

test('an operator writes its own loop', () => {
  const batch = batchOf(TYPES, [
    [5, 'ORD'],
    [7, 'ATL'],
    [null, 'ORD'],
    [9, 'ORD'],
  ])
  const code = new LoopCode(batch.schema, { row: 'r' })
  const isOrd = f('=', s, text('ORD'))
  code.line('let sum = 0')
  code.block('for (let r = 0; r < batch.rowCount; r++)', () => {
    code.whenTrue(isOrd, () => {
      const value = code.emit(f('*', x, int(2)))
      if (value.form !== 'scalar') throw new Error('a number is a scalar')
      code.block(`if (!(${value.isNull}))`, () => code.line(`sum += ${value.value}`))
    })
  })
  code.line('return sum')
  const sum = compile<(batch: Batch) => number>(code, ['batch'])
  expect(sum(batch)).toBe(28)
  expect(sum.source).toContain('for (let r = 0')
})

test('two LoopCodes in one function keep their names apart', () => {
  const left = new LoopCode(batchOf(TYPES, []).schema, { batch: 'left', prefix: 'l_' })
  const right = new LoopCode(batchOf(TYPES, []).schema, { batch: 'right', prefix: 'r_' })
  const a = left.emit(x)
  const b = right.emit(x)
  expect(a).not.toEqual(b)
  expect(left.columnSetup()).toContain('left.columns[0]')
  expect(right.columnSetup()).toContain('r_c0v')
})

test('machine code of long columns, with all borders of exact doubles', () => {
  const near = [0n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 62n, 3037000499n]
  const values: Int64[] = Array.from({ length: 30_000 }, (_, i) => {
    if (i < 20_000) return i * 7919 - 50_000_000
    const base = near[i % near.length] * (i % 2 === 0 ? 1n : -1n)
    return canonical(base + BigInt(i % 7) - 3n)
  })
  const a = column(0, BIGINT, false)
  const exprs = [
    f('+', a, int(3)),
    f('-', a),
    f('*', f('/', a, int(1000)), int(999)),
    f('%', a, int(1000)),
    f('>', a, bigint(2n ** 53n)),
    resolveCast(a, { kind: 'double' }, false),
  ]
  const wide = batchOf(
    [BIGINT],
    values.map((value) => [value]),
  )
  for (const expr of exprs) {
    const project = compileProject([expr], wide.schema)
    for (let round = 0; round < 3; round++) {
      const [made] = project(wide, EPOCH_ZERO)
      for (let i = 0; i < values.length; i += round === 0 ? 1 : 37) {
        const wanted: Value = interpret(expr, [values[i]])
        if (!Object.is(valueAt(made, i), wanted)) expect(valueAt(made, i)).toBe(wanted)
      }
    }
  }
})

describe('long and deep expressions', () => {
  const batch = batchOf(TYPES, [
    [1, 'a'],
    [500, 'b'],
    [null, 'c'],
  ])
  const isNot = (n: number) => f('<>', x, int(n))

  test('a chain of 900 conditions is flat', () => {
    let chain = isNot(-1)
    for (let i = 0; i < 900; i++) chain = f('AND', chain, isNot(i))
    const filter = compileFilter(chain, batch.schema)
    expect(filter(batch, new Int32Array(3), EPOCH_ZERO)).toBe(0)
    expect(filter.source).not.toMatch(/^ {12}/m)
    expect(generatedRows(chain, batch)).toEqual([
      { value: false },
      { value: false },
      { value: null },
    ])
  })

  test('CASE with 3000 branches', () => {
    const branches = Array.from({ length: 3000 }, (_, i) => ({
      when: f('=', x, int(i)),
      then: int(-i),
    }))
    const expr = resolveCase(branches, undefined)
    expect(generatedRows(expr, batch)).toEqual([{ value: -1 }, { value: -500 }, { value: null }])
  })

  test('deeper than 1000 is refused', () => {
    let sum: Expr = x
    expect(() => {
      for (let i = 0; i < 2000; i++) sum = f('+', sum, int(0))
    }).toThrowError(/nested at most 1000 deep/)
  })
})
