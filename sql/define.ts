/** CREATE statements as entries for the catalog. Nothing is added: a server first does what the
 *  entry needs (a folder, a running query) and then calls `catalog.add`. */

import { fail } from '../engine/base/errors.ts'
import type { Name, QueryStatement, Statement } from './ast.ts'
import { bindTable, type CreateTable } from './bind/bind-table.ts'
import type { Catalog } from './catalog/catalog.ts'
import {
  type Entry,
  kindText,
  type MaterializedViewEntry,
  type QueryEntry,
  type TableEntry,
  type ViewEntry,
} from './catalog/entry.ts'
import type { ConnectorCatalog } from './catalog/options.ts'
import { type PlannedQuery, Planner } from './planner.ts'

export type CreateView = Extract<Statement, { kind: 'create-view' }>

/** The table of a CREATE TABLE; undefined if it exists and the statement says IF NOT EXISTS. `id`:
 *  of an entry that comes back after a restart. */
export function defineTable(
  statement: CreateTable,
  catalog: Catalog,
  connectors?: ConnectorCatalog,
  id?: string,
): TableEntry | undefined {
  const { name, ifNotExists } = statement
  if (ifNotExists && catalog.find(name.text)?.name === name.text) return undefined
  catalog.checkFree(name)
  const entry = bindTable(statement, id ?? '', connectors)
  return id === undefined ? withId(entry, catalog.newId('table')) : entry
}

/** Ids are only taken by statements that are right. */
const withId = (entry: TableEntry, id: string): TableEntry => ({
  ...entry,
  id,
  spec: { ...entry.spec, id },
})

export interface DefinedView<E extends ViewEntry | MaterializedViewEntry> {
  readonly entry: E
  /** How to run a materialized view; of a plain view only the schema counts. */
  readonly planned: PlannedQuery
  /** The view of the same name that OR REPLACE takes away; nothing reads it. */
  readonly replaces?: Entry | undefined
}

/** The view of a CREATE [MATERIALIZED] VIEW; undefined if it exists and the statement says IF NOT
 *  EXISTS. DUPLICATE_NAME; IN_USE if the view to replace is read by others. */
export function defineView(
  statement: CreateView,
  catalog: Catalog,
  id?: string,
): DefinedView<ViewEntry | MaterializedViewEntry> | undefined {
  const { name, materialized, columns } = statement
  const existing = catalog.find(name.text)
  const taken = existing?.name === name.text ? existing : undefined
  if (taken !== undefined && statement.ifNotExists) return undefined
  const replaces = statement.orReplace ? taken : undefined
  if (replaces === undefined) catalog.checkFree(name)
  else checkReplaceable(replaces, statement, catalog)
  const planner = new Planner(catalog)
  // A plain view may sort, which then only bounded queries can use.
  const mode = materialized ? 'continuous' : 'bounded'
  const kind = materialized ? 'materialized-view' : 'view'
  const draft = planner.planQuery(statement, mode, { id: id ?? '', name: name.text }, columns)
  if (replaces !== undefined && draft.dependsOn.includes(replaces.id)) {
    fail('UNSUPPORTED', `The new ${name.text} reads the old one`, { at: name.at })
  }
  const plan = { ...draft.plan, id: id ?? catalog.newId(kind), sql: statement.text }
  const base = {
    id: plan.id,
    name: name.text,
    sql: statement.text,
    dependsOn: draft.dependsOn,
    definition: { statement, columns },
    schema: plan.schema,
  }
  const entry: ViewEntry | MaterializedViewEntry = materialized
    ? { ...base, kind: 'materialized-view', appendOnly: plan.appendOnly, key: plan.key }
    : { ...base, kind: 'view', temporary: statement.temporary }
  return { entry, planned: { ...draft, plan }, replaces }
}

function checkReplaceable(old: Entry, { materialized, name }: CreateView, catalog: Catalog): void {
  const kind = materialized ? 'materialized-view' : 'view'
  if (old.kind !== kind) {
    fail('DUPLICATE_NAME', `${old.name} is a ${kindText(old.kind)}, not a ${kindText(kind)}`, {
      at: name.at,
    })
  }
  catalog.checkUnused(old, name.at)
}

/** A named continuous query. DUPLICATE_NAME if the name is taken. */
export function defineQuery(
  name: Name,
  statement: QueryStatement,
  catalog: Catalog,
  id?: string,
): { readonly entry: QueryEntry; readonly planned: PlannedQuery } {
  catalog.checkFree(name)
  const planner = new Planner(catalog)
  const draft = planner.planQuery(statement, 'continuous', { id: id ?? '', name: name.text })
  const plan = { ...draft.plan, id: id ?? catalog.newId('query') }
  const entry: QueryEntry = {
    kind: 'query',
    id: plan.id,
    name: name.text,
    sql: statement.text,
    dependsOn: draft.dependsOn,
    definition: { statement, columns: [] },
    schema: plan.schema,
  }
  return { entry, planned: { ...draft, plan } }
}
