/** Aliases of items and tables. */

import type { Name, TableAlias } from '../ast.ts'
import type { Cursor } from './cursor.ts'

const EMITS: ReadonlySet<string> = new Set(['CHANGES', 'FINAL', 'ON', 'EVERY', 'AFTER'])
const QUERY_STARTS: ReadonlySet<string> = new Set(['SELECT', 'VALUES', '('])

/** Whether EMIT CHANGES and the like stand here: EMIT alone is a name. */
export const isEmit = (cursor: Cursor): boolean => cursor.is('EMIT') && EMITS.has(cursor.peek().key)

/** Whether MINUS, which is EXCEPT, stands here: alone it is a name. */
export const isMinus = (cursor: Cursor): boolean =>
  cursor.is('MINUS') && QUERY_STARTS.has(cursor.peek().key)

/** `AS name` or `name`; undefined if there is none. */
export function alias(cursor: Cursor): Name | undefined {
  if (cursor.accept('AS')) return cursor.name('a name after AS')
  if (!cursor.isName() || isEmit(cursor) || isMinus(cursor)) return undefined
  return cursor.name('a name')
}

/** Words that stand between a table and JOIN in other dialects. */
const JOIN_KINDS: ReadonlySet<string> = new Set(['ASOF', 'SEMI', 'ANTI', 'POSITIONAL', 'GLOBAL'])

const JOIN_WORDS: ReadonlySet<string> = new Set(['JOIN', 'LEFT', 'RIGHT', 'FULL', 'INNER'])

/** `AS t`, `t`, `t(a, b)`; undefined if there is none. */
export function tableAlias(cursor: Cursor): TableAlias | undefined {
  if (cursor.isAny(JOIN_KINDS) && JOIN_WORDS.has(cursor.peek().key)) return undefined
  if (cursor.is('MATCH_CONDITION', '(')) return undefined
  if (cursor.is('TABLESAMPLE')) cursor.refuse('TABLESAMPLE')
  if (cursor.is('PIVOT', '(') || cursor.is('UNPIVOT', '(')) cursor.refuse(cursor.key)
  if (cursor.is('WITHIN') && cursor.peek().kind === 'number') {
    cursor.refuse('WITHIN in a join', { hint: 'Bound the time in ON: a.ts BETWEEN b.ts AND …' })
  }
  const name = alias(cursor)
  if (name === undefined) return undefined
  return { name, columns: cursor.is('(') ? columnNames(cursor) : [] }
}

/** `(a, b)` */
export const columnNames = (cursor: Cursor): Name[] =>
  cursor.list(() => cursor.name('a column name'))
