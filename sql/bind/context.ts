/** What binding a query needs to know of the world around it. */

import type { Schema } from '../../engine/batch/schema.ts'
import type { Name, Query } from '../ast.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { LogicalNode } from '../logical/node.ts'
import type { Scope } from './scope.ts'

/** A bound FROM item or query: its plan, and what its columns are called. */
export interface Relation {
  readonly node: LogicalNode
  readonly scope: Scope
}

/** continuous: over streams that go on. bounded: over what is there now. */
export type PlanMode = 'continuous' | 'bounded'

/** A WITH item. It is bound anew wherever it is named, in the surroundings of its definition. */
export interface CommonTable {
  readonly name: string
  readonly columns: readonly Name[]
  readonly query: Query
  readonly context: BindContext
}

/** The rows around a subquery, whose columns it may read. */
export interface OuterScope {
  readonly scope: Scope
  readonly schema: Schema
  readonly outer?: OuterScope | undefined
}

export interface BindContext {
  readonly catalog: Catalog
  readonly mode: PlanMode
  /** The session's. */
  readonly timeZone: string
  /** In reach here; a later one hides an earlier one of the same name. */
  readonly commonTables: readonly CommonTable[]
  /** Ids of the catalog entries that the query names itself; filled while binding. */
  readonly dependsOn: Set<string>
  /** How many queries, views and common tables we are inside of. */
  readonly depth: number
  /** How often a table, view or common table was named, here and in all that those are made of;
   *  counted while binding. */
  readonly named: { count: number }
  /** Of a subquery in an expression, or behind LATERAL. */
  readonly outer?: OuterScope | undefined
  /** Binds a nested query. Handed down, because FROM clauses and queries contain each other. */
  readonly bindQuery: (query: Query, context: BindContext) => Relation
}
