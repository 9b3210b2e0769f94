/** ALTER TABLE … ADD, MODIFY, DROP, RENAME column, SET, RESET: the CREATE TABLE statement that
 *  would have made the table as it is to be, and which of its columns are which of the old
 *  ones. */

import { fail, type Span } from '../engine/base/errors.ts'
import type { AlterAction, ColumnDefinition, Name, PlacedColumn, TableParts } from './ast.ts'
import { createTable, withKeyApart } from './bind/like-table.ts'
import type { TableEntry } from './catalog/entry.ts'
import { findName } from './catalog/find-name.ts'
import { namesIn } from './names-in.ts'
import { type CreateTable, tableText } from './table-text.ts'

export type TableAction = Extract<
  AlterAction,
  {
    kind:
      | 'add'
      | 'modify'
      | 'drop-columns'
      | 'drop-key'
      | 'drop-watermark'
      | 'rename-column'
      | 'set'
      | 'reset'
  }
>

export interface Altered {
  readonly statement: CreateTable
  /** Old names of columns that have a new one, by the new one. */
  readonly renamed: ReadonlyMap<string, string>
}

/** Places in the table's own text are beyond this: they are not in the ALTER statement. */
export const ELSEWHERE = 1 << 28

/** UNKNOWN_COLUMN, DUPLICATE_NAME, INVALID_ARGUMENT, IN_USE (a column that others of the table are
 *  computed from), UNKNOWN_OPTION; places are in the ALTER statement. */
export function alteredTable(entry: TableEntry, action: TableAction): Altered {
  const { statement: table, renamed } = change(withKeyApart(movedAway(entry.sql)), action)
  return { statement: { ...table, text: tableText(table) }, renamed }
}

/** The table's statement with all places moved beyond those of any other text. */
function movedAway(sql: string): CreateTable {
  return moved(createTable(sql)) as CreateTable
}

function moved(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(moved)
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return part
  const all = Object.entries(part).map(([key, value]) => {
    if (key !== 'at') return [key, moved(value)]
    const { offset, length } = value as Span
    return [key, { offset: offset + ELSEWHERE, length }]
  })
  return Object.fromEntries(all)
}

const NONE: ReadonlyMap<string, string> = new Map()

function change(table: CreateTable, action: TableAction): Altered {
  const unchanged = (statement: CreateTable): Altered => ({ statement, renamed: NONE })
  switch (action.kind) {
    case 'add':
      return unchanged(withAdded(table, action))
    case 'modify':
      return unchanged(withModified(table, action))
    case 'drop-columns':
      return unchanged(action.columns.reduce(withoutColumn, table))
    case 'drop-key':
      if (table.primaryKey === undefined) return refuseAbsent(table, 'PRIMARY KEY', action.at)
      return unchanged({ ...table, primaryKey: undefined })
    case 'drop-watermark':
      if (table.watermark === undefined) return refuseAbsent(table, 'WATERMARK', action.at)
      return unchanged({ ...table, watermark: undefined })
    case 'rename-column':
      return withRenamed(table, action.from, action.to)
    case 'set': {
      const keys = new Set(action.options.map(({ key }) => key.text))
      const kept = table.options.filter(({ key }) => !keys.has(key.text))
      return unchanged({ ...table, options: [...kept, ...action.options] })
    }
    case 'reset':
      return unchanged(withoutOptions(table, action.keys))
  }
}

function refuseAbsent({ name }: CreateTable, what: string, at: Span): never {
  return fail('INVALID_ARGUMENT', `The table ${name.text} has no ${what}`, { at })
}

function withAdded(table: CreateTable, added: TableParts & { readonly at: Span }): CreateTable {
  const { primaryKey, watermark, at } = added
  const twice = (what: string): never =>
    fail('DUPLICATE_NAME', `The table ${table.name.text} has a ${what} already`, {
      at,
      hint: `Write MODIFY for another one, or DROP ${what} first.`,
    })
  if (watermark !== undefined && table.watermark !== undefined) twice('WATERMARK')
  if (primaryKey !== undefined && table.primaryKey !== undefined) twice('PRIMARY KEY')
  const columns = added.columns.reduce((all, column) => {
    if (all.some(({ name }) => name.text === column.name.text)) {
      fail(
        'DUPLICATE_NAME',
        `The table ${table.name.text} has a column ${column.name.text} already`,
        {
          at: column.name.at,
          hint: 'Write MODIFY to change it.',
        },
      )
    }
    return inserted(all, column, all.length)
  }, table.columns)
  return {
    ...withKeyApart({ ...table, columns, primaryKey: primaryKey ?? table.primaryKey }),
    watermark: watermark ?? table.watermark,
  }
}

