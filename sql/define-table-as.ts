/** CREATE [OR REPLACE] TABLE [AS]: the table, the job that fills it, and what both take the place
 *  of. Nothing is added to the catalog. */

import { fail } from '../engine/base/errors.ts'
import type { Field } from '../engine/batch/schema.ts'
import type { ColumnDefinition, CreateTableAs, Name, QueryStatement } from './ast.ts'
import type { Catalog } from './catalog/catalog.ts'
import { type Entry, kindText, type QueryEntry, type TableEntry } from './catalog/entry.ts'
import type { ConnectorCatalog } from './catalog/options.ts'
import { type Defined, defineInsert, defineTable, type Making } from './define.ts'
import { parseStatements } from './parse/index.ts'
import { Planner } from './planner.ts'
import { type CreateTable, nameText, tableText } from './table-text.ts'

export interface DefinedTable {
  readonly table: TableEntry
  /** Of AS: the query that writes to the table. */
  readonly job?: Defined<QueryEntry> | undefined
  /** What OR REPLACE takes away, in the order in which it must go. */
  readonly replaces: readonly Entry[]
}

/** Undefined if there is an entry of this name and the statement says IF NOT EXISTS.
 *  DUPLICATE_NAME; IN_USE if the table to replace is read or written by others than its own job;
 *  what the query and the table raise. */
export function defineTableStatement(
  statement: CreateTable,
  catalog: Catalog,
  connectors?: ConnectorCatalog,
  making: Making = {},
): DefinedTable | undefined {
  const { name, as, ifNotExists } = statement
  const old = catalog.find(name.text)
  if (ifNotExists && old?.name === name.text) return undefined
  const replaces = statement.orReplace && old !== undefined ? replaced(old, name, catalog) : []
  const trial = catalog.copy()
  for (const entry of replaces) trial.remove(entry, name.at)
  const whole = as === undefined ? statement : withQueryColumns(statement, as, trial, making)
  const table = defineTable(whole, trial, connectors, { ...making, id: catalog.newId('table') })!
  if (as === undefined) return { table, replaces }
  trial.add(table, name.at)
  return {
    table,
    job: defineJob(table, as, trial, { ...making, id: catalog.newId('query') }),
    replaces,
  }
}

/** The table and the job that its CREATE TABLE … AS started. */
function replaced(old: Entry, name: Name, catalog: Catalog): Entry[] {
  if (old.kind !== 'table') {
    fail('DUPLICATE_NAME', `${old.name} is a ${kindText(old.kind)}, not a table`, { at: name.at })
  }
  const jobs = catalog.list('query').filter(({ startedBy }) => startedBy === old.id)
  const users = catalog.dependentsOf(old.id)
  if (users.some(({ id }) => !jobs.some((job) => job.id === id))) catalog.checkUnused(old, name.at)
  return [...jobs, old]
}

/** The statement with the columns of its query, and without the query. */
function withQueryColumns(
  statement: CreateTable,
  as: CreateTableAs,
  catalog: Catalog,
  { session }: Making,
): CreateTable {
  const identity = { id: 'as', name: '' }
  const { plan } = new Planner(catalog, { session }).planQuery(as, 'continuous', identity)
  const fields = ordered(plan.schema.fields, as)
  const own = statement.columns
  const columns = fields.map(
    (field) => own.find(({ name }) => name.text === field.name) ?? columnOf(field, as),
  )
  const more = own.filter(({ name }) => !fields.some((field) => field.name === name.text))
  const whole = { ...statement, columns: [...more, ...columns], as: undefined, orReplace: false }
  return { ...whole, text: tableText(whole) }
}

const columnOf = (
  { name, type, nullable }: Field,
  { query: { at } }: QueryStatement,
): ColumnDefinition => ({
  ...{ name: { text: name, at }, type, notNull: !nullable, primaryKey: false, at },
})

/** The query's columns as `(a, b)` names them. UNKNOWN_COLUMN; INVALID_ARGUMENT if one is
 *  missing. */
function ordered(fields: readonly Field[], { order }: CreateTableAs): readonly Field[] {
  if (order.length === 0) return fields
  const names = fields.map(({ name }) => name).join(', ')
  if (order.length !== fields.length) {
    fail('INVALID_ARGUMENT', `There are ${order.length} names for ${fields.length} columns`, {
      at: order[0].at,
      hint: `The query has ${names}.`,
    })
  }
  return order.map(({ text, at }, i) => {
    if (order.findIndex((other) => other.text === text) < i) {
      fail('DUPLICATE_NAME', `The column ${text} is named twice`, { at })
    }
    const field = fields.find(({ name }) => name === text)
    return (
      field ??
      fail('UNKNOWN_COLUMN', `The query has no column ${text}`, { at, hint: `It has ${names}.` })
    )
  })
}

/** INSERT INTO the table, under a name that is free. */
function defineJob(
  table: TableEntry,
  as: CreateTableAs,
  catalog: Catalog,
  making: Making,
): Defined<QueryEntry> {
  const identity = { id: 'as', name: '' }
  const { plan } = new Planner(catalog, making).planQuery(as, 'continuous', identity)
  const columns = plan.schema.fields.map(({ name }) => nameText(name)).join(', ')
  const text = `INSERT INTO ${nameText(table.name)} (${columns}) ${as.queryText}`
  const [insert] = parseStatements(text)
  if (insert.kind !== 'insert-select') return fail('INTERNAL', 'a query is no INSERT … SELECT')
  const name = { text: freeJobName(table.name, catalog), at: as.query.at }
  const { entry, planned } = defineInsert(name, insert, catalog, making)
  return { entry: { ...entry, startedBy: table.id }, planned }
}

/** `insert_into_t`, or the first free `insert_into_t_2`. */
export function freeJobName(target: string, catalog: Catalog): string {
  const base = `insert_into_${target}`
  if (catalog.find(base) === undefined) return base
  for (let n = 2; ; n++) if (catalog.find(`${base}_${n}`) === undefined) return `${base}_${n}`
}
