/** Runs a text of statements one by one, printing each result as it comes; stops at the first
 *  error. */

import {
  type MillraceClient,
  MillraceError,
  type SqlResult,
  snippetOf,
} from '../../client/index.ts'
import { printResult, type ResultFormat } from './result-printer.ts'
import { allStatements, type Statement } from './statement-splitter.ts'

export interface ScriptOptions {
  readonly format: ResultFormat
  readonly signal?: AbortSignal | undefined
  /** Asks whoever sits at the terminal whether to go on; without it the answer is no. */
  readonly ask?: ((error: MillraceError) => Promise<boolean>) | undefined
}

/** Raises MillraceError with its place in the whole script. */
export async function runScript(
  client: MillraceClient,
  script: string,
  options: ScriptOptions,
): Promise<void> {
  for (const statement of allStatements(script)) {
    try {
      const results = await runConfirmed(client, statement.text, options)
      for (const result of results) printResult(result, options.format)
    } catch (error) {
      throw error instanceof MillraceError ? placeInScript(error, statement, script) : error
    }
  }
}

/** Sends the statement again if it needs to be confirmed and is. */
async function runConfirmed(
  client: MillraceClient,
  text: string,
  { signal, ask }: ScriptOptions,
): Promise<readonly SqlResult[]> {
  try {
    return await client.sql(text, { signal })
  } catch (error) {
    const needsOne = error instanceof MillraceError && error.code === 'NEEDS_CONFIRMATION'
    const confirm = needsOne ? error.details?.confirm : undefined
    if (!needsOne || ask === undefined || typeof confirm !== 'string') throw error
    if (!(await ask(error))) throw error
    return client.sql(text, { signal, confirm })
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
