/** Looks at statements without running them: each is checked against the catalog as the ones before
 *  it would leave it. */

import { asSqlError, SqlError } from '../../engine/base/errors.ts'
import type { ReplacedOperator } from '../../engine/graph/protocol.ts'
import { locate, type Statement } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import { type Problem, problemOf } from '../http/problem.ts'
import type { ResultColumn } from '../statement-result.ts'
import { checkStatement } from './check-statement.ts'
import { eachStatementOf } from './parse.ts'

export interface Validation {
  readonly valid: boolean
  /** The statements that are right, in order. */
  readonly statements: readonly ValidStatement[]
  /** Problem details with line, column and snippet, of the others. */
  readonly diagnostics: readonly Problem[]
}

export interface ValidStatement extends Checked {
  readonly kind: Statement['kind']
  /** Which one of the text it is, from 1. */
  readonly statement: number
}

/** What is known of a statement that is right. */
export interface Checked {
  /** Of the result, or of the table. */
  readonly columns?: readonly ResultColumn[]
  readonly plan?: { readonly logical: string; readonly physical: string }
  readonly warnings?: readonly string[]
  /** What would become of the state of the query that it would replace. */
  readonly operators?: readonly ReplacedOperator[]
}

/** The database as the statements before would leave it. */
export type Trial = Pick<DatabaseParts, 'catalog' | 'settings' | 'queries' | 'engine'>

export async function validate(parts: DatabaseParts, sql: string): Promise<Validation> {
  const { catalog, config, queries, settings, engine } = parts
  const trial = { catalog: catalog.copy(), settings: settings.copy(), queries, engine }
  const statements: ValidStatement[] = []
  const diagnostics: Problem[] = []
  const missing = new Set<string>()
  const report = (thrown: unknown, statement: number) => {
    if (isConsequence(thrown, sql, missing)) return
    const error = numbered(thrown, statement)
    diagnostics.push(problemOf(locate(error, sql), sql))
  }
  try {
    for (const [i, found] of eachStatementOf(config, sql).entries()) {
      if (found instanceof SqlError) {
        report(found, i + 1)
        continue
      }
      try {
        const checked = await checkStatement(found, trial)
        statements.push({ kind: found.kind, statement: i + 1, ...checked })
      } catch (thrown) {
        report(thrown, i + 1)
        if (found.kind.startsWith('create-') && 'name' in found) missing.add(fold(found.name.text))
      }
    }
  } catch (thrown) {
    diagnostics.push(problemOf(locate(thrown, sql), sql))
  }
  return { valid: diagnostics.length === 0, statements, diagnostics }
}

const fold = (name: string): string => name.toLowerCase()

/** Whether the error only says that what an earlier statement should have made is not there. */
function isConsequence(thrown: unknown, sql: string, missing: ReadonlySet<string>): boolean {
  const { code, at } = asSqlError(thrown)
  if (!code.startsWith('UNKNOWN_') || at === undefined) return false
  const name = sql.slice(at.offset, at.offset + at.length)
  return missing.has(fold(name.replace(/^["`]|["`]$/g, '')))
}

function numbered(thrown: unknown, statement: number): SqlError {
  const error = asSqlError(thrown)
  const { code, message, at, position, hint, cause } = error
  const details = { ...error.details, statement }
  return new SqlError(code, message, { at, position, hint, cause, details })
}
