/** CREATE statements as entries for the catalog. Nothing is added: a server first does what the
 *  entry needs (a folder, a running query) and then calls `catalog.add`. Ids are only taken by
 *  statements that are right; an entry that comes back after a restart brings its own. */

import { fail } from '../engine/base/errors.ts'
import type { Name, QueryStatement, Statement } from './ast.ts'
import { bindTable, type CreateTable } from './bind/bind-table.ts'
import type { PlanMode } from './bind/context.ts'
import type { Catalog } from './catalog/catalog.ts'
import {
  type Definition,
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

/** The table of a CREATE TABLE; undefined if there is an entry of this name and the statement says
 *  IF NOT EXISTS. DUPLICATE_NAME and what `bindTable` raises. */
export function defineTable(
  statement: CreateTable,
  catalog: Catalog,
  connectors?: ConnectorCatalog,
  id?: string,
): TableEntry | undefined {
  const { name, ifNotExists } = statement
  if (ifNotExists && taken(name, catalog) !== undefined) return undefined
  catalog.checkFree(name)
  const entry = bindTable(statement, id ?? '', connectors)
  if (id !== undefined) return entry
  const fresh = catalog.newId('table')
  return { ...entry, id: fresh, spec: { ...entry.spec, id: fresh } }
}

const taken = (name: Name, catalog: Catalog): Entry | undefined => {
  const found = catalog.find(name.text)
  return found?.name === name.text ? found : undefined
}

/** An entry and how to run it; of a plain view only the schema counts. */
export interface Defined<E extends Entry> {
  readonly entry: E
  readonly planned: PlannedQuery
}

export interface DefinedView extends Defined<ViewEntry | MaterializedViewEntry> {
  /** The view of the same name that OR REPLACE takes away; nothing reads it. */
  readonly replaces?: Entry | undefined
}

/** The view of a CREATE [MATERIALIZED] VIEW; undefined if there is an entry of this name and the
 *  statement says IF NOT EXISTS. DUPLICATE_NAME; IN_USE if the view to replace is read by others;
 *  every error of its query. */
export function defineView(
  statement: CreateView,
  catalog: Catalog,
  id?: string,
): DefinedView | undefined {
  const { name, temporary, columns } = statement
  const kind = statement.materialized ? 'materialized-view' : 'view'
  const old = taken(name, catalog)
  if (old !== undefined && statement.ifNotExists) return undefined
  const replaces = statement.orReplace ? old : undefined
  if (replaces === undefined) catalog.checkFree(name)
  else checkReplaceable(replaces, kind, name, catalog)
  const definition = { statement: queryOf(statement), columns }
  const defined = planView({ kind, name: name.text, definition, temporary }, catalog, id)
  if (replaces !== undefined && defined.planned.dependsOn.includes(replaces.id)) {
    fail('UNSUPPORTED', `The new ${name.text} reads the old one`, { at: name.at })
  }
  return { ...defined, replaces }
}

/** The query alone, so that the entry does not keep the rest of the statement. */
const queryOf = ({ query, emit, text, queryText }: QueryStatement): QueryStatement => ({
  query,
  emit,
  text,
  queryText,
})

interface ViewParts {
  readonly kind: 'view' | 'materialized-view'
  readonly name: string
  readonly definition: Definition
  readonly temporary: boolean
}

/** Plans a view, whose name has been checked. */
function planView(parts: ViewParts, catalog: Catalog, id?: string): DefinedView {
  const { kind, name, definition, temporary } = parts
  // A plain view may sort, which then only bounded queries can use.
  const mode = kind === 'view' ? 'bounded' : 'continuous'
  const planned = planDefined({ kind, name, definition, mode }, catalog, id)
  const { schema, appendOnly, key } = planned.plan
  const base = { ...baseOf(name, definition, planned), schema }
  const entry: ViewEntry | MaterializedViewEntry =
    kind === 'view' ? { ...base, kind, temporary } : { ...base, kind, appendOnly, key }
  return { entry, planned }
}

/** A named continuous query. DUPLICATE_NAME if the name is taken. */
export function defineQuery(
  name: Name,
  statement: QueryStatement,
  catalog: Catalog,
  id?: string,
): Defined<QueryEntry> {
  catalog.checkFree(name)
  const definition = { statement: queryOf(statement), columns: [] }
  const parts = { kind: 'query', name: name.text, definition, mode: 'continuous' } as const
  const planned = planDefined(parts, catalog, id)
  const { schema } = planned.plan
  return { entry: { ...baseOf(name.text, definition, planned), kind: 'query', schema }, planned }
}

interface DefinedParts {
  readonly kind: 'view' | 'materialized-view' | 'query'
  readonly name: string
  readonly definition: Definition
  readonly mode: PlanMode
}

function planDefined(parts: DefinedParts, catalog: Catalog, id: string | undefined): PlannedQuery {
  const { kind, name, definition, mode } = parts
  const { statement, columns } = definition
  const draft = new Planner(catalog).planQuery(statement, mode, { id: id ?? '', name }, columns)
  if (id !== undefined) return draft
  return { ...draft, plan: { ...draft.plan, id: catalog.newId(kind) } }
}

const baseOf = (name: string, definition: Definition, { plan, dependsOn }: PlannedQuery) => ({
  id: plan.id,
  name,
  sql: definition.statement.text,
  dependsOn,
  definition,
})

function checkReplaceable(old: Entry, kind: Entry['kind'], name: Name, catalog: Catalog): void {
  if (old.kind !== kind) {
    fail('DUPLICATE_NAME', `${old.name} is a ${kindText(old.kind)}, not a ${kindText(kind)}`, {
      at: name.at,
    })
  }
  catalog.checkUnused(old, name.at)
}
