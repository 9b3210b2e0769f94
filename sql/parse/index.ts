/** The front door of the parser: text in, syntax tree out. Tokens -> statement rules -> SELECTs and
 *  expressions rewritten to bare structure (`rewrite`) -> grammar -> our tree (`lower`,
 *  `normalise`). Every error is a SqlError that knows its place; `locate` gives it line and
 *  column. */

import { asSqlError, fail, type SqlError } from '../../engine/base/errors.ts'
import type { Expression, Query, Statement } from '../ast.ts'
import { Cursor } from './cursor.ts'
import { DEFAULT_LIMITS, type ParseLimits } from './limits.ts'
import { RULES } from './rules.ts'
import { statement } from './statement/statement.ts'
import { tokenize } from './tokenize.ts'

export { DEFAULT_LIMITS, type ParseLimits } from './limits.ts'
export { caretText, locate } from './position.ts'

/** All statements of a text, separated by `;`; none if it is blank. SYNTAX, UNSUPPORTED and
 *  OUT_OF_RANGE at the culprit, LIMIT_EXCEEDED beyond `limits`. */
export function parseStatements(sql: string, limits: Partial<ParseLimits> = {}): Statement[] {
  const cursor = open(sql, limits)
  checkCount(cursor)
  const statements: Statement[] = []
  for (;;) {
    while (cursor.accept(';')) {}
    if (cursor.isEnd) return statements
    cursor.startStatement()
    statements.push(statement(cursor))
    if (!cursor.isEnd) cursor.expect(';')
  }
}

/** Each statement of a text by itself: its tree, or what is wrong with it. Raises what is wrong
 *  with the text as a whole, such as a quote that is never closed. */
export function parseEach(
  sql: string,
  limits: Partial<ParseLimits> = {},
): (Statement | SqlError)[] {
  const cursor = open(sql, limits)
  checkCount(cursor)
  const statements: (Statement | SqlError)[] = []
  for (;;) {
    while (cursor.accept(';')) {}
    if (cursor.isEnd) return statements
    cursor.startStatement()
    const start = cursor.index
    try {
      const found = statement(cursor)
      if (!cursor.isEnd) cursor.expect(';')
      statements.push(found)
    } catch (error) {
      statements.push(asSqlError(error))
      cursor.index = start
      while (!cursor.isEnd && !cursor.is(';')) cursor.advance()
    }
  }
}

/** LIMIT_EXCEEDED before the work starts. */
function checkCount({ source: { tokens, limits } }: Cursor): void {
  let count = 1
  for (const [index, token] of tokens.entries()) {
    // Empty statements cost nothing.
    if (token.key !== ';' || tokens[index + 1].key === ';') continue
    if (++count > limits.statementsMax + 1) {
      fail('LIMIT_EXCEEDED', `The text has more than ${limits.statementsMax} statements`, {
        at: { offset: token.offset, length: 1 },
        hint: 'Send it in several parts',
      })
    }
  }
}

/** One query without EMIT. Errors: see `parseStatements`. */
export function parseQuery(sql: string, limits: Partial<ParseLimits> = {}): Query {
  return whole(sql, limits, (cursor) => RULES.query(cursor))
}

/** One expression. Errors: see `parseStatements`. */
export function parseExpression(sql: string, limits: Partial<ParseLimits> = {}): Expression {
  return whole(sql, limits, (cursor) => RULES.expression(cursor))
}

function whole<Tree>(
  sql: string,
  limits: Partial<ParseLimits>,
  rule: (cursor: Cursor) => Tree,
): Tree {
  const cursor = open(sql, limits)
  const tree = rule(cursor)
  if (!cursor.isEnd) cursor.unexpected({ what: 'the end of the text' })
  return tree
}

const open = (sql: string, limits: Partial<ParseLimits>): Cursor =>
  new Cursor(tokenize(sql, { ...DEFAULT_LIMITS, ...limits }), RULES)
