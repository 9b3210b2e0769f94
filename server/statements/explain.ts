/** EXPLAIN: how a statement's query would run. Nothing is started. */

import { fail } from '../../engine/base/errors.ts'
import {
  type Name,
  Planner,
  type QueryStatement,
  type Statement,
  textAnswer,
} from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import { answerResult, type StatementResult } from '../statement-result.ts'

export function explain(
  { catalog }: DatabaseParts,
  { mode, statement, at }: Extract<Statement, { kind: 'explain' }>,
): StatementResult {
  if (mode === 'code' || mode === 'analyze') {
    fail('UNSUPPORTED', `EXPLAIN ${mode.toUpperCase()} is not supported yet`, {
      at,
      hint: 'EXPLAIN shows the logical and the physical plan.',
    })
  }
  const { query, columns } = queryOf(statement)
  const identity = { id: 'explain', name: '' }
  const planned = new Planner(catalog).planQuery(query, 'continuous', identity, columns)
  const { logical, physical } = planned.explain
  const text =
    mode === 'logical'
      ? logical
      : mode === 'physical'
        ? physical
        : `== Logical plan ==\n${logical.trimEnd()}\n\n== Physical plan ==\n${physical}`
  const warnings = planned.warnings.map((warning) => `Warning: ${warning}`)
  return answerResult(textAnswer('plan', [text.trimEnd(), ...warnings].join('\n')))
}

function queryOf(statement: Statement): { query: QueryStatement; columns: readonly Name[] } {
  if (statement.kind === 'select') return { query: statement, columns: [] }
  if (statement.kind === 'create-view') return { query: statement, columns: statement.columns }
  return fail('UNSUPPORTED', 'EXPLAIN is for SELECT and CREATE VIEW', { at: statement.at })
}
