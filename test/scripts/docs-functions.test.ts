/** docs/functions.md is what the entries say, and its examples are SQL that gives what they say. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { schemaOf } from '../../engine/batch/schema.ts'
import { formatValue } from '../../engine/expr/cast.ts'
import { FUNCTIONS } from '../../engine/expr/functions/index.ts'
import { interpret } from '../../engine/expr/interpret.ts'
import { exampleSql, functionsPage } from '../../scripts/docs-functions.ts'
import { bindExpression } from '../../sql/bind/bind-expression.ts'
import { Scope } from '../../sql/bind/scope.ts'
import { parseExpression } from '../../sql/parse/index.ts'

test('docs/functions.md is current: node scripts/docs-functions.ts', () => {
  const file = readFileSync(new URL('../../docs/functions.md', import.meta.url), 'utf8')
  expect(file).toBe(functionsPage())
})

/** What the grammar does not read yet. */
const UNREAD = /^IS (?:NOT )?JSON/

for (const entry of FUNCTIONS) {
  if (UNREAD.test(entry.name)) continue
  for (const example of entry.examples) {
    const sql = exampleSql(entry, example)
    test(sql, () => {
      const context = { scope: new Scope([]), schema: schemaOf([]), clause: 'SELECT' }
      const expr = bindExpression(parseExpression(sql), context)
      expect(formatValue(interpret(expr, []), expr.type)).toBe(example.result)
    })
  }
}
