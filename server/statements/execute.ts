/** Runs the statements of a text one after the other. */

import { asSqlError, SqlError } from '../../engine/base/errors.ts'
import type { SerialQueue } from '../../engine/base/serial-queue.ts'
import type { Statement } from '../../sql/index.ts'
import type { DatabaseParts } from '../database.ts'
import type { StatementResult } from '../statement-result.ts'
import { alter } from './alter.ts'
import { changeRows } from './change-rows.ts'
import { createFunction, createTable, createView } from './create.ts'
import { createNamedQuery } from './create-query.ts'
import { drop } from './drop.ts'
import { analyze, explain } from './explain.ts'
import { insertValues } from './insert.ts'
import { insertSelect, statementSet } from './insert-query.ts'
import { statementsOf } from './parse.ts'
import { runSelect } from './select.ts'
import { reset, set } from './settings.ts'
import { describe, describeFunction, show, showColumns, showCreate } from './show.ts'

export interface ExecuteOptions {
  /** The token of a refusal that asked for it: see replace.ts. */
  readonly confirm?: string | undefined
}

/** The whole text is parsed before anything runs. The first statement that fails ends the run; what
 *  earlier ones did stays, and `details.statement` says which one it was, from 1. */
export async function execute(
  parts: DatabaseParts,
  changes: SerialQueue,
  sql: string,
  options: ExecuteOptions = {},
): Promise<StatementResult[]> {
  const statements = statementsOf(parts.config, sql)
  const results: StatementResult[] = []
  for (const statement of statements) {
    try {
      results.push(await run(parts, changes, statement, options))
    } catch (thrown) {
      const error = asSqlError(thrown)
      if (statements.length === 1) throw error
      const { message, at, position, hint, cause, code } = error
      const details = { ...error.details, statement: results.length + 1 }
      throw new SqlError(code, message, { at, position, hint, cause, details })
    }
  }
  return results
}

async function run(
  parts: DatabaseParts,
  changes: SerialQueue,
  statement: Statement,
  { confirm }: ExecuteOptions,
): Promise<StatementResult> {
  switch (statement.kind) {
    case 'select':
      return runSelect(parts, statement)
    case 'create-table':
      return changes.run(() => createTable(parts, statement))
    case 'create-view':
      return changes.run(() => createView(parts, statement, confirm))
    case 'create-query':
      return changes.run(() => createNamedQuery(parts, statement, confirm))
    case 'create-function':
      return changes.run(() => createFunction(parts, statement))
    case 'drop':
      return changes.run(() => drop(parts, statement))
    case 'insert-values':
      return insertValues(parts, statement)
    case 'update':
    case 'delete':
      return changes.run(() => changeRows(parts, statement))
    case 'insert-select':
      return changes.run(() => insertSelect(parts, statement))
    case 'show':
      return show(parts, statement)
    case 'show-create':
      return showCreate(parts, statement)
    case 'show-columns':
      return showColumns(parts, statement)
    case 'describe':
      return describe(parts, statement)
    case 'describe-function':
      return describeFunction(parts, statement)
    case 'explain':
      return explain(parts, statement)
    case 'analyze':
      return analyze(parts, statement)
    case 'alter':
      return changes.run(() => alter(parts, statement, confirm))
    case 'set':
      return set(parts, statement)
    case 'reset':
      return reset(parts, statement)
    case 'statement-set':
      return changes.run(() => statementSet(parts, statement))
  }
}
