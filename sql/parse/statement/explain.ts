/** EXPLAIN of a query, or of a statement that holds one. */

import type { Statement } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import { expectEnd } from './query-statement.ts'
import type { BodyOf } from './statement-body.ts'

type Mode = BodyOf<'explain'>['mode']

const MODES: Readonly<Record<string, Mode>> = {
  LOGICAL: 'logical',
  PHYSICAL: 'physical',
  CODE: 'code',
  ANALYZE: 'analyze',
}
const DETAILS: ReadonlySet<string> = new Set([
  'ESTIMATED_COST',
  'CHANGELOG_MODE',
  'JSON_EXECUTION_PLAN',
  'PLAN_ADVICE',
  'AST',
])
const EXPLAINED: ReadonlySet<Statement['kind']> = new Set<Statement['kind']>([
  'select',
  'insert-select',
  'create-view',
  'create-query',
])

/** The statement at EXPLAIN. `parse` reads the statement behind it. */
export function explain(
  cursor: Cursor,
  parse: (cursor: Cursor) => Statement,
): BodyOf<'explain'> | BodyOf<'analyze'> {
  cursor.expect('EXPLAIN')
  const mode = readMode(cursor)
  if (mode === 'analyze' && isRunningName(cursor)) return analyze(cursor)
  const first = cursor.token
  if (cursor.is('EXPLAIN')) cursor.unexpected({ what: 'a query' })
  const statement = parse(cursor)
  const isTableAs = statement.kind === 'create-table' && statement.as !== undefined
  if (!EXPLAINED.has(statement.kind) && !isTableAs) {
    cursor.refuse(`EXPLAIN of this statement`, {
      first,
      hint: 'Explain a SELECT, INSERT INTO … SELECT or CREATE … VIEW',
    })
  }
  return { kind: 'explain', mode, statement }
}

/** A name alone, or behind QUERY or MATERIALIZED VIEW. */
function isRunningName(cursor: Cursor): boolean {
  if (cursor.is('MATERIALIZED', 'VIEW')) return true
  const from = cursor.is('QUERY') && cursor.isName(1) ? 1 : 0
  const { kind, key } = cursor.peek(from + 1)
  return cursor.isName(from) && (kind === 'end' || key === ';')
}

function analyze(cursor: Cursor): BodyOf<'analyze'> {
  if (!cursor.accept('MATERIALIZED', 'VIEW') && cursor.isName(1)) cursor.accept('QUERY')
  const name = cursor.name('the name of a query')
  expectEnd(cursor, [])
  return { kind: 'analyze', name }
}

function readMode(cursor: Cursor): Mode {
  if (cursor.accept('PLAN', 'FOR')) return 'plan'
  if (cursor.isAny(DETAILS)) {
    cursor.refuse(`EXPLAIN ${cursor.key}`, { hint: 'EXPLAIN LOGICAL, PHYSICAL, CODE or ANALYZE' })
  }
  const mode = cursor.token.kind === 'word' && Object.hasOwn(MODES, cursor.key)
  return mode ? MODES[cursor.advance().key] : 'plan'
}
