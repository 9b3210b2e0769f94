/** From a parsed query to a plan that the engine runs: bind, optimize, lower. */

import { fail } from '../engine/base/errors.ts'
import { type Plan, type QueryPlan, tablesOf } from '../engine/plan/physical.ts'
import type { Name, QueryStatement } from './ast.ts'
import { applyEmit } from './bind/apply-emit.ts'
import { bindQuery } from './bind/bind-query.ts'
import type { BindContext, PlanMode } from './bind/context.ts'
import { refuseTwins, renameColumns, uniqueNames } from './bind/relation.ts'
import { withUserFunctions } from './bind/user-functions.ts'
import type { Catalog } from './catalog/catalog.ts'
import { explainLogical } from './logical/explain.ts'
import { inSessionZone } from './logical/in-session-zone.ts'
import type { LogicalNode } from './logical/node.ts'
import { withTemporalFilters } from './logical/temporal-filters.ts'
import { explainPhysical } from './lower/explain.ts'
import { lower } from './lower/lower.ts'
import { sharePlans } from './lower/share-plans.ts'
import { optimize, RULES } from './optimize/optimizer.ts'
import type { Rule } from './optimize/rule.ts'
import { DEFAULT_SESSION, type Session } from './session.ts'
import { unboundedState } from './unbounded-state.ts'

export interface Identity {
  readonly id: string
  readonly name: string
}

export interface PlannedQuery {
  readonly plan: QueryPlan
  /** State that can grow without bound: which operator, and how to bound it. */
  readonly warnings: readonly string[]
  readonly explain: { readonly logical: string; readonly physical: string }
  /** Ids of the catalog's entries that the query names itself. */
  readonly dependsOn: readonly string[]
}

export interface PlannerOptions {
  /** The settings under which the query was made. */
  readonly session?: Session
  /** Without them the plan is slower and gives the same rows. */
  readonly rules?: readonly Rule[]
}

export class Planner {
  readonly #catalog: Catalog
  readonly #session: Session
  readonly #rules: readonly Rule[]

  constructor(catalog: Catalog, { session = DEFAULT_SESSION, rules = RULES }: PlannerOptions = {}) {
    this.#catalog = catalog
    this.#session = session
    this.#rules = rules
  }

  /** Plans a query over the catalog as it is now; changes nothing. `columns` renames the result's
   *  columns (CREATE VIEW v (a, b)); `into` makes of the bound query what is planned (INSERT
   *  INTO). Raises every error that the query's text can have, with its
   *  place. */
  planQuery(
    statement: QueryStatement,
    mode: PlanMode,
    { id, name }: Identity,
    columns: readonly Name[] = [],
    into: (bound: LogicalNode) => LogicalNode = (bound) => bound,
  ): PlannedQuery {
    const dependsOn = new Set<string>()
    const context: BindContext = {
      catalog: this.#catalog,
      mode,
      timeZone: this.#session.timeZone,
      commonTables: [],
      dependsOn,
      depth: 0,
      named: { count: 0 },
      bindQuery,
    }
    const { timeZone, stateTtlUs } = this.#session
    const bound = withUserFunctions(statement.query, context, (query) =>
      applyEmit(inSessionZone(bindQuery(query, context).node, timeZone), statement.emit, mode),
    )
    const named = columns.length === 0 ? uniqueNames(bound) : renameColumns(bound, columns)
    refuseTwins(columns)
    const timed = mode === 'continuous' ? withTemporalFilters(into(named)) : into(named)
    const root = optimize(timed, this.#rules)
    const { plan: tree, schema, appendOnly } = lower(root, mode === 'continuous' ? stateTtlUs : 0)
    const plan = sharePlans(tree)
    refuseWriteOnly(plan)
    return {
      plan: {
        id,
        name,
        sql: statement.text,
        sqlOffset: statement.at?.offset,
        root: plan,
        schema,
        appendOnly,
        key: keyOf(root),
      },
      warnings: mode === 'continuous' ? unboundedState(root, stateTtlUs) : [],
      explain: { logical: explainLogical(root), physical: explainPhysical(plan) },
      dependsOn: [...dependsOn],
    }
  }
}

/** Tables that are only written, such as those of the print connector. */
function refuseWriteOnly(plan: Plan): void {
  const table = tablesOf(plan).find(({ writeOnly }) => writeOnly === true)
  if (table === undefined) return
  if (table.lookup !== undefined) {
    fail('UNSUPPORTED', `${table.name} can only be looked up by key`, {
      hint: `JOIN ${table.name} FOR SYSTEM_TIME AS OF PROCTIME() AS t ON …`,
    })
  }
  fail('UNSUPPORTED', `${table.name} cannot be read: the ${table.connector} connector only writes`)
}

/** The shortest set of unique columns. A result of one row has no columns to tell it by. */
function keyOf({ traits }: LogicalNode): readonly number[] | undefined {
  const keys = traits.keys.filter((key) => key.length > 0)
  return keys.sort((a, b) => a.length - b.length)[0]
}
