/** CREATE TABLE … LIKE: the statement with what the other table has and it does not say itself. It
 *  is written out as text, so that the new table no longer depends on the other one. */

import { asSqlError, fail, SqlError } from '../../engine/base/errors.ts'
import type { ColumnDefinition, LikeClause, LikeRule, OptionPair, Statement } from '../ast.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { TableEntry } from '../catalog/entry.ts'
import { parseStatements } from '../parse/index.ts'
import { tableText } from '../table-text.ts'
import type { CreateTable } from './bind-table.ts'

/** The table of a CREATE TABLE … LIKE, by the way that a whole statement is bound. UNKNOWN_TABLE if
 *  there is no such table; what the whole statement is refused for, at the name behind LIKE. */
export function bindLike(
  statement: CreateTable,
  catalog: Catalog,
  bind: (whole: CreateTable) => TableEntry,
): TableEntry {
  const { like } = statement
  if (like === undefined) return bind(statement)
  const other = catalog.expect('table', like.table)
  try {
    const base = withKeyApart(createTable(other.sql))
    return bind(createTable(tableText(merged(statement, base, like))))
  } catch (error) {
    const { code, message, hint } = asSqlError(error)
    throw new SqlError(code, `With LIKE ${like.table.text}: ${message}`, {
      at: like.table.at,
      hint,
      cause: error,
    })
  }
}

/** The only statement of a text, which makes a table. */
export function createTable(text: string): CreateTable {
  const [statement]: readonly Statement[] = parseStatements(text)
  if (statement?.kind === 'create-table') return statement
  return fail('INTERNAL', 'the text of a table is no CREATE TABLE')
}

function merged(own: CreateTable, other: CreateTable, like: LikeClause): CreateTable {
  const { constraints, options, partitions, watermarks } = like.rules
  const { columns, primaryKey } = withKeyApart(own)
  return {
    ...own,
    like: undefined,
    columns: [...otherColumns(own, other, like), ...columns],
    primaryKey: taken(primaryKey, other.primaryKey, constraints, 'PRIMARY KEY'),
    partitionedBy: taken(own.partitionedBy, other.partitionedBy, partitions, 'PARTITIONED BY'),
    watermark: taken(own.watermark, other.watermark, watermarks, 'WATERMARK'),
    comment: own.comment ?? other.comment,
    options: optionsOf(own.options, other.options, options),
  }
}

/** The same table with its key beside the columns, not in one of them. */
export function withKeyApart(table: CreateTable): CreateTable {
  const marked = table.columns.filter((column) => column.primaryKey)
  if (marked.length !== 1 || table.primaryKey !== undefined) return table
  const columns = table.columns.map((column) => ({ ...column, primaryKey: false }))
  return { ...table, columns, primaryKey: marked.map(({ name }) => name) }
}

/** The other table's columns that are taken over. Its plain ones always are. */
function otherColumns(
  own: CreateTable,
  other: CreateTable,
  { rules }: LikeClause,
): ColumnDefinition[] {
  const ownNames = new Set(own.columns.map(({ name }) => name.text))
  return other.columns.filter((column) => {
    const part = column.computed !== undefined ? 'generated' : column.metadata && 'metadata'
    if (part === undefined) return true
    const rule = rules[part]
    if (rule === 'overwriting') return !ownNames.has(column.name.text)
    return rule === 'including'
  })
}

/** What the clause is called behind LIKE. */
const CLAUSES = {
  'PRIMARY KEY': 'CONSTRAINTS',
  'PARTITIONED BY': 'PARTITIONS',
  WATERMARK: 'WATERMARKS',
} as const

/** DUPLICATE_NAME if both have the part and it should be included. */
function taken<Part>(
  own: Part | undefined,
  other: Part | undefined,
  rule: LikeRule,
  what: keyof typeof CLAUSES,
): Part | undefined {
  if (rule === 'excluding' || other === undefined) return own
  if (own === undefined) return other
  if (rule === 'overwriting') return own
  const part = CLAUSES[what]
  const ways = what === 'WATERMARK' ? ' or (OVERWRITING WATERMARKS)' : ''
  return fail('DUPLICATE_NAME', `The other table has a ${what} too`, {
    hint: `Write (EXCLUDING ${part})${ways} behind its name.`,
  })
}

/** Those of the other table first. */
function optionsOf(
  own: readonly OptionPair[],
  other: readonly OptionPair[],
  rule: LikeRule,
): readonly OptionPair[] {
  if (rule === 'excluding') return own
  const keys = new Set(own.map(({ key }) => key.text))
  const twice = other.find(({ key }) => keys.has(key.text))
  if (twice !== undefined && rule === 'including') {
    fail('DUPLICATE_NAME', `Both tables have the option '${twice.key.text}'`, {
      hint: 'Write (OVERWRITING OPTIONS) behind its name.',
    })
  }
  return [...other.filter(({ key }) => !keys.has(key.text)), ...own]
}
