/** One table of FROM: a name, a query or joins in brackets, a table function, a window. */

import { fail } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import type { Expression, TableRef } from '../ast.ts'
import { tableAlias } from './alias.ts'
import type { Cursor } from './cursor.ts'
import { matchClause } from './match.ts'
import { startsQuery } from './query-start.ts'
import { spanOf, type Token } from './token.ts'
import { isWindowCall, windowCall } from './window-call.ts'

/** The table at the cursor with its alias, without joins. */
export function table(cursor: Cursor): TableRef {
  const first = cursor.token
  let found = plainTable(cursor, first)
  while (cursor.is('MATCH_RECOGNIZE')) found = matchTable(cursor, found, first)
  return found
}

function matchTable(cursor: Cursor, input: TableRef, first: Token): TableRef {
  const match = cursor.nested(() => matchClause(cursor))
  const alias = tableAlias(cursor)
  return { kind: 'match', input, match, alias, at: cursor.spanFrom(first) }
}

function plainTable(cursor: Cursor, first: Token): TableRef {
  const lateral = cursor.accept('LATERAL')
  if (cursor.is('(')) return bracketed(cursor, first, lateral)
  if (cursor.is('TABLE', '(')) return wrapped(cursor, first)
  if (cursor.is('UNNEST') || (cursor.isName() && cursor.peek().key === '(')) {
    const called = call(cursor)
    return withAlias(cursor, called, first)
  }
  if (lateral) {
    cursor.unexpected({ what: '"(", TABLE(…) or a table function after LATERAL' })
  }
  return named(cursor, first)
}

function bracketed(cursor: Cursor, first: Token, lateral: boolean): TableRef {
  if (startsQuery(cursor)) {
    cursor.advance()
    const query = cursor.nested(() => cursor.rules.query(cursor))
    cursor.expect(')')
    const alias = tableAlias(cursor)
    return { kind: 'query', query, alias, lateral, at: cursor.spanFrom(first) }
  }
  cursor.advance()
  const tables = cursor.nested(() => cursor.rules.from(cursor))
  if (tables.length > 1) {
    fail('SYNTAX', 'Tables in brackets are joined with JOIN, not with a comma', {
      at: tables[1].at,
    })
  }
  cursor.expect(')')
  if (cursor.is('AS') || cursor.isName()) {
    const alias = tableAlias(cursor)
    if (alias !== undefined) {
      cursor.refuse('An alias for joined tables', {
        first: alias.name.at,
        hint: 'Use a query: (SELECT …) AS t',
      })
    }
  }
  return { ...tables[0], at: cursor.spanFrom(first) }
}

/** `TABLE(f(…))`, Flink's way to call a table function. */
function wrapped(cursor: Cursor, first: Token): TableRef {
  cursor.advance()
  cursor.advance()
  if (!cursor.isName() || cursor.peek().key !== '(') {
    cursor.unexpected({
      what: 'a function in TABLE(…)',
      hint: "For example TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' MINUTE))",
    })
  }
  if (!isWindowCall(cursor) && cursor.peek(2).key === 'TABLE') noWindow(cursor)
  const called = call(cursor)
  cursor.expect(')')
  return withAlias(cursor, called, first)
}

/** Only windows take TABLE s. */
function noWindow({ token }: Cursor): never {
  fail('UNKNOWN_FUNCTION', `There is no table function ${token.text}`, {
    at: spanOf(token),
    hint:
      didYouMean(token.key, ['TUMBLE', 'HOP', 'CUMULATE', 'SESSION']) ??
      'TUMBLE, HOP, CUMULATE and SESSION are.',
  })
}

function call(cursor: Cursor): TableRef {
  if (isWindowCall(cursor)) {
    const window = windowCall(cursor)
    return { kind: 'window', window, at: window.at }
  }
  const first = cursor.token
  const isUnnest = first.key === 'UNNEST'
  const name = isUnnest
    ? { text: cursor.advance().text, at: spanOf(first) }
    : cursor.name('a function name')
  const args: Expression[] = []
  if (!cursor.accept('(', ')')) args.push(...cursor.list(() => cursor.rules.expression(cursor)))
  const withOrdinality = cursor.accept('WITH', 'ORDINALITY')
  return { kind: 'function', name, args, withOrdinality, at: cursor.spanFrom(first) }
}

function withAlias(cursor: Cursor, ref: TableRef, first: Token): TableRef {
  if (ref.kind !== 'function' && ref.kind !== 'window') return ref
  const isLate = ref.kind === 'function' && cursor.accept('WITH', 'ORDINALITY')
  const alias = tableAlias(cursor)
  const at = cursor.spanFrom(first)
  return isLate ? { ...ref, withOrdinality: true, alias, at } : { ...ref, alias, at }
}

/** `t [FOR SYSTEM_TIME AS OF x] [AS a]`. */
function named(cursor: Cursor, first: Token): TableRef {
  const name = cursor.name('a table name')
  if (cursor.is('.')) {
    cursor.refuse('A table name with a dot', {
      hint: `Tables have plain names; a name that holds a dot needs quotes: "${name.text}.…"`,
    })
  }
  let asOf = systemTime(cursor)
  const alias = tableAlias(cursor)
  asOf ??= systemTime(cursor)
  return { kind: 'table', name, alias, asOf, at: cursor.spanFrom(first) }
}

function systemTime(cursor: Cursor): Expression | undefined {
  if (!cursor.is('FOR')) return undefined
  cursor.advance()
  if (!cursor.is('SYSTEM_TIME')) {
    cursor.unexpected({
      what: 'SYSTEM_TIME AS OF after FOR',
      near: ['SYSTEM_TIME'],
      hint: 'Write FOR SYSTEM_TIME AS OF o.ts',
    })
  }
  cursor.expect('SYSTEM_TIME', 'AS', 'OF')
  return cursor.rules.expression(cursor)
}
