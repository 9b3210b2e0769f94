/** Looks at statements without running them: each is checked against the catalog as the ones before
 *  it would leave it. */

import {
  bindInsert,
  Catalog,
  defineFunction,
  defineInsert,
  defineTable,
  defineView,
  locate,
  Planner,
  planChange,
  type Session,
  type Statement,
} from '../../sql/index.ts'
import { CATALOG_CONNECTORS } from '../connectors.ts'
import type { DatabaseParts } from '../database.ts'
import { type Problem, problemOf } from '../http/problem.ts'
import { columnsOf, type ResultColumn } from '../statement-result.ts'
import { statementsOf } from './parse.ts'
import { refuse } from './refused.ts'

export interface Validation {
  readonly valid: boolean
  /** The statements that are right, in order, up to the first that is not. */
  readonly statements: readonly ValidStatement[]
  /** Problem details with line, column and snippet. */
  readonly diagnostics: readonly Problem[]
}

export interface ValidStatement {
  readonly kind: Statement['kind']
  /** Of the result, or of the table. */
  readonly columns?: readonly ResultColumn[]
  readonly plan?: { readonly logical: string; readonly physical: string }
  readonly warnings?: readonly string[]
}

export function validate(
  { catalog, config, queries, settings }: DatabaseParts,
  sql: string,
): Validation {
  const statements: ValidStatement[] = []
  try {
    const scratch = copyOf(catalog)
    for (const statement of statementsOf(config, sql))
      statements.push(check(statement, scratch, { queries, session: settings.session }))
    return { valid: true, statements, diagnostics: [] }
  } catch (thrown) {
    const error = locate(thrown, sql)
    return { valid: false, statements, diagnostics: [problemOf(error, sql)] }
  }
}

function copyOf(catalog: Catalog): Catalog {
  const copy = new Catalog(catalog.toJSON().nextId)
  for (const entry of catalog.list()) copy.add(entry)
  return copy
}

interface Surroundings {
  readonly queries: DatabaseParts['queries']
  readonly session: Session
}

function check(
  statement: Statement,
  catalog: Catalog,
  { queries, session }: Surroundings,
): ValidStatement {
  const { kind } = statement
  switch (kind) {
    case 'select': {
      const identity = { id: 'validate', name: '' }
      const planned = new Planner(catalog, { session }).planQuery(statement, 'continuous', identity)
      const { explain: plan, warnings } = planned
      return { kind, columns: columnsOf(planned.plan.schema), plan, warnings }
    }
    case 'create-table': {
      const entry = defineTable(statement, catalog, CATALOG_CONNECTORS, { session })
      if (entry === undefined) return { kind }
      catalog.add(entry)
      return { kind, columns: columnsOf(entry.spec.schema) }
    }
    case 'create-view': {
      const defined = defineView(statement, catalog, { session })
      if (defined === undefined) return { kind }
      if (defined.replaces !== undefined) catalog.remove(defined.replaces)
      catalog.add(defined.entry)
      const { explain: plan, warnings } = defined.planned
      return { kind, columns: columnsOf(defined.entry.schema), plan, warnings }
    }
    case 'create-function': {
      const defined = defineFunction(statement, catalog)
      if (defined === undefined) return { kind }
      if (defined.replaces !== undefined) catalog.remove(defined.replaces)
      catalog.add(defined.entry)
      return { kind }
    }
    case 'insert-values':
      bindInsert(statement, catalog, undefined, session.timeZone)
      return { kind }
    case 'update':
    case 'delete':
      planChange(statement, catalog)
      return { kind }
    case 'drop':
      checkDrop(statement, catalog)
      return { kind }
    case 'insert-select': {
      const name = { text: 'validate', at: statement.table.at }
      const { entry, planned } = defineInsert(name, statement, catalog, { session })
      if (entry.target !== undefined) queries.checkTarget(planned.plan, entry.target)
      const { explain: plan, warnings } = planned
      return { kind, columns: columnsOf(entry.schema), plan, warnings }
    }
    case 'statement-set':
      return refuse(statement)
    default:
      return { kind }
  }
}

function checkDrop(
  { object, name, ifExists }: Extract<Statement, { kind: 'drop' }>,
  catalog: Catalog,
): void {
  const found = object === 'function' ? catalog.findFunction(name.text) : catalog.find(name.text)
  if (ifExists && found === undefined) return
  catalog.remove(catalog.expect(object, name), name.at)
}
