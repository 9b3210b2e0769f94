/** SQL texts as statements, within the server's limits. */

import { fail } from '../../engine/base/errors.ts'
import { parseStatements, type Statement } from '../../sql/index.ts'
import type { ServerConfig } from '../config.ts'

/** All statements of the text. LIMIT_EXCEEDED if it is too long, SYNTAX, UNSUPPORTED. */
export function statementsOf({ limits }: ServerConfig, sql: string): readonly Statement[] {
  if (sql.length > limits.statementBytesMax) {
    fail('LIMIT_EXCEEDED', `The SQL text is longer than ${limits.statementBytesMax} characters`, {
      hint: 'Send records by POST /v1/streams/{name}/records instead of INSERT.',
    })
  }
  return parseStatements(sql)
}
