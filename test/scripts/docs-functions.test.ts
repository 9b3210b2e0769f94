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

/** What the SQL gives, as the documentation prints it. */
function answer(sql: string): string {
  const context = { scope: new Scope([]), schema: schemaOf([]), clause: 'SELECT' }
  const expr = bindExpression(parseExpression(sql), context)
  return formatValue(interpret(expr, []), expr.type)
}

for (const entry of FUNCTIONS.filter((one) => !one.internal)) {
  const plain = entry.examples.map((example) => ({
    sql: exampleSql(entry, example),
    result: example.result,
  }))
  for (const { sql, result } of [...plain, ...(entry.forms ?? [])]) {
    test(sql, () => expect(answer(sql)).toBe(result))
  }
}
