/** Every example of every function gives what it says: interpreted, generated over constants, and
 *  generated over columns. */

import { describe, expect, test } from 'vitest'
import { formatValue } from '../../../engine/expr/cast.ts'
import { isNullable } from '../../../engine/expr/facts.ts'
import { FUNCTIONS, findFunction } from '../../../engine/expr/functions/index.ts'
import type { Expr } from '../../../engine/expr/ir.ts'
import { resolveCall } from '../../../engine/expr/resolve.ts'
import { batchOf, column, generatedRows, interpretRow, type Outcome } from './evaluate.ts'

const shown = (outcome: Outcome, expr: Expr): string =>
  'value' in outcome ? formatValue(outcome.value, expr.type) : outcome.error

/** Arguments that must stay constants: units, fields, digits. */
const CONSTANT = new Set([
  '.',
  'DATE_DIFF',
  'SHA2',
  'HMAC',
  'ENCODE',
  'DECODE',
  'EXTRACT',
  'DATE_TRUNC',
  'TIMESTAMPADD',
  'TIMESTAMPDIFF',
  'ROUND',
  'TRUNCATE',
  'TO_TIMESTAMP_LTZ',
])

for (const entry of FUNCTIONS) {
  describe(entry.name, () => {
    test('is documented', () => {
      expect(entry.doc).toMatch(/\.$/)
      expect(entry.syntax.length).toBeGreaterThan(0)
      // Chance has no result to show, and what is always an error has none.
      if (!('volatile' in entry) && entry.name !== 'JSON FAILURE')
        expect(entry.examples.length).toBeGreaterThan(0)
      for (const alias of entry.aliases ?? []) expect(findFunction(alias)).toBe(entry)
    })
    for (const { args, result } of entry.examples) {
      const name = `(${args.map((arg) => formatValue(arg.value, arg.type)).join(', ')})`
      test(`constants ${name}`, () => {
        const expr = resolveCall(entry.name.toLowerCase(), args)
        expect(shown(interpretRow(expr, []), expr)).toBe(result)
        const [generated] = generatedRows(expr, batchOf([], [[]]))
        expect(shown(generated, expr)).toBe(result)
        if (result === 'NULL') expect(isNullable(expr)).toBe(true)
      })
      if (CONSTANT.has(entry.name) || args.length === 0) continue
      if (args.some((arg) => arg.type.kind === 'null')) continue
      test(`columns ${name}`, () => {
        const types = args.map((arg) => arg.type)
        const row = args.map((arg) => arg.value)
        const expr = resolveCall(
          entry.name,
          types.map((type, i) => column(i, type)),
        )
        // A NULL row before and after: the value must not depend on its neighbours.
        const nulls = args.map(() => null)
        const generated = generatedRows(expr, batchOf(types, [nulls, row, nulls]))
        expect(shown(generated[1], expr)).toBe(shown(interpretRow(expr, row), expr))
        expect(generated[0]).toEqual(interpretRow(expr, nulls))
        expect(generated[2]).toEqual(interpretRow(expr, nulls))
      })
    }
  })
}
