/** CREATE FUNCTION: a JavaScript body for the sandbox, or an SQL expression over the parameters. */

import { fail, type Span } from '../../../engine/base/errors.ts'
import type { DataType } from '../../../engine/batch/types.ts'
import type { Expression, Name } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import { spanOf, type Token } from '../token.ts'
import { tokenize } from '../tokenize.ts'
import { dataType } from '../type.ts'
import type { BodyOf, CreateHead } from './statement-body.ts'

/** The statement behind CREATE [OR REPLACE] FUNCTION [IF NOT EXISTS]. */
export function createFunction(cursor: Cursor, head: CreateHead): BodyOf<'create-function'> {
  const name = cursor.name('a function name')
  if (cursor.is('AS') && cursor.peek().kind === 'string') {
    cursor.refuse('A function from a class', { hint: EXAMPLE })
  }
  const parameters = parameterList(cursor)
  if (!cursor.is('RETURNS'))
    cursor.unexpected({ what: 'RETURNS', near: ['RETURNS'], hint: EXAMPLE })
  cursor.advance()
  const returns = dataType(cursor)
  const { language, strict } = characteristics(cursor)
  const made = {
    kind: 'create-function',
    name,
    ...head,
    ...{ parameters, returns, language, strict },
  } as const
  if (cursor.accept('RETURN')) {
    if (language !== 'sql') cursor.refuse('RETURN in this language', { hint: EXAMPLE })
    const first = cursor.token
    const expression = cursor.rules.expression(cursor)
    return { ...made, body: cursor.textFrom(first), bodyAt: expression.at, expression }
  }
  cursor.expect('AS')
  const { token } = cursor
  const body = cursor.string('the body in $$ … $$')
  const expression = language === 'sql' ? sqlBody(cursor, token) : undefined
  return { ...made, body, bodyAt: bodySpan(cursor, token), expression }
}

/** The text of the literal; the literal itself if its text is not what is written. */
function bodySpan(cursor: Cursor, token: Token): Span {
  const open = cursor.source.sql.indexOf(token.text, token.offset)
  const isVerbatim = open >= 0 && open + token.text.length <= token.offset + token.length
  return isVerbatim ? { offset: open, length: token.text.length } : spanOf(token)
}

/** LANGUAGE and what happens to NULL, in any order. */
function characteristics(cursor: Cursor): {
  language: 'javascript' | 'sql'
  strict: boolean
} {
  let language: 'javascript' | 'sql' | undefined
  let strict: boolean | undefined
  for (;;) {
    const first = cursor.token
    const isLanguage = cursor.accept('LANGUAGE')
    const nulls = isLanguage ? undefined : nullRule(cursor)
    if (isLanguage ? language !== undefined : nulls !== undefined && strict !== undefined) {
      fail('SYNTAX', `${first.text} is there twice`, { at: spanOf(first) })
    }
    if (isLanguage) language = readLanguage(cursor)
    else if (nulls !== undefined) strict = nulls
    else return { language: language ?? 'sql', strict: strict ?? false }
  }
}

function nullRule(cursor: Cursor): boolean | undefined {
  if (cursor.accept('STRICT')) return true
  if (cursor.accept('RETURNS', 'NULL', 'ON', 'NULL', 'INPUT')) return true
  return cursor.accept('CALLED', 'ON', 'NULL', 'INPUT') ? false : undefined
}

const EXAMPLE =
  'CREATE FUNCTION f(x DOUBLE) RETURNS DOUBLE LANGUAGE JAVASCRIPT AS $$ return x * 2 $$'

type Parameter = { readonly name: Name; readonly type: DataType }

function parameterList(cursor: Cursor): Parameter[] {
  if (cursor.accept('(', ')')) return []
  return cursor.list(() => {
    const name = cursor.name('a parameter name')
    return { name, type: dataType(cursor) }
  })
}

function readLanguage(cursor: Cursor): 'javascript' | 'sql' {
  if (cursor.accept('JAVASCRIPT') || cursor.accept('JS')) return 'javascript'
  if (cursor.accept('SQL')) return 'sql'
  return cursor.refuse(`The language ${cursor.token.text}`, { hint: 'Use JAVASCRIPT or SQL' })
}

/** The body of an SQL function is one expression in its own text. */
function sqlBody(cursor: Cursor, token: Token): Expression {
  const open = cursor.source.sql.indexOf(token.text, token.offset)
  if (open < 0 || open > token.offset + token.length) {
    fail('UNSUPPORTED', 'An SQL body with escapes is not supported', {
      at: spanOf(token),
      hint: 'Write the body in $$ … $$',
    })
  }
  // Blanks in front keep the places of the whole statement.
  const source = tokenize(' '.repeat(open) + token.text, cursor.source.limits)
  const inside = cursor.over(source)
  inside.accept('SELECT')
  const expression = inside.rules.expression(inside)
  inside.accept(';')
  if (inside.token.kind !== 'end') {
    inside.unexpected({ what: 'the end of the body', hint: 'An SQL body is one expression' })
  }
  return expression
}
