/** SQL texts as statements, within the server's limits. */

import { parseStatements, type Statement } from '../../sql/index.ts'
import type { ServerConfig } from '../config.ts'

/** All statements of the text. LIMIT_EXCEEDED if it is too long, SYNTAX, UNSUPPORTED. */
export function statementsOf({ limits }: ServerConfig, sql: string): readonly Statement[] {
  return parseStatements(sql, {
    lengthMax: limits.statementBytesMax,
    nestingMax: limits.nestingMax,
  })
}
