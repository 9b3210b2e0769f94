/** What a statement is about: TABLE and its friendly synonyms, VIEW, MATERIALIZED VIEW, … */

import type { ObjectKind } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'

const KINDS: Readonly<Record<string, ObjectKind>> = {
  TABLE: 'table',
  STREAM: 'table',
  SOURCE: 'table',
  SINK: 'table',
  VIEW: 'view',
  QUERY: 'query',
  FUNCTION: 'function',
}

/** The kind at the cursor, behind which it moves. SYNTAX if there is none; UNSUPPORTED for kinds
 *  that only other systems have. */
export function objectKind(cursor: Cursor, verb: string): ObjectKind {
  if (cursor.accept('MATERIALIZED', 'VIEW')) return 'materialized-view'
  if (cursor.token.kind === 'word' && Object.hasOwn(KINDS, cursor.key)) {
    return KINDS[cursor.advance().key]
  }
  if (cursor.isAny(ELSEWHERE)) cursor.refuse(`${verb} ${cursor.token.text.toUpperCase()}`)
  return cursor.unexpected({
    what: `TABLE, VIEW, MATERIALIZED VIEW, QUERY or FUNCTION after ${verb}`,
    near: [...Object.keys(KINDS), 'MATERIALIZED'],
  })
}

/** Objects of other systems. */
export const ELSEWHERE: ReadonlySet<string> = new Set([
  'CATALOG',
  'CONNECTION',
  'DATABASE',
  'INDEX',
  'MODEL',
  'ROLE',
  'SCHEMA',
  'SECRET',
  'SUBSCRIPTION',
  'TYPE',
  'USER',
])
