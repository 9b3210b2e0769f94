/** Arrays, maps and rows in expressions: read where they lie, built, compared, converted. */

import { describe, expect, test } from 'vitest'
import { valueAt } from '../../../engine/batch/rows.ts'
import {
  BIGINT,
  type DataType,
  DOUBLE,
  INT,
  JSON_TYPE,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import { formatValue } from '../../../engine/expr/cast.ts'
import { compileProject } from '../../../engine/expr/compile-project.ts'
import { EPOCH_ZERO, interpret } from '../../../engine/expr/interpret.ts'
import type { Expr, Value } from '../../../engine/expr/ir.ts'
import { int, literal, text } from '../../../engine/expr/literal.ts'
import { resolveCall, resolveCast } from '../../../engine/expr/resolve.ts'
import { batchOf, column, generatedRows, interpretRow } from './evaluate.ts'

const f = (name: string, ...args: Expr[]) => resolveCall(name, args)
const arrayOf = (element: DataType): DataType => ({ kind: 'array', element })
const INNER: DataType = {
  kind: 'row',
  fields: [
    { name: 'n', type: BIGINT },
    { name: 's', type: VARCHAR },
  ],
}
const ROW: DataType = {
  kind: 'row',
  fields: [
    { name: 'id', type: INT },
    { name: 'inner', type: INNER },
    { name: 'list', type: arrayOf(INT) },
  ],
}
const TYPES: DataType[] = [
  ROW,
  arrayOf(VARCHAR),
  { kind: 'map', key: VARCHAR, value: INT },
  INT,
  arrayOf(INNER),
]
const ROWS: Value[][] = [
  [[1, [2 ** 40, 'é'], [10, null, 30]], ['a', null, 'ccc'], [['k', 1]], 1, [[5, 'x']]],
  [[2, null, null], [], [], 2, []],
  [null, null, null, 3, null],
  [[4, [null, null], []], ['z'], [['k', null]], null, [null, [7, 'y']]],
  [
    [5, [-1n * 2n ** 60n, ''], [1]],
    ['a', 'b', 'c', 'd'],
    [
      ['x', 1],
      ['k', 2],
    ],
    4,
    [[1, 'q']],
  ],
]
const batch = batchOf(TYPES, ROWS)
const [r, a, m, i, structs] = TYPES.map((type, index) => column(index, type))
const field = (value: Expr, name: string) => f('.', value, text(name))

/** Generated code and interpreter agree; the values. */
function values(expr: Expr): string[] {
  const wanted = ROWS.map((row) => interpretRow(expr, row))
  expect(generatedRows(expr, batch)).toEqual(wanted)
  return ROWS.map((row) => formatValue(interpret(expr, row), expr.type))
}

describe('reading', () => {
  test.each<[string, Expr, string[]]>([
    ['r.id', field(r, 'id'), ['1', '2', 'NULL', '4', '5']],
    [
      'r.inner.n',
      field(field(r, 'inner'), 'n'),
      ['1099511627776', 'NULL', 'NULL', 'NULL', '-1152921504606846976'],
    ],
    ['r.INNER.s', field(field(r, 'INNER'), 's'), ['é', 'NULL', 'NULL', 'NULL', '']],
    ['r.list[1]', f('[]', field(r, 'list'), int(1)), ['10', 'NULL', 'NULL', 'NULL', '1']],
    ['a[i]', f('[]', a, i), ['a', 'NULL', 'NULL', 'NULL', 'd']],
    ['CARDINALITY(r.list)', f('CARDINALITY', field(r, 'list')), ['3', 'NULL', 'NULL', '0', '1']],
    ['CARDINALITY(m)', f('CARDINALITY', m), ['1', '0', 'NULL', '1', '2']],
  ])('%s reads the column itself', (_, expr, wanted) => {
    expect(values(expr)).toEqual(wanted)
    expect(compileProject([expr], batch.schema).source).not.toContain('valueAt')
  })

  test('maps, rows in arrays, whole values', () => {
    expect(values(f('[]', m, text('k')))).toEqual(['1', 'NULL', 'NULL', 'NULL', '2'])
    expect(values(field(f('[]', structs, int(1)), 's'))).toEqual(['x', 'NULL', 'NULL', 'NULL', 'q'])
    expect(values(f('IS NULL', field(r, 'inner')))).toEqual([
      'FALSE',
      'TRUE',
      'TRUE',
      'FALSE',
      'FALSE',
    ])
    expect(values(f('COALESCE', a, literal(a.type, ['none'])))[2]).toBe('[none]')
  })

  test('a part of a text stays where it is', () => {
    const project = compileProject([field(field(r, 'inner'), 's')], batch.schema)
    const [made] = project(batch, EPOCH_ZERO)
    expect(made.values).toBe(batch.columns[0].children[1].children[1].values)
    expect(valueAt(made, 0)).toBe('é')
  })

  test('refusals', () => {
    expect(() => field(r, 'idd')).toThrowError(
      expect.objectContaining({ code: 'UNKNOWN_COLUMN', hint: 'Did you mean id?' }),
    )
    expect(() => f('[]', a, int(0))).toThrowError(/count from 1/)
    expect(() => f('[]', r, int(1))).toThrowError(
      expect.objectContaining({ code: 'TYPE_MISMATCH' }),
    )
  })
})

describe('building and comparing', () => {
  test('constructors take the common type', () => {
    const mixed = f('ARRAY', i, int(2 ** 20), literal(DOUBLE, 1.5))
    expect(mixed.type).toEqual(arrayOf(DOUBLE))
    expect(values(mixed)[3]).toBe('[NULL, 1048576.0, 1.5]')
    expect(values(f('MAP', text('a'), i, text('a'), int(9)))[0]).toBe('{a=9}')
    expect(values(f('ROW', i, a, f('ROW', i)))[1]).toBe('(2, [], (2))')
    expect(() => f('MAP', text('a'))).toThrowError(
      expect.objectContaining({ code: 'TYPE_MISMATCH' }),
    )
  })

  test('equality and order are by parts', () => {
    const list = (...items: Value[]) => literal(arrayOf(INT), items)
    expect(interpret(f('=', list(1, null), list(1, null)), [])).toBe(true)
    expect(interpret(f('<', list(1, 2), list(1, 3)), [])).toBe(true)
    expect(interpret(f('=', list(1), literal(arrayOf(BIGINT), [1])), [])).toBe(true)
    const map = (...entries: Value[][]) => literal(m.type, entries)
    expect(interpret(f('=', map(['a', 1], ['b', 2]), map(['b', 2], ['a', 1])), [])).toBe(true)
    expect(() => f('<', m, m)).toThrowError(expect.objectContaining({ code: 'TYPE_MISMATCH' }))
    expect(values(f('=', a, literal(a.type, [])))).toEqual([
      'FALSE',
      'TRUE',
      'NULL',
      'FALSE',
      'FALSE',
    ])
    expect(values(f('IS NOT DISTINCT FROM', r, r))).toEqual([
      'TRUE',
      'TRUE',
      'TRUE',
      'TRUE',
      'TRUE',
    ])
    const pair = (x: number, y: string) => f('ROW', int(x), text(y))
    expect(interpret(f('IN', pair(1, 'a'), pair(2, 'a'), pair(1, 'a')), [])).toBe(true)
  })

  test('casts go part by part', () => {
    const texts = resolveCast(a, arrayOf(INT), true)
    expect(values(texts)).toEqual(['NULL', '[]', 'NULL', 'NULL', 'NULL'])
    const named = resolveCast(f('ROW', int(1), text('x')), INNER, false)
    expect(interpret(field(named, 's'), [])).toBe('x')
    expect(values(resolveCast(r, VARCHAR, false))[0]).toBe(
      '(1, (1099511627776, é), [10, NULL, 30])',
    )
    expect(values(resolveCast(r, JSON_TYPE, false))[0]).toBe(
      '{"id":1,"inner":{"n":1099511627776,"s":"é"},"list":[10,null,30]}',
    )
    const back = resolveCast(resolveCast(r, JSON_TYPE, false), ROW, false)
    expect(ROWS.map((row) => interpret(back, row))).toEqual(ROWS.map(([row]) => row))
  })

  test('large arrays are handled in time proportional to them', () => {
    const size = 200_000
    const many = literal(
      arrayOf(INT),
      Array.from({ length: size }, (_, n) => n % 100_000),
    )
    const start = performance.now()
    for (const name of ['ARRAY_DISTINCT', 'ARRAY_SORT', 'ARRAY_MAX']) interpret(f(name, many), [])
    interpret(f('ARRAY_UNION', many, many), [])
    interpret(f('ARRAY_EXCEPT', many, many), [])
    expect(performance.now() - start).toBeLessThan(1000)
  })
})
