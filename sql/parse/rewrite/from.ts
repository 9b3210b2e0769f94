/** Rewrites FROM: tables become placeholders, and every join one that the grammar reads right. */

import { fail } from '../../../engine/base/errors.ts'
import type { Cursor } from '../cursor.ts'
import { OPERATOR_WORDS } from '../keyword.ts'
import { spanOf, type Token } from '../token.ts'
import type { Rewritten } from './rewritten.ts'

/** `table [join …], …` behind FROM. SYNTAX if a join has no condition. */
export function fromClause(cursor: Cursor, out: Rewritten): void {
  tableSlot(cursor, out)
  for (let links = 1; ; links++) {
    const first = cursor.token
    const kind = joinKind(cursor)
    if (kind === undefined) return
    if (links > cursor.source.limits.chainMax) tooMany(first)
    if (kind === 'comma' || kind === 'cross') {
      // The grammar takes CROSS for an alias, and a comma behind ON for a list.
      out.word('INNER JOIN', first)
      tableSlot(cursor, out)
      out.word('ON', first)
      out.slot({ is: 'join', join: kind }, first)
    } else {
      out.word(kind, first)
      tableSlot(cursor, out)
      condition(cursor, out, first)
    }
  }
}

function tableSlot(cursor: Cursor, out: Rewritten): void {
  const first = cursor.token
  out.slot({ is: 'table', table: cursor.rules.table(cursor) }, first)
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
  if (key === 'NATURAL')
    cursor.refuse('NATURAL JOIN', { hint: 'Name the columns: JOIN t USING (a, b)' })
  if (key === 'CROSS' && cursor.peek().key === 'APPLY') {
    cursor.refuse('CROSS APPLY', { hint: 'Write CROSS JOIN LATERAL (…)' })
  }
  if (cursor.peek().key === 'JOIN' || cursor.peek(2).key === 'JOIN') {
    if (key === 'SEMI' || key === 'ANTI' || key === 'ASOF') refuseJoin(cursor)
  }
  return undefined
}

const INSTEAD: Readonly<Record<string, string>> = {
  SEMI: 'Write WHERE EXISTS (SELECT …) or IN (SELECT …)',
  ANTI: 'Write WHERE NOT EXISTS (SELECT …)',
  ASOF: 'Write JOIN t FOR SYSTEM_TIME AS OF a.ts',
}

const refuseJoin = (cursor: Cursor): never =>
  cursor.refuse(`${cursor.key} JOIN`, { hint: INSTEAD[cursor.key] })

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
