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

export type Plan = SourcePlan | ValuesPlan | OperatorPlan

/** A query ready to run. */
export interface QueryPlan {
  /** Never reused. Names the result log's folder. */
  readonly id: string
  readonly name: string
  /** The statement, for people. */
  readonly sql: string
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
export function tablesOf(plan: Plan, into: Map<string, TableSpec> = new Map()): TableSpec[] {
  if (plan.kind === 'source') into.set(plan.table.id, plan.table)
  else if (plan.kind !== 'values') for (const input of plan.inputs) tablesOf(input, into)
  return [...into.values()]
}
