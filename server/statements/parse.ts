/** SQL texts as statements, within the server's limits. */

import type { SqlError } from '../../engine/base/errors.ts'
import { parseEach, parseStatements, type Statement } from '../../sql/index.ts'
import type { ServerConfig } from '../config.ts'

/** All statements of the text. LIMIT_EXCEEDED if it is too long, SYNTAX, UNSUPPORTED. */
export const statementsOf = (config: ServerConfig, sql: string): readonly Statement[] =>
  parseStatements(sql, limitsOf(config))

/** Each statement, or what is wrong with it. Raises what is wrong with the whole text. */
export const eachStatementOf = (
  config: ServerConfig,
  sql: string,
): readonly (Statement | SqlError)[] => parseEach(sql, limitsOf(config))

const limitsOf = ({ limits }: ServerConfig) => ({
  lengthMax: limits.statementBytesMax,
  nestingMax: limits.nestingMax,
})
