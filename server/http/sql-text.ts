/** Keeps the SQL text of a request with the errors it raised, so that an answer can show the line
 *  and the caret. */

import type { SqlError } from '../../engine/base/errors.ts'
import { locate } from '../../sql/index.ts'

const TEXTS = new WeakMap<SqlError, string>()

/** Runs `action`; an error it raises gets its line and column in `sql`. */
export async function withSqlText<T>(sql: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (thrown) {
    const error = locate(thrown, sql)
    TEXTS.set(error, sql)
    throw error
  }
}

/** The SQL text that the error's position is in; undefined if it has none. */
export const sqlTextOf = (error: SqlError): string | undefined => TEXTS.get(error)
