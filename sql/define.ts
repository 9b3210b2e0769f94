/** CREATE statements as entries for the catalog. Nothing is added: a server first does what the
 *  entry needs (a folder, a running query) and then calls `catalog.add`. Ids are only taken by
 *  statements that are right; an entry that comes back after a restart brings its own. */

import { fail } from '../engine/base/errors.ts'
import { tablesOf } from '../engine/plan/physical.ts'
import { sideOwner } from '../engine/source/side-table.ts'
import type { Name, QueryStatement, Statement } from './ast.ts'
import { bindFunction, type CreateFunction } from './bind/bind-function.ts'
import { type InsertSelect, intoTable } from './bind/bind-insert.ts'
import { bindTable, type CreateTable } from './bind/bind-table.ts'
import type { PlanMode } from './bind/context.ts'
import { bindLike } from './bind/like-table.ts'
import { refuseTwins } from './bind/relation.ts'
import { withUserFunctions } from './bind/user-functions.ts'
import type { Catalog } from './catalog/catalog.ts'
import {
  type Definition,
  type Entry,
  type FunctionEntry,
  kindText,
  type MaterializedViewEntry,
  type QueryEntry,
  type TableEntry,
  type ViewEntry,
} from './catalog/entry.ts'
import type { ConnectorCatalog } from './catalog/options.ts'
import type { LogicalNode } from './logical/node.ts'
import { type PlannedQuery, Planner } from './planner.ts'
import { DEFAULT_SESSION, type Session, withSessionOptions } from './session.ts'

export type CreateView = Extract<Statement, { kind: 'create-view' }>

/** How an entry is made. */
export interface Making {
  /** That of an entry that comes back; absent: a fresh one. */
  readonly id?: string | undefined
  readonly session?: Session | undefined
}

/** The table of a CREATE TABLE; undefined if there is an entry of this name and the statement says
 *  IF NOT EXISTS. DUPLICATE_NAME and what `bindTable` raises. */
