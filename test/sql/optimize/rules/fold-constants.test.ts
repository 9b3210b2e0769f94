import { expect, it } from 'vitest'
import { schemaOf } from '../../../../engine/batch/schema.ts'
import { printExpr } from '../../../../engine/expr/ir.ts'
import { bool } from '../../../../engine/expr/literal.ts'
import { makeValues } from '../../../../sql/logical/make.ts'
import { fold, foldConstants } from '../../../../sql/optimize/rules/fold-constants.ts'
import { call, col, filter, int, project, scan, text } from '../plan-builder.ts'

const a = col(scan(), 'a')

it('evaluates constant parts', () => {
  expect(printExpr(fold(call('+', a, call('*', int(2), int(3)))))).toBe('(a + 6)')
  expect(printExpr(fold(call('>', a, call('+', int(1), int(1)))))).toBe('(a > 2)')
})

it('leaves an expression that fails, and the clock', () => {
  const failing = call('/', int(1), int(0))
  expect(fold(failing)).toEqual(failing)
  const now = call('CURRENT_TIMESTAMP')
  expect(fold(now)).toEqual(now)
})

it('simplifies AND and OR', () => {
  const test = call('>', a, int(1))
  expect(printExpr(fold(call('AND', bool(true), test)))).toBe('(a > 1)')
  expect(printExpr(fold(call('OR', test, call('=', int(1), int(2)))))).toBe('(a > 1)')
  expect(printExpr(fold(call('AND', test, bool(false))))).toBe('((a > 1) AND FALSE)')
})

it('drops a filter that keeps everything', () => {
  expect(text(foldConstants.apply(filter(scan(), call('=', int(1), int(1)))))).toBe(
    'Scan t (name, a, b, ts)',
  )
})

it('makes a row of a constant SELECT without FROM', () => {
  const one = makeValues(schemaOf([]), [[]])
  const folded = foldConstants.apply(project(one, { x: call('+', int(1), int(2)) }))
  expect(folded).toMatchObject({ kind: 'values', rows: [[3]] })
  const clock = project(one, { x: call('CURRENT_TIMESTAMP') })
  expect(foldConstants.apply(clock).kind).toBe('project')
})
