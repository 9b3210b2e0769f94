/** Writes a CREATE TABLE statement: what LIKE, ALTER and CREATE TABLE … AS leave in the catalog is
 *  a whole statement that needs no other. Reading it back gives the same table. */

import { type DataType, typeName } from '../engine/batch/types.ts'
import type { ColumnDefinition, Name, OptionPair, Statement } from './ast.ts'
import { isReserved } from './parse/keyword.ts'

export type CreateTable = Extract<Statement, { kind: 'create-table' }>

/** What of a table can be written: neither LIKE nor AS. */
export type TableParts = Pick<
  CreateTable,
  | 'name'
  | 'columns'
  | 'primaryKey'
  | 'partitionedBy'
  | 'watermark'
  | 'comment'
  | 'options'
  | 'temporary'
>

/** The statement, a column a line. */
export function tableText(table: TableParts): string {
  const { name, columns, primaryKey, partitionedBy, watermark, comment, temporary } = table
  const parts = columns.map(columnText)
  if (primaryKey !== undefined) {
    parts.push(`PRIMARY KEY ${namesText(primaryKey)} NOT ENFORCED`)
  }
  if (watermark !== undefined) {
    parts.push(`WATERMARK FOR ${nameText(watermark.column.text)} AS ${watermark.text}`)
  }
  const head = `CREATE ${temporary ? 'TEMPORARY ' : ''}TABLE ${nameText(name.text)}`
  const by = partitionedBy === undefined ? '' : ` PARTITIONED BY ${namesText(partitionedBy)}`
  const tail = `${commentText(comment)}${by}${optionsText(table.options)}`
  return `${head} (\n  ${parts.join(',\n  ')}\n)${tail}`
}

const namesText = (names: readonly Name[]): string =>
  `(${names.map(({ text }) => nameText(text)).join(', ')})`

function columnText(column: ColumnDefinition): string {
  const { name, type, computedText, comment } = column
  const what = type === undefined ? `AS ${computedText}` : `${typeText(type)}${marksOf(column)}`
  return `${nameText(name.text)} ${what}${commentText(comment)}`
}

function marksOf({ notNull, primaryKey, metadata }: ColumnDefinition): string {
  const from = metadata?.from === undefined ? '' : ` FROM ${stringText(metadata.from)}`
  return [
    ...(metadata === undefined ? [] : [` METADATA${from}`]),
    ...(metadata?.virtual ? [' VIRTUAL'] : []),
    ...(notNull ? [' NOT NULL'] : []),
    ...(primaryKey ? [' PRIMARY KEY NOT ENFORCED'] : []),
  ].join('')
}

const commentText = (comment: string | undefined): string =>
  comment === undefined ? '' : ` COMMENT ${stringText(comment)}`

function optionsText(options: readonly OptionPair[]): string {
  if (options.length === 0) return ''
  const pairs = options.map(({ key, value }) => `${stringText(key.text)} = ${stringText(value)}`)
  return ` WITH (${pairs.join(', ')})`
}

/** A type as a statement names it: the fields of rows in quotes where they need them. */
export function typeText(type: DataType): string {
  switch (type.kind) {
    case 'array':
      return `ARRAY<${typeText(type.element)}>`
    case 'map':
      return `MAP<${typeText(type.key)}, ${typeText(type.value)}>`
    case 'row':
      return `ROW<${type.fields.map((f) => `${nameText(f.name)} ${typeText(f.type)}`).join(', ')}>`
    default:
      return typeName(type)
  }
}

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Words that begin something else where a column could. */
const OPENERS: ReadonlySet<string> = new Set(['PRIMARY', 'CONSTRAINT', 'WATERMARK'])

/** A name, in quotes where it needs them. */
export function nameText(name: string): string {
  const key = name.toUpperCase()
  if (PLAIN.test(name) && !isReserved(key) && !OPENERS.has(key)) return name
  return `"${name.replaceAll('"', '""')}"`
}

export const stringText = (text: string): string => `'${text.replaceAll("'", "''")}'`
