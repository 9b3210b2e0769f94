/** The physical plan: what the SQL side hands to the engine. Plain data, so that it crosses
 *  threads. The kinds of node are those of the operator list, plus `source` as the leaf. */

import type { Schema } from '../batch/schema.ts'
import type { Value } from '../expr/ir.ts'
import type { OperatorKind, OperatorNode } from '../operator/index.ts'
import type { TableSpec } from '../source/table.ts'

/** Reads some columns of a table. All readers of one table in an epoch see the same rows. */
export interface SourcePlan {
  readonly kind: 'source'
  readonly table: TableSpec
  /** Positions in the table's schema, in output order. */
  readonly columns: readonly number[]
}

/** Literal rows: VALUES, and SELECT without FROM. It has ended from the start. */
export interface ValuesPlan {
  readonly kind: 'values'
  readonly schema: Schema
  readonly rows: readonly (readonly Value[])[]
}

export type OperatorPlan = {
  [Kind in OperatorKind]: {
    readonly kind: Kind
    readonly node: OperatorNode<Kind>
    readonly inputs: readonly Plan[]
  }
}[OperatorKind]

/** A tree, or a graph where equal parts are one object and run once (`share-plans.ts`). */
export type Plan = SourcePlan | ValuesPlan | OperatorPlan

/** The nodes of a plan, each once, parents before their inputs and left before right. A plan whose
 *  subplans are shared is a graph; after a structured clone the order is the same. */
export function nodesOf(plan: Plan, into: Set<Plan> = new Set()): Set<Plan> {
  if (into.has(plan)) return into
  into.add(plan)
  if (hasInputs(plan)) for (const input of plan.inputs) nodesOf(input, into)
  return into
}

export const hasInputs = (plan: Plan): plan is OperatorPlan =>
  plan.kind !== 'source' && plan.kind !== 'values'

/** A query ready to run. */
export interface QueryPlan {
  /** Never reused. Names the result log's folder. */
  readonly id: string
  readonly name: string
  /** The statement, for people. */
  readonly sql: string
  /** Where `sql` begins in the text that the plan's places are about; absent: at 0. */
  readonly sqlOffset?: number | undefined
  readonly root: Plan
  readonly schema: Schema
  readonly appendOnly: boolean
  /** Columns that are unique among the current result rows; undefined if none are known. Lets a
   *  view or an upsert reader find the row that a retraction means. */
  readonly key?: readonly number[] | undefined
  /** Lives as long as its subscriber and is not kept over a restart. */
  readonly transient?: boolean | undefined
}

/** Every table the plan reads, once. */
export function tablesOf(plan: Plan): TableSpec[] {
  const tables = new Map<string, TableSpec>()
  for (const node of nodesOf(plan))
    if (node.kind === 'source') tables.set(node.table.id, node.table)
  return [...tables.values()]
}