export function defineTable(
  statement: CreateTable,
  catalog: Catalog,
  connectors?: ConnectorCatalog,
  { id, session }: Making = {},
): TableEntry | undefined {
  const { name, ifNotExists } = statement
  if (ifNotExists && taken(name, catalog) !== undefined) return undefined
  catalog.checkFree(name)
  const dependsOn = new Set<string>()
  const bound = bindLike(statement, catalog, (whole) =>
    withUserFunctions(whole, { catalog, dependsOn }, (found) =>
      bindTable(found, id ?? '', connectors, session),
    ),
  )
  const entry = { ...bound, dependsOn: [...new Set([...bound.dependsOn, ...dependsOn])] }
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
 *  statement says IF NOT EXISTS. DUPLICATE_NAME; IN_USE if the materialized view to replace is read
 *  by others; every error of its query. */
export function defineView(
  statement: CreateView,
  catalog: Catalog,
  making: Making = {},
): DefinedView | undefined {
  const { name, temporary, columns } = statement
  const kind = statement.materialized ? 'materialized-view' : 'view'
  const old = taken(name, catalog)
  if (old !== undefined && statement.ifNotExists) return undefined
  const replaces = statement.orReplace ? old : undefined
  if (replaces === undefined) catalog.checkFree(name)
  else checkReplaceable(replaces, kind, name, catalog)
  const definition = { statement: queryOf(statement), columns }
  if (columns.length === 0) refuseTwins(itemNames(statement))
  const session = withSessionOptions(making.session ?? DEFAULT_SESSION, statement.options)
  const { comment } = statement
  const parts = { kind, name: name.text, definition, temporary, comment } as const
  const defined = planView(parts, catalog, { ...making, session })
  if (replaces !== undefined && defined.planned.dependsOn.includes(replaces.id)) {
    fail('UNSUPPORTED', `The new ${name.text} reads the old one`, { at: name.at })
  }
  return { ...defined, replaces }
}

/** The names that the SELECT list itself gives to its columns. */
function itemNames({ query: { body } }: QueryStatement): Name[] {
  if (body.kind !== 'select') return []
  return body.items.flatMap((item) => {
    if (item.kind !== 'value') return []
    const { value, alias } = item
    return alias ?? (value.kind === 'name' ? value.path.slice(-1) : [])
  })
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
  readonly comment: string | undefined
}

/** Plans a view, whose name has been checked. */
function planView(parts: ViewParts, catalog: Catalog, making: Making): DefinedView {
  const { kind, name, definition, temporary, comment } = parts
  // A plain view may sort, which then only bounded queries can use.
  const mode = kind === 'view' ? 'bounded' : 'continuous'
  const planned = planDefined({ kind, name, definition, mode }, catalog, making)
  const { schema, appendOnly, key } = planned.plan
  const base = { ...baseOf(parts, planned, making), schema, comment }
  const entry: ViewEntry | MaterializedViewEntry =
    kind === 'view' ? { ...base, kind, temporary } : { ...base, kind, appendOnly, key }
  return { entry, planned }
}

/** A named continuous query. DUPLICATE_NAME if the name is taken. */
export function defineQuery(
  name: Name,
  statement: QueryStatement,
  catalog: Catalog,
  making: Making = {},
): Defined<QueryEntry> {
  catalog.checkFree(name)
  const definition = { statement: queryOf(statement), columns: [] }
  const parts = { kind: 'query', name: name.text, definition, mode: 'continuous' } as const
  const planned = planDefined(parts, catalog, making)
  const { schema } = planned.plan
  return { entry: { ...baseOf(parts, planned, making), kind: 'query', schema }, planned }
}

/** The job of an INSERT INTO … SELECT under the given name. Besides the errors of its query and of
 *  `intoTable`: DUPLICATE_NAME, UNKNOWN_TABLE, UNSUPPORTED (a query that reads its own target). */
export function defineInsert(
  name: Name,
  statement: InsertSelect,
  catalog: Catalog,
  making: Making = {},
): Defined<QueryEntry> {
  catalog.checkFree(name)
  const { spec } = catalog.expect('table', statement.table)
  const into = (bound: LogicalNode) => intoTable(bound, spec, statement)
  const definition = { statement: queryOf(statement), columns: [] }
  const parts = { kind: 'query', name: name.text, definition, mode: 'continuous', into } as const
  const planned = planDefined(parts, catalog, making)
  // Rows that it writes can come back as late ones.
  if (tablesOf(planned.plan.root).some(({ id: read }) => (sideOwner(read) ?? read) === spec.id)) {
    fail('UNSUPPORTED', `The query reads ${spec.name}, which it writes to`, {
      at: statement.table.at,
      hint: 'It would feed itself for ever. Write to another table.',
    })
  }
  const { schema } = planned.plan
  const base = baseOf(parts, planned, making)
  const dependsOn = [...new Set([...base.dependsOn, spec.id])]
  return { entry: { ...base, dependsOn, kind: 'query', schema, target: spec }, planned }
}

interface DefinedParts {
  readonly kind: 'view' | 'materialized-view' | 'query'
  readonly name: string
  readonly definition: Definition
  readonly mode: PlanMode
  readonly into?: (bound: LogicalNode) => LogicalNode
}

function planDefined(parts: DefinedParts, catalog: Catalog, { id, session }: Making): PlannedQuery {
  const { kind, name, definition, mode, into } = parts
  const { statement, columns } = definition
  const identity = { id: id ?? '', name }
  const draft = new Planner(catalog, { session }).planQuery(
    ...([statement, mode, identity, columns, into] as const),
  )
  if (id !== undefined) return draft
  return { ...draft, plan: { ...draft.plan, id: catalog.newId(kind) } }
}

const baseOf = (
  { name, definition }: Pick<DefinedParts, 'name' | 'definition'>,
  { plan, dependsOn }: PlannedQuery,
  { session = DEFAULT_SESSION }: Making,
) => ({ id: plan.id, name, sql: definition.statement.text, dependsOn, definition, session })

export interface DefinedFunction {
  readonly entry: FunctionEntry
  /** The function of the same name that OR REPLACE takes away; nothing calls it. */
  readonly replaces?: FunctionEntry | undefined
}

/** The function of a CREATE FUNCTION; undefined if there is one of this name and the statement says
 *  IF NOT EXISTS. DUPLICATE_NAME; IN_USE if the function to replace is called by others; what
 *  `bindFunction` raises. */
export function defineFunction(
  statement: CreateFunction,
  catalog: Catalog,
  { id }: Making = {},
): DefinedFunction | undefined {
  const { name, temporary, orReplace, ifNotExists, text } = statement
  const old = catalog.findFunction(name.text)
  if (old !== undefined && ifNotExists) return undefined
  const replaces = orReplace ? old : undefined
  if (replaces === undefined) catalog.checkFree(name, 'function')
  else catalog.checkUnused(replaces, name.at)
  const { definition, dependsOn } = bindFunction(statement, catalog, { isKnown: id !== undefined })
  if (replaces !== undefined && dependsOn.includes(replaces.id)) {
    fail('UNSUPPORTED', `The new ${name.text} calls the old one`, { at: name.at })
  }
  const entry: FunctionEntry = {
    kind: 'function',
    id: id ?? catalog.newId('function'),
    name: name.text,
    sql: text,
    ...{ dependsOn, definition, temporary, session: DEFAULT_SESSION },
  }
  return { entry, replaces }
}

function checkReplaceable(old: Entry, kind: Entry['kind'], name: Name, catalog: Catalog): void {
  if (old.kind !== kind) {
    fail('DUPLICATE_NAME', `${old.name} is a ${kindText(old.kind)}, not a ${kindText(kind)}`, {
      at: name.at,
    })
  }
  // What reads a plain view is looked at when it is redefined.
  if (kind !== 'view') catalog.checkUnused(old, name.at)
}
