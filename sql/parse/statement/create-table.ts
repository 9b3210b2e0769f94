/** CREATE TABLE, and its synonyms CREATE STREAM, SOURCE and SINK. */

import type { Name } from '../../ast.ts'
import type { Cursor } from '../cursor.ts'
import { tableParts } from './column.ts'
import type { BodyOf, CreateHead } from './statement-body.ts'
import { withOptions } from './with-options.ts'

/** The statement behind CREATE TABLE [IF NOT EXISTS] name. */
export function createTable(cursor: Cursor, head: CreateHead): BodyOf<'create-table'> {
  if (head.orReplace) {
    cursor.refuse('CREATE OR REPLACE TABLE', { hint: 'Drop the table first: it holds data' })
  }
  const name = cursor.name('a table name')
  refuseFormsElsewhere(cursor)
  const parts = cursor.is('(') ? tableParts(cursor) : { columns: [] }
  const comment = cursor.accept('COMMENT') ? cursor.string('a comment in single quotes') : undefined
  if (cursor.is('PARTITIONED') || cursor.is('DISTRIBUTED')) {
    cursor.refuse(cursor.token.text.toUpperCase(), { hint: 'Give splits in WITH (…)' })
  }
  if (cursor.is('INCLUDE')) {
    cursor.refuse('INCLUDE', { hint: "Declare a column: k STRING METADATA FROM 'key'" })
  }
  const options = withOptions(cursor)
  const like = cursor.is('LIKE') ? likeTable(cursor) : undefined
  if (cursor.is('FORMAT') || cursor.is('ENVELOPE')) {
    cursor.refuse(cursor.token.text.toUpperCase(), { hint: "Write WITH ('format' = 'json')" })
  }
  if (cursor.is('AS')) {
    cursor.refuse('CREATE TABLE … AS', { hint: 'Use CREATE MATERIALIZED VIEW name AS SELECT …' })
  }
  if (parts.columns.length === 0 && like === undefined) {
    cursor.unexpected({
      what: 'columns in brackets',
      hint: 'CREATE TABLE t (id BIGINT, name STRING)',
    })
  }
  const { ifNotExists, temporary } = head
  return { kind: 'create-table', name, ifNotExists, temporary, ...parts, options, comment, like }
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

function likeTable(cursor: Cursor): Name {
  cursor.expect('LIKE')
  const name = cursor.name('a table name')
  if (cursor.is('(')) {
    cursor.refuse('LIKE with options', {
      hint: 'LIKE takes over everything that is not given here',
    })
  }
  return name
}