/** The columns with another one at its place, by default at `index`. */
function inserted(
  columns: readonly ColumnDefinition[],
  { place, ...column }: PlacedColumn,
  index: number,
): readonly ColumnDefinition[] {
  const at = place === undefined ? index : place === 'first' ? 0 : indexOf(columns, place.after) + 1
  return columns.toSpliced(at, 0, column)
}

function indexOf(columns: readonly ColumnDefinition[], name: Name): number {
  const [found] = findName(name.text, columns, (column) => column.name.text)
  if (found !== undefined) return columns.indexOf(found)
  return fail('UNKNOWN_COLUMN', `There is no column ${name.text}`, {
    at: name.at,
    hint: `There is: ${columns.map((column) => column.name.text).join(', ')}.`,
  })
}

function withModified(table: CreateTable, parts: TableParts & { readonly at: Span }): CreateTable {
  const { primaryKey, watermark, at } = parts
  if (watermark !== undefined && table.watermark === undefined) {
    refuseAbsent(table, 'WATERMARK', at)
  }
  if (primaryKey !== undefined && table.primaryKey === undefined) {
    refuseAbsent(table, 'PRIMARY KEY', at)
  }
  const columns = parts.columns.reduce((all, column) => {
    const index = indexOf(all, column.name)
    const name = { ...column.name, text: all[index].name.text }
    return inserted(all.toSpliced(index, 1), { ...column, name }, index)
  }, table.columns)
  return {
    ...table,
    columns,
    primaryKey: primaryKey ?? table.primaryKey,
    watermark: watermark ?? table.watermark,
  }
}

function withoutColumn(table: CreateTable, name: Name): CreateTable {
  const index = indexOf(table.columns, name)
  const dropped = table.columns[index].name.text
  refuseUsed(table, dropped, name, 'dropped')
  const key = table.primaryKey?.some(({ text }) => isName(text, dropped))
  if (key === true) {
    fail('IN_USE', `The column ${dropped} is part of the PRIMARY KEY`, {
      at: name.at,
      hint: 'Write ALTER TABLE … DROP PRIMARY KEY first.',
    })
  }
  return { ...table, columns: table.columns.toSpliced(index, 1) }
}

const isName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** What is computed from a column has its name in its text. */
function refuseUsed(table: CreateTable, column: string, name: Name, done: string): void {
  const users = table.columns.filter(
    ({ computed }) => computed !== undefined && uses(computed, column),
  )
  const { watermark } = table
  const refuse = (why: string, hint: string): never =>
    fail('IN_USE', `The column ${column} cannot be ${done}: ${why}`, { at: name.at, hint })
  if (users.length > 0) {
    refuse(`the column ${users[0].name.text} is computed from it`, 'Drop that one first.')
  }
  if (watermark === undefined) return
  if (isName(watermark.column.text, column) || uses(watermark.value, column)) {
    refuse('the WATERMARK reads it', 'Write ALTER TABLE … DROP WATERMARK first.')
  }
}

const uses = (expression: unknown, column: string): boolean =>
  namesIn(expression).some((name) => isName(name, column))

function withRenamed(table: CreateTable, from: Name, to: Name): Altered {
  const index = indexOf(table.columns, from)
  const before = table.columns[index]
  const old = before.name.text
  if (table.columns.some(({ name }) => name.text === to.text)) {
    fail('DUPLICATE_NAME', `The table ${table.name.text} has a column ${to.text} already`, {
      at: to.at,
    })
  }
  refuseUsed(table, old, from, 'renamed')
  // Metadata without FROM is known by the column's name.
  const metadata = before.metadata && { ...before.metadata, from: before.metadata.from ?? old }
  const column = { ...before, name: to, metadata }
  const statement = {
    ...table,
    columns: table.columns.toSpliced(index, 1, column),
    primaryKey: table.primaryKey?.map((key) => (isName(key.text, old) ? to : key)),
    partitionedBy: table.partitionedBy?.map((key) => (isName(key.text, old) ? to : key)),
  }
  return { statement, renamed: new Map([[to.text, old]]) }
}

function withoutOptions(table: CreateTable, keys: readonly Name[]): CreateTable {
  for (const { text, at } of keys) {
    if (table.options.some(({ key }) => key.text === text)) continue
    fail('UNKNOWN_OPTION', `The table ${table.name.text} sets no option '${text}'`, { at })
  }
  const dropped = new Set(keys.map(({ text }) => text))
  return { ...table, options: table.options.filter(({ key }) => !dropped.has(key.text)) }
}
