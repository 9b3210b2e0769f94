/** Rewrites the items of SELECT. */

import type { Name, SelectItem } from '../../ast.ts'
import { alias, columnNames } from '../alias.ts'
import type { Cursor } from '../cursor.ts'
import { startsQuery } from '../query-start.ts'
import type { Rewritten } from './rewritten.ts'

/** `item, item, …` behind SELECT. SYNTAX if there is none. */
export function items(cursor: Cursor, out: Rewritten): void {
  item(cursor, out)
  while (cursor.is(',')) {
    out.word(',', cursor.advance())
    item(cursor, out)
  }
}

function item(cursor: Cursor, out: Rewritten): void {
  if (cursor.is('*')) {
    all(cursor, out, undefined)
    return
  }
  const isName = cursor.isName() && cursor.peek().key === '.'
  if (isName && cursor.peek(2).key === '*') {
    const table = cursor.name('a table name')
    cursor.advance()
    all(cursor, out, table)
    return
  }
  cursor.rules.sequence(cursor, out)
  const as = cursor.token
  if (as.key === 'AS' && cursor.peek().kind === 'string') {
    cursor.advance()
    cursor.unexpected({
      what: 'a name after AS',
      hint: `Names have double quotes: "${cursor.token.text}"`,
    })
  }
  const name = alias(cursor)
  if (name === undefined) return
  out.word('AS', as)
  out.slot({ is: 'alias', name }, name.at)
}

/** `*`, `t.*`, `* EXCEPT (a, b)`. */
function all(cursor: Cursor, out: Rewritten, table: Name | undefined): void {
  const star = cursor.advance()
  const from = table?.at ?? star
  let except: Name[] = []
  const isExcept = cursor.is('EXCEPT', '(') || cursor.is('EXCLUDE', '(')
  if (isExcept && !startsQuery(cursor.fork(cursor.index + 1))) {
    cursor.advance()
    except = columnNames(cursor)
  }
  if (cursor.is('REPLACE', '(')) {
    cursor.refuse('* REPLACE', { hint: 'Write * EXCEPT (a), new_value AS a' })
  }
  const item: SelectItem = { kind: 'all', table, except, at: cursor.spanFrom(from) }
  out.slot({ is: 'item', item }, star)
}
