/** Rewrites FROM: tables become placeholders, and every join one that the grammar reads right. */

import { fail } from '../../../engine/base/errors.ts'
import type { Expression } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import { OPERATOR_WORDS } from '../keyword.ts'
import { spanOf, type Token } from '../token.ts'
import type { Rewritten } from './rewritten.ts'

/** `table [join …], …` behind FROM. SYNTAX if a join has no condition. */
export function fromClause(cursor: Cursor, out: Rewritten): void {
  tableSlot(cursor, out)
  for (let links = 1; ; links++) {
    const first = cursor.token
    const isAsof = acceptAsof(cursor)
    const isNatural = cursor.accept('NATURAL')
    const kind = joinKind(cursor)
    if (isNatural) refuseUnnatural(cursor, kind, first)
    if (kind === undefined) return
    if (links > cursor.source.limits.chainMax) tooMany(first)
    if (kind === 'comma' || kind === 'cross') {
      // The grammar takes CROSS for an alias, and a comma behind ON for a list.
      out.word('INNER JOIN', first)
      tableSlot(cursor, out)
      out.word('ON', first)
      out.slot({ is: 'join', join: kind }, first)
    } else if (isAsof) asofJoin(kind, cursor, out, first)
    else {
      out.word(kind, first)
      tableSlot(cursor, out)
      if (isNatural) naturalCondition(cursor, out, first)
      else condition(cursor, out, first)
    }
  }
}

function tableSlot(cursor: Cursor, out: Rewritten): void {
  const first = cursor.token
  out.slot({ is: 'table', table: cursor.rules.table(cursor) }, first)
}

/** Whether ASOF stands here, before the words of a join: then it is passed. */
function acceptAsof(cursor: Cursor): boolean {
  const { key } = cursor.peek()
  const isJoin = key === 'JOIN' || key === 'INNER' || OUTER.has(key)
  return isJoin && cursor.accept('ASOF')
}

/** `table [MATCH_CONDITION (…)] [ON …]` behind ASOF JOIN. */
function asofJoin(kind: string, cursor: Cursor, out: Rewritten, first: Token): void {
  if (kind !== 'INNER JOIN' && kind !== 'LEFT JOIN') {
    cursor.refuse(`ASOF ${kind}`, {
      first: spanOf(first),
      hint: 'Write ASOF JOIN or ASOF LEFT JOIN',
    })
  }
  out.word(kind, first)
  const { token } = cursor
  const table = cursor.rules.table(cursor)
  let match: Expression | undefined
  if (cursor.is('MATCH_CONDITION')) {
    cursor.advance()
    cursor.expect('(')
    match = cursor.nested(() => cursor.rules.expression(cursor))
    cursor.expect(')')
  }
  out.slot({ is: 'table', table, asof: { match } }, token)
  if (match !== undefined && !cursor.is('ON') && !cursor.is('USING')) {
    out.word('ON', first)
    out.slot({ is: 'join', join: 'cross' }, first)
  } else condition(cursor, out, first)
}

const OUTER: ReadonlySet<string> = new Set(['LEFT', 'RIGHT', 'FULL'])

/** Moves behind the words of the join here and returns them as the grammar needs them; undefined,
 *  without a move, if there is no join. */
function joinKind(cursor: Cursor): string | undefined {
  const { key } = cursor
  if (cursor.accept(',')) return 'comma'
  if (cursor.accept('CROSS', 'JOIN')) return 'cross'
  if (cursor.accept('JOIN') || cursor.accept('INNER', 'JOIN')) return 'INNER JOIN'
  if (OUTER.has(key)) {
    cursor.advance()
    cursor.accept('OUTER')
    if (cursor.is('SEMI') || cursor.is('ANTI')) refuseJoin(cursor)
    if (!cursor.is('JOIN')) cursor.unexpected({ what: 'JOIN', near: ['JOIN', 'OUTER'] })
    cursor.advance()
    return `${key} JOIN`
  }
  if (key === 'CROSS' && cursor.peek().key === 'APPLY') {
    cursor.refuse('CROSS APPLY', { hint: 'Write CROSS JOIN LATERAL (…)' })
  }
  if (cursor.peek().key === 'JOIN' || cursor.peek(2).key === 'JOIN') {
    if (key === 'SEMI' || key === 'ANTI') refuseJoin(cursor)
  }
  return undefined
}

const INSTEAD: Readonly<Record<string, string>> = {
  SEMI: 'Write WHERE EXISTS (SELECT …) or IN (SELECT …)',
  ANTI: 'Write WHERE NOT EXISTS (SELECT …)',
}

const refuseJoin = (cursor: Cursor): never =>
  cursor.refuse(`${cursor.key} JOIN`, { hint: INSTEAD[cursor.key] })

function refuseUnnatural(cursor: Cursor, kind: string | undefined, first: Token): void {
  if (kind === undefined) cursor.unexpected({ what: 'JOIN after NATURAL', near: ['JOIN'] })
  if (kind !== 'cross' && kind !== 'comma') return
  fail('SYNTAX', 'NATURAL stands before JOIN, LEFT JOIN, RIGHT JOIN or FULL JOIN', {
    at: spanOf(first),
  })
}

/** NATURAL has no condition of its own. */
function naturalCondition(cursor: Cursor, out: Rewritten, first: Token): void {
  if (cursor.is('ON') || cursor.is('USING')) {
    fail('SYNTAX', `A NATURAL JOIN takes no ${cursor.key}`, {
      at: spanOf(cursor.token),
      hint: 'It compares all columns that both sides have.',
    })
  }
  out.word('ON', first)
  out.slot({ is: 'join', join: 'natural' }, first)
}

function condition(cursor: Cursor, out: Rewritten, join: Token): void {
  if (cursor.is('ON')) {
    out.word('ON', cursor.advance())
    cursor.rules.sequence(cursor, out)
  } else if (cursor.is('USING')) {
    out.word('USING', cursor.advance())
    out.word('(', cursor.expect('('))
    do {
      const name = cursor.name('a column name')
      out.slot({ is: 'column', name }, name.at)
      if (cursor.is(',')) out.word(',', cursor.token)
    } while (cursor.accept(','))
    out.word(')', cursor.expect(')'))
  } else {
    noCondition(cursor, join)
  }
}

function noCondition(cursor: Cursor, join: Token): never {
  const { token } = cursor
  if (token.kind === 'end' || token.key === ')' || token.key === ';' || token.kind === 'word') {
    fail('SYNTAX', 'The join has no condition', {
      at: spanOf(join),
      hint: 'Add ON a.x = b.x or USING (x), or write CROSS JOIN',
    })
  }
  cursor.unexpected({ what: 'ON or USING', near: ['ON', 'USING', ...OPERATOR_WORDS] })
}

function tooMany(token: Token): never {
  fail('LIMIT_EXCEEDED', 'Too many joins in one FROM', {
    at: spanOf(token),
    hint: 'Put some of them into a view',
  })
}
