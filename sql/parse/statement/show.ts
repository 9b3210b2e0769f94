/** SHOW and DESCRIBE. */

import type { ShowFilter } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import { objectKind } from './object-kind.ts'
import { expectEnd } from './query-statement.ts'
import type { BodyOf } from './statement-body.ts'

type What = BodyOf<'show'>['what']
type Show = BodyOf<'show'> | BodyOf<'show-create'> | BodyOf<'show-columns'>

const LISTS: Readonly<Record<string, What>> = {
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
export function show(cursor: Cursor): Show {
  cursor.expect('SHOW')
  const made = shown(cursor)
  expectEnd(cursor, ['LIKE', 'ILIKE', 'NOT'])
  return made
}

function shown(cursor: Cursor): Show {
  if (cursor.accept('CREATE')) return showCreate(cursor)
  if (cursor.accept('COLUMNS')) return showColumns(cursor)
  const what = listOf(cursor)
  if (cursor.is('FROM') || cursor.is('IN')) {
    cursor.refuse(`SHOW … ${cursor.key}`, { hint: 'There is one catalog and one database' })
  }
  return { kind: 'show', what, filter: filterOf(cursor) }
}

function listOf(cursor: Cursor): What {
  if (cursor.accept('MATERIALIZED', 'VIEWS')) return 'materialized-views'
  if (cursor.accept('USER', 'FUNCTIONS')) return 'user-functions'
  if (cursor.token.kind === 'word' && Object.hasOwn(LISTS, cursor.key)) {
    return LISTS[cursor.advance().key]
  }
  return cursor.unexpected({
    what: 'TABLES, VIEWS, MATERIALIZED VIEWS, QUERIES, FUNCTIONS, COLUMNS or CREATE after SHOW',
    near: [...Object.keys(LISTS), 'MATERIALIZED', 'CREATE', 'COLUMNS'],
  })
}

/** `[NOT] LIKE 'pattern'` or ILIKE; undefined if there is none. */
function filterOf(cursor: Cursor): ShowFilter | undefined {
  if (cursor.is('WHERE')) cursor.refuse('SHOW … WHERE', { hint: "Write LIKE 'pattern'" })
  const negated = cursor.accept('NOT')
  const ignoresCase = cursor.is('ILIKE')
  if (!cursor.is('LIKE') && !ignoresCase) {
    if (negated) cursor.unexpected({ what: 'LIKE or ILIKE', near: ['LIKE', 'ILIKE'] })
    return undefined
  }
  cursor.advance()
  return { pattern: cursor.string('a pattern in single quotes'), negated, ignoresCase }
}

function showCreate(cursor: Cursor): BodyOf<'show-create'> {
  // SHOW CREATE TABLE t; the kind may be left out, and is no kind if it is the name itself.
  const isBare = cursor.isName() && !cursor.isName(1) && cursor.peek().key !== 'VIEW'
  const object = isBare ? undefined : objectKind(cursor, 'SHOW CREATE')
  return { kind: 'show-create', object, name: cursor.name('a name') }
}

function showColumns(cursor: Cursor): BodyOf<'show-columns'> {
  if (!cursor.accept('FROM') && !cursor.accept('IN')) {
    cursor.unexpected({ what: 'FROM and a name', near: ['FROM'] })
  }
  const name = cursor.name('a table or view name')
  return { kind: 'show-columns', name, filter: filterOf(cursor) }
}

/** The statement at DESCRIBE or DESC. */
export function describe(cursor: Cursor): BodyOf<'describe'> | BodyOf<'describe-function'> {
  cursor.advance()
  if (cursor.is('FUNCTION') && cursor.isName(1)) return describeFunction(cursor)
  if (cursor.is('EXTENDED') && cursor.isName(1)) cursor.refuse('DESCRIBE EXTENDED')
  const isKind = (cursor.is('VIEW') || cursor.is('QUERY')) && cursor.isName(1)
  if (isKind || cursor.is('TABLE') || cursor.is('MATERIALIZED', 'VIEW')) {
    objectKind(cursor, 'DESCRIBE')
  }
  const name = cursor.name('a table or view name')
  if (cursor.is('EXTENDED')) cursor.refuse('DESCRIBE EXTENDED')
  expectEnd(cursor, [])
  return { kind: 'describe', name }
}

function describeFunction(cursor: Cursor): BodyOf<'describe-function'> {
  cursor.advance()
  const name = cursor.name('a function name')
  expectEnd(cursor, [])
  return { kind: 'describe-function', name }
}
