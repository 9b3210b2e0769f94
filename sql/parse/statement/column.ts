/** The columns and constraints of CREATE TABLE, and those that ALTER TABLE adds and changes. */

import { fail } from '../../../engine/base/errors.ts'
import type {
  ColumnDefinition,
  ColumnPlace,
  Name,
  PlacedColumn,
  WatermarkDefinition,
} from '../../ast.ts'
import { columnNames } from '../alias.ts'
import type { Cursor } from '../cursor.ts'
import { isName } from '../token.ts'
import { dataType } from '../type.ts'

export interface ReadParts {
  readonly columns: PlacedColumn[]
  primaryKey?: readonly Name[]
  watermark?: WatermarkDefinition
}

/** `(column, …, PRIMARY KEY …, WATERMARK …)`. SYNTAX for a second key or watermark. */
export function tableParts(cursor: Cursor): ReadParts {
  const parts: ReadParts = { columns: [] }
  cursor.list(() => part(cursor, parts, column))
  return parts
}

/** One of them, or several in brackets; columns may say where they stand. */
export function alteredParts(cursor: Cursor): ReadParts {
  const parts: ReadParts = { columns: [] }
  const read = () => part(cursor, parts, placedColumn)
  if (cursor.is('(')) cursor.list(read)
  else {
    if (cursor.is('COLUMN') && cursor.isName(1)) cursor.advance()
    read()
  }
  return parts
}

function part(
  cursor: Cursor,
  parts: ReadParts,
  readColumn: (cursor: Cursor) => PlacedColumn,
): void {
  if (cursor.is('WATERMARK', 'FOR')) watermark(cursor, parts)
  else if (cursor.is('PRIMARY', 'KEY') || cursor.is('CONSTRAINT')) tableKey(cursor, parts)
  else if (isUnknownConstraint(cursor)) cursor.refuse(constraintName(cursor), { hint: KEY_HINT })
  else parts.columns.push(readColumn(cursor))
}

function placedColumn(cursor: Cursor): PlacedColumn {
  const definition = definitionOf(cursor)
  const place = placeOf(cursor)
  return { ...definition, place }
}

function placeOf(cursor: Cursor): ColumnPlace | undefined {
  if (cursor.accept('FIRST')) return 'first'
  return cursor.accept('AFTER') ? { after: cursor.name('a column name') } : undefined
}

function column(cursor: Cursor): ColumnDefinition {
  const definition = definitionOf(cursor)
  if (!cursor.is(',') && !cursor.is(')') && definition.type !== undefined) {
    cursor.unexpected({
      what: '"," or ")" after the column',
      near: ['NOT', 'PRIMARY', 'METADATA', 'COMMENT'],
      hint: KEY_HINT,
    })
  }
  return definition
}

const KEY_HINT = 'The only constraints are NOT NULL and PRIMARY KEY (…) NOT ENFORCED'

function isUnknownConstraint(cursor: Cursor): boolean {
  return cursor.is('UNIQUE', '(') || cursor.is('CHECK', '(') || cursor.is('FOREIGN', 'KEY')
}

const constraintName = (cursor: Cursor): string =>
  cursor.is('FOREIGN') ? 'FOREIGN KEY' : cursor.token.text.toUpperCase()

function watermark(cursor: Cursor, parts: ReadParts): void {
  const first = cursor.token
  cursor.expect('WATERMARK', 'FOR')
  const column = cursor.name('the time column')
  cursor.expect('AS')
  const start = cursor.token
  const value = cursor.rules.expression(cursor)
  const text = cursor.textFrom(start)
  const at = cursor.spanFrom(first)
  if (parts.watermark !== undefined) fail('SYNTAX', 'A table has only one WATERMARK', { at })
  parts.watermark = { column, value, text, at }
}

function tableKey(cursor: Cursor, parts: ReadParts): void {
  const first = cursor.token
  if (cursor.accept('CONSTRAINT')) cursor.name('a name for the constraint')
  if (isUnknownConstraint(cursor)) cursor.refuse(constraintName(cursor), { hint: KEY_HINT })
  cursor.expect('PRIMARY', 'KEY')
  const columns = columnNames(cursor)
  enforcement(cursor)
  if (parts.primaryKey !== undefined) {
    fail('SYNTAX', 'A table has only one PRIMARY KEY', { at: cursor.spanFrom(first) })
  }
  parts.primaryKey = columns
}

/** NOT ENFORCED may be left out: no key is ever checked against stored rows. */
function enforcement(cursor: Cursor): void {
  if (cursor.accept('NOT', 'ENFORCED')) return
  if (cursor.is('ENFORCED'))
    cursor.refuse('ENFORCED', { hint: 'Write PRIMARY KEY (…) NOT ENFORCED' })
}

function definitionOf(cursor: Cursor): ColumnDefinition {
  const first = cursor.token
  const name = cursor.name('a column name')
  if (cursor.accept('AS')) {
    const start = cursor.token
    const computed = cursor.rules.expression(cursor)
    const computedText = cursor.textFrom(start)
    const comment = columnComment(cursor)
    const at = cursor.spanFrom(first)
    return { name, computed, computedText, comment, notNull: false, primaryKey: false, at }
  }
  if (!isName(cursor.token)) {
    cursor.unexpected({ what: `a type for the column ${name.text}` })
  }
  const type = dataType(cursor)
  const marks = columnMarks(cursor)
  return { name, type, ...marks, at: cursor.spanFrom(first) }
}

/** What may stand behind a type, in any order. */
function columnMarks(cursor: Cursor) {
  let notNull = false
  let primaryKey = false
  let metadata: ColumnDefinition['metadata']
  let comment: string | undefined
  for (;;) {
    if (cursor.accept('NOT', 'NULL')) notNull = true
    else if (cursor.accept('PRIMARY', 'KEY')) {
      enforcement(cursor)
      primaryKey = true
    } else if (cursor.is('METADATA') && metadata === undefined) metadata = readMetadata(cursor)
    else if (cursor.is('COMMENT') && comment === undefined) comment = columnComment(cursor)
    else if (cursor.is('DEFAULT'))
      cursor.refuse('DEFAULT', { hint: 'Use a computed column: x AS …' })
    else if (cursor.is('GENERATED')) {
      cursor.refuse('GENERATED', { hint: 'Write a computed column: name AS expression' })
    } else if (cursor.is('UNIQUE') || cursor.is('CHECK') || cursor.is('REFERENCES')) {
      cursor.refuse(cursor.token.text.toUpperCase(), { hint: KEY_HINT })
    } else if (!cursor.accept('NULL')) return { notNull, primaryKey, metadata, comment }
  }
}

function readMetadata(cursor: Cursor): ColumnDefinition['metadata'] {
  cursor.expect('METADATA')
  const from = cursor.accept('FROM')
    ? cursor.string('the metadata key in single quotes')
    : undefined
  return { from, virtual: cursor.accept('VIRTUAL') }
}

function columnComment(cursor: Cursor): string | undefined {
  return cursor.accept('COMMENT') ? cursor.string('a comment in single quotes') : undefined
}
