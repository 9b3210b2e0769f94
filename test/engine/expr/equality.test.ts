/** Generated code gives what the interpreter gives, errors and their places included, over random
 *  expressions of every function and random rows. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { typeName } from '../../../engine/batch/types.ts'
import { compileFilter } from '../../../engine/expr/compile-filter.ts'
import { isNullable } from '../../../engine/expr/facts.ts'
import { EPOCH_ZERO } from '../../../engine/expr/interpret.ts'
import { printExpr } from '../../../engine/expr/ir.ts'
import { seedOf } from '../../seed.ts'
import { batchOf, generatedRows, interpretRow } from './evaluate.ts'
import { randomExpressions, randomRow, TYPES } from './random-expression.ts'

const LONG = process.env.MILLRACE_LONG === '1'
const ROWS = 10
const EXPRESSIONS = 25

test('generated code equals the interpreter', { timeout: 600_000 }, () => {
  const property = fc.property(fc.nat(), (seed) => {
    const source = random(seed)
    const rows = Array.from({ length: ROWS }, () => randomRow(source))
    const batch = batchOf(TYPES, rows)
    for (const expr of randomExpressions(source, EXPRESSIONS)) {
      const wanted = rows.map((row) => interpretRow(expr, row))
      const found = generatedRows(expr, batch)
      const what = `${printExpr(expr)} of type ${typeName(expr.type)}, seed ${seed}`
      expect(found, what).toEqual(wanted)
      if (!isNullable(expr)) {
        for (const outcome of wanted) expect(outcome, what).not.toEqual({ value: null })
      }
    }
  })
  fc.assert(property, { seed: seedOf('equality'), numRuns: LONG ? 2000 : 150 })
})

test('a filter keeps the rows that are TRUE', { timeout: 600_000 }, () => {
  const property = fc.property(fc.nat(), (seed) => {
    const source = random(seed)
    const rows = Array.from({ length: ROWS }, () => randomRow(source))
    const batch = batchOf(TYPES, rows)
    for (const expr of randomExpressions(source, EXPRESSIONS)) {
      if (expr.type.kind !== 'boolean') continue
      const outcomes = rows.map((row) => interpretRow(expr, row))
      if (outcomes.some((outcome) => 'error' in outcome)) continue
      const kept = new Int32Array(ROWS)
      const count = compileFilter(expr, batch.schema)(batch, kept, EPOCH_ZERO)
      const wanted = outcomes.flatMap((outcome, i) =>
        'value' in outcome && outcome.value === true ? [i] : [],
      )
      expect(Array.from(kept.subarray(0, count)), printExpr(expr)).toEqual(wanted)
    }
  })
  fc.assert(property, { seed: seedOf('filter'), numRuns: LONG ? 2000 : 150 })
})
