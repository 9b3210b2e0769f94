/** CREATE TABLE, and its synonyms CREATE STREAM, SOURCE and SINK. */

import type { CreateTableAs, Name } from '../../ast.ts'
import { columnNames } from '../alias.ts'
import type { Cursor } from '../cursor.ts'
import { type ReadParts, tableParts } from './column.ts'
import { likeClause } from './like.ts'
import { queryStatement } from './query-statement.ts'
import type { BodyOf, CreateHead } from './statement-body.ts'
import { withOptions } from './with-options.ts'

type CreateTable = BodyOf<'create-table'>

/** The statement behind CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name; `first` is its first
 *  token. */
export function createTable(
  cursor: Cursor,
  head: CreateHead,
  first: Cursor['token'],
): BodyOf<'create-table'> {
  const name = cursor.name('a table name')
  refuseFormsElsewhere(cursor)
  const order = isNameList(cursor) ? columnNames(cursor) : []
  const parts: ReadParts = cursor.is('(') ? tableParts(cursor) : { columns: [] }
  const comment = cursor.accept('COMMENT') ? cursor.string('a comment in single quotes') : undefined
  const partitionedBy = cursor.accept('PARTITIONED', 'BY') ? columnNames(cursor) : undefined
  refusePartsElsewhere(cursor)
  const options = withOptions(cursor)
  const like = cursor.is('LIKE') ? likeClause(cursor) : undefined
  if (cursor.is('FORMAT') || cursor.is('ENVELOPE')) {
    cursor.refuse(cursor.token.text.toUpperCase(), { hint: "Write WITH ('format' = 'json')" })
  }
  const as = like === undefined ? asQuery(cursor, order, first) : undefined
  if (parts.columns.length === 0 && like === undefined && as === undefined) {
    cursor.unexpected({
      what: 'columns in brackets',
      hint: 'CREATE TABLE t (id BIGINT, name STRING)',
    })
  }
  const own = { ...parts, partitionedBy, options, comment }
  const made: CreateTable = { kind: 'create-table', name, ...head, ...own }
  return { ...made, like, as }
}

/** `(a, b)` before AS: names alone. */
function isNameList(cursor: Cursor): boolean {
  const next = cursor.peek(2).key
  return cursor.is('(') && cursor.isName(1) && (next === ',' || next === ')')
}

function asQuery(
  cursor: Cursor,
  order: readonly Name[],
  first: Cursor['token'],
): CreateTableAs | undefined {
  if (order.length > 0 && !cursor.is('AS')) {
    cursor.unexpected({ what: 'AS and a query', hint: 'Without a query each column needs a type' })
  }
  if (!cursor.accept('AS')) return undefined
  const query = queryStatement(cursor)
  return { ...query, text: cursor.textFrom(first), order }
}

function refusePartsElsewhere(cursor: Cursor): void {
  if (cursor.is('DISTRIBUTED')) {
    cursor.refuse('DISTRIBUTED', { hint: 'Give splits in WITH (…)' })
  }
  if (cursor.is('INCLUDE')) {
    cursor.refuse('INCLUDE', { hint: "Declare a column: k STRING METADATA FROM 'key'" })
  }
}

function refuseFormsElsewhere(cursor: Cursor): void {
  if (cursor.is('.')) {
    cursor.refuse('A table name with a dot', { hint: 'Tables have plain names' })
  }
  if (cursor.is('FROM') || cursor.is('INTO')) {
    cursor.refuse(`CREATE … ${cursor.key}`, {
      hint: 'Write CREATE TABLE name (columns) WITH (…), and INSERT INTO name SELECT … for a sink',
    })
  }
}
