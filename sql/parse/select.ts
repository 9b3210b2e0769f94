/** One SELECT: its clauses are rewritten, parsed together by the grammar, and lowered. */

import { fail } from '../../engine/base/errors.ts'
import type { Expression, Over, Select, TableRef } from '../ast.ts'
import type { Cursor } from './cursor.ts'
import { parseSelectText } from './grammar.ts'
import { lowerFrom, lowerSelect } from './lower/lower-select.ts'
import { specification } from './over.ts'
import { fromClause } from './rewrite/from.ts'
import { groupItems } from './rewrite/group.ts'
import { items } from './rewrite/items.ts'
import type { Rewritten } from './rewrite/rewritten.ts'
import { spanOf } from './token.ts'

/** The SELECT at the cursor, up to a set operation, ORDER BY, LIMIT or whatever else follows.
 *  Leaves its named windows in the cursor, for ORDER BY. */
export function select(cursor: Cursor): Select {
  const first = cursor.token
  cursor.windows = namedWindows(cursor)
  const out = cursor.rewrite(cursor.expect('SELECT'))
  quantifier(cursor, out)
  if (cursor.is('FROM'))
    cursor.unexpected({ what: 'an item after SELECT', hint: 'SELECT * FROM …' })
  items(cursor, out)
  const qualify = clauses(cursor, out)
  const at = cursor.spanFrom(first)
  const lowered = lowerSelect(parseSelectText(out), { out, limits: cursor.source.limits })
  return { ...lowered, qualify, at }
}

/** FROM without its SELECT: the joins inside brackets. */
export function from(cursor: Cursor): readonly TableRef[] {
  const first = cursor.token
  const out = cursor.rewrite(first)
  out.slot({ is: 'item', item: { kind: 'all', except: [], at: spanOf(first) } }, first)
  out.word('FROM', first)
  fromClause(cursor, out)
  return lowerFrom(parseSelectText(out), { out, limits: cursor.source.limits })
}

function quantifier(cursor: Cursor, out: Rewritten): void {
  if (cursor.is('DISTINCT')) {
    out.word('DISTINCT', cursor.advance())
    if (cursor.is('ON')) {
      cursor.refuse('DISTINCT ON', { hint: 'Use ROW_NUMBER() OVER (…) and QUALIFY' })
    }
  } else {
    cursor.accept('ALL')
  }
  const isTop = cursor.is('TOP') && cursor.peek().kind === 'number'
  if (isTop) cursor.refuse('TOP', { hint: `Write LIMIT ${cursor.peek().text} at the end` })
}

/** The clauses in the order in which they are written; the grammar refuses a wrong order. QUALIFY,
 *  which the grammar does not know, is returned. */
function clauses(cursor: Cursor, out: Rewritten): Expression | undefined {
  for (;;) {
    switch (cursor.key) {
      case 'FROM':
        out.word('FROM', cursor.advance())
        fromClause(cursor, out)
        break
      case 'WHERE':
      case 'HAVING':
        out.word(cursor.key, cursor.advance())
        cursor.rules.sequence(cursor, out)
        break
      case 'GROUP':
        out.word('GROUP BY', cursor.expect('GROUP', 'BY'))
        groupItems(cursor, out)
        break
      default:
        return windowAndQualify(cursor)
    }
  }
}

function windowAndQualify(cursor: Cursor): Expression | undefined {
  skipWindows(cursor)
  const qualify = cursor.accept('QUALIFY') ? cursor.rules.expression(cursor) : undefined
  if (qualify !== undefined) skipWindows(cursor)
  return qualify
}

const ENDS: ReadonlySet<string> = new Set([')', ';', 'UNION', 'INTERSECT', 'EXCEPT'])
const KSQL_WINDOWS: ReadonlySet<string> = new Set(['TUMBLING', 'HOPPING', 'SESSION'])

/** The WINDOW clause of the SELECT at the cursor, read ahead because OVER stands before it. SYNTAX
 *  for a name that is defined twice. */
function namedWindows(cursor: Cursor): ReadonlyMap<string, Over> {
  const { tokens, partner } = cursor.source
  // EMIT ON WINDOW CLOSE is none.
  const isWindowClause = (at: number) => tokens[at].key === 'WINDOW' && tokens[at - 1].key !== 'ON'
  let index = cursor.index + 1
  while (tokens[index].kind !== 'end' && !ENDS.has(tokens[index].key)) {
    if (isWindowClause(index)) break
    index = Math.max(partner[index], index) + 1
  }
  const windows = new Map<string, Over>()
  if (!isWindowClause(index)) return windows
  const ahead = cursor.fork(index)
  refuseKsql(ahead)
  ahead.advance()
  do {
    const name = ahead.name('a window name')
    ahead.expect('AS')
    const key = name.text.toUpperCase()
    if (windows.has(key)) fail('SYNTAX', `There are two windows ${name.text}`, { at: name.at })
    windows.set(key, specification(ahead))
  } while (ahead.accept(','))
  return windows
}

/** Passes the WINDOW clause, which `namedWindows` has read. */
function skipWindows(cursor: Cursor): void {
  if (!cursor.is('WINDOW')) return
  do {
    cursor.index += 3
    cursor.index = cursor.closing() + 1
  } while (cursor.is(','))
}

function refuseKsql(cursor: Cursor): void {
  if (!KSQL_WINDOWS.has(cursor.peek().key) || cursor.peek(2).key !== '(') return
  cursor.refuse(`WINDOW ${cursor.peek().text}`, {
    hint: "Write FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) and group by window_start, window_end",
  })
}
