/** SHOW and DESCRIBE. */

import type { Cursor } from '../cursor.ts'
import { objectKind } from './object-kind.ts'
import { expectEnd } from './query-statement.ts'
import type { BodyOf } from './statement-body.ts'

const LISTS: Readonly<Record<string, BodyOf<'show'>['what']>> = {
  TABLES: 'tables',
  STREAMS: 'tables',
  SOURCES: 'tables',
  SINKS: 'tables',
  VIEWS: 'views',
  QUERIES: 'queries',
  JOBS: 'queries',
  FUNCTIONS: 'functions',
}

/** The statement at SHOW. */
export function show(cursor: Cursor): BodyOf<'show'> | BodyOf<'show-create'> {
  cursor.expect('SHOW')
  const made = cursor.accept('CREATE') ? showCreate(cursor) : showList(cursor)
  if (cursor.is('LIKE') || cursor.is('FROM') || cursor.is('IN') || cursor.is('WHERE')) {
    cursor.refuse(`SHOW … ${cursor.key}`)
  }
  expectEnd(cursor, [])
  return made
}

function showCreate(cursor: Cursor): BodyOf<'show-create'> {
  // SHOW CREATE TABLE t; the kind may be left out, and is no kind if it is the name itself.
  const isBare = cursor.isName() && !cursor.isName(1) && cursor.peek().key !== 'VIEW'
  const object = isBare ? undefined : objectKind(cursor, 'SHOW CREATE')
  return { kind: 'show-create', object, name: cursor.name('a name') }
}

function showList(cursor: Cursor): BodyOf<'show'> {
  if (cursor.accept('MATERIALIZED', 'VIEWS')) return { kind: 'show', what: 'materialized-views' }
  if (cursor.token.kind === 'word' && Object.hasOwn(LISTS, cursor.key)) {
    return { kind: 'show', what: LISTS[cursor.advance().key] }
  }
  return cursor.unexpected({
    what: 'TABLES, VIEWS, MATERIALIZED VIEWS, QUERIES, FUNCTIONS or CREATE after SHOW',
    near: [...Object.keys(LISTS), 'MATERIALIZED', 'CREATE'],
  })
}

/** The statement at DESCRIBE or DESC. */
export function describe(cursor: Cursor): BodyOf<'describe'> {
  cursor.advance()
  if (cursor.is('EXTENDED') && cursor.isName(1)) cursor.refuse('DESCRIBE EXTENDED')
  const hasKind = cursor.is('TABLE') || (cursor.is('VIEW') && cursor.isName(1))
  if (hasKind || cursor.is('MATERIALIZED', 'VIEW')) objectKind(cursor, 'DESCRIBE')
  const name = cursor.name('a table or view name')
  if (cursor.is('EXTENDED')) cursor.refuse('DESCRIBE EXTENDED')
  expectEnd(cursor, [])
  return { kind: 'describe', name }
}
