/** ALTER: pause and resume, new names, options, columns, another query. */

import type { AlterAction, Name, ObjectKind } from '../../ast.ts'
import { columnNames } from '../alias.ts'
import type { Cursor } from '../cursor.ts'
import { alteredParts } from './column.ts'
import { objectKind } from './object-kind.ts'
import { expectEnd, queryStatement } from './query-statement.ts'
import type { BodyOf } from './statement-body.ts'
import { optionKey, optionList } from './with-options.ts'

/** An action without the statement's text. */
type Action = BodyOf<'alter'>['action']

/** The statement at ALTER. */
export function alter(cursor: Cursor): BodyOf<'alter'> {
  const first = cursor.token
  cursor.expect('ALTER')
  const object = objectKind(cursor, 'ALTER')
  const ifExists = cursor.accept('IF', 'EXISTS')
  const name = cursor.name('the name of what to alter')
  const action = readAction(cursor, object)
  expectEnd(cursor, action.kind === 'as' ? undefined : [])
  const whole =
    action.kind === 'as' ? { ...action, text: cursor.textFrom(first) } : (action as Action)
  return { kind: 'alter', object, name, ifExists, action: whole }
}

type Bare =
  | Exclude<AlterAction, { kind: 'as' }>
  | Omit<Extract<AlterAction, { kind: 'as' }>, 'text'>

function readAction(cursor: Cursor, object: ObjectKind): Bare {
  if (cursor.is('AS') || cursor.is('(')) return newQuery(cursor, object)
  if (cursor.is('RENAME')) return rename(cursor)
  const shared = lifeOf(cursor) ?? optionsOf(cursor)
  if (shared !== undefined) return shared
  const table = object === 'table' ? tableAction(cursor) : undefined
  if (table !== undefined) return table
  if (cursor.isAny(TABLE_WORDS) && object !== 'table') {
    cursor.refuse(`ALTER ${object.toUpperCase().replace('-', ' ')} … ${cursor.key}`, {
      hint: 'Only tables have columns of their own; give the view another query: ALTER … AS SELECT',
    })
  }
  return cursor.unexpected({ what: `${EXPECTED[object]}`, near: NEAR[object] })
}

const TABLE_WORDS: ReadonlySet<string> = new Set(['ADD', 'DROP', 'MODIFY', 'ALTER'])

const RUNS = 'PAUSE, RESUME, RESTART, RENAME TO or AS'
const EXPECTED: Readonly<Record<ObjectKind, string>> = {
  table: 'ADD, MODIFY, DROP, RENAME, SET (…) or RESET (…)',
  view: 'RENAME TO or AS',
  'materialized-view': RUNS,
  query: RUNS,
  function: 'RENAME TO',
}

const RUN_WORDS = ['PAUSE', 'RESUME', 'RESTART', 'SUSPEND', 'RENAME', 'AS']
const NEAR: Readonly<Record<ObjectKind, readonly string[]>> = {
  table: ['ADD', 'MODIFY', 'DROP', 'RENAME', 'SET', 'RESET'],
  view: ['RENAME', 'AS'],
  'materialized-view': RUN_WORDS,
  query: RUN_WORDS,
  function: ['RENAME'],
}

function newQuery(cursor: Cursor, object: ObjectKind): Bare {
  if (object === 'function') {
    cursor.refuse('ALTER FUNCTION … AS', { hint: 'Write CREATE OR REPLACE FUNCTION' })
  }
  if (object === 'table') {
    cursor.refuse('ALTER TABLE … AS', { hint: 'Write CREATE OR REPLACE TABLE name AS SELECT …' })
  }
  const columns = object !== 'query' && cursor.is('(') ? columnNames(cursor) : []
  cursor.expect('AS')
  return { kind: 'as', columns, ...queryStatement(cursor) }
}

function lifeOf(cursor: Cursor): Bare | undefined {
  if (cursor.accept('PAUSE') || cursor.accept('SUSPEND')) return { kind: 'pause' }
  if (cursor.accept('RESUME')) return { kind: 'resume' }
  return cursor.accept('RESTART') ? { kind: 'restart' } : undefined
}

function optionsOf(cursor: Cursor): Bare | undefined {
  if (cursor.is('SET', '(')) {
    cursor.advance()
    return { kind: 'set', options: optionList(cursor) }
  }
  if (!cursor.is('RESET')) return undefined
  cursor.advance()
  return { kind: 'reset', keys: cursor.list(() => optionKey(cursor)) }
}

/** RENAME TO name, or RENAME [COLUMN] name TO name: a column may be called `to`. */
function rename(cursor: Cursor): Bare {
  cursor.expect('RENAME')
  if (cursor.is('TO') && cursor.peek().key !== 'TO') {
    cursor.advance()
    return { kind: 'rename', to: cursor.name('the new name') }
  }
  if (cursor.is('COLUMN') && cursor.peek().key !== 'TO') cursor.advance()
  const from = cursor.name('a column name')
  cursor.expect('TO')
  return { kind: 'rename-column', from, to: cursor.name('the new name') }
}

function tableAction(cursor: Cursor): Bare | undefined {
  const first = cursor.token
  if (cursor.accept('ADD')) return partsAction(cursor, 'add')
  if (cursor.accept('MODIFY')) return partsAction(cursor, 'modify')
  if (cursor.is('ALTER')) {
    cursor.refuse('ALTER TABLE … ALTER', { hint: 'Write ALTER TABLE name MODIFY column type' })
  }
  if (!cursor.accept('DROP')) return undefined
  refusePartition(cursor)
  if (cursor.accept('WATERMARK')) return { kind: 'drop-watermark', at: cursor.spanFrom(first) }
  if (cursor.accept('PRIMARY', 'KEY')) return { kind: 'drop-key', at: cursor.spanFrom(first) }
  if (cursor.is('CONSTRAINT')) {
    cursor.refuse('DROP CONSTRAINT', { hint: 'Write DROP PRIMARY KEY' })
  }
  return { kind: 'drop-columns', columns: droppedColumns(cursor) }
}

function partsAction(cursor: Cursor, kind: 'add' | 'modify'): Bare {
  const first = cursor.token
  refusePartition(cursor)
  const parts = alteredParts(cursor)
  return { kind, ...parts, at: cursor.spanFrom(first) }
}

function refusePartition(cursor: Cursor): void {
  if (cursor.is('PARTITION', '(') || cursor.is('DISTRIBUTION')) cursor.refuse(cursor.key)
}

/** `a`, `COLUMN a` or `(a, b)`. */
function droppedColumns(cursor: Cursor): Name[] {
  if (cursor.is('(')) return columnNames(cursor)
  if (cursor.is('COLUMN') && cursor.isName(1)) cursor.advance()
  return [cursor.name('a column name')]
}
