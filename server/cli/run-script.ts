/** Runs a text of statements one by one, printing each result as it comes; stops at the first
 *  error. */

import { type MillraceClient, MillraceError, snippetOf } from '../../client/index.ts'
import { printResult, type ResultFormat } from './result-printer.ts'
import { allStatements, type Statement } from './statement-splitter.ts'

/** Raises MillraceError with its place in the whole script. */
export async function runScript(
  client: MillraceClient,
  script: string,
  format: ResultFormat,
  signal?: AbortSignal,
): Promise<void> {
  for (const statement of allStatements(script)) {
    try {
      const results = await client.sql(statement.text, { signal })
      for (const result of results) printResult(result, format)
    } catch (error) {
      throw error instanceof MillraceError ? placeInScript(error, statement, script) : error
    }
  }
}

/** Moves an error's place from the statement to the script that it is part of. */
function placeInScript(error: MillraceError, statement: Statement, script: string): MillraceError {
  const { line, column, length } = error
  if (line === undefined || column === undefined) return error
  const place = {
    line: line + statement.lineOffset,
    column: line === 1 ? column + statement.columnOffset : column,
  }
  const snippet = snippetOf(script, place.line, place.column, length)
  return new MillraceError(error.code, error.message, { ...error, ...place, snippet })
}
