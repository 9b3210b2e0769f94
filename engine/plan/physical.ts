/** The physical plan: what the SQL side hands to the engine. Plain data, so that it crosses
 *  threads. The kinds of node are those of the operator list, plus `source` as the leaf. */

import type { Schema } from '../batch/schema.ts'
import type { Expr } from '../expr/ir.ts'
import type { OperatorKind, OperatorNode } from '../operator/index.ts'

/** Reads some columns of a table. All readers of one table in an epoch see the same rows. */
export interface SourcePlan {
  readonly kind: 'source'
  readonly table: TableSpec
  /** Positions in the table's schema, in output order. */
  readonly columns: readonly number[]
}

export type OperatorPlan = {
  [Kind in OperatorKind]: {
    readonly kind: Kind
    readonly node: OperatorNode<Kind>
    readonly inputs: readonly Plan[]
  }
}[OperatorKind]

export type Plan = SourcePlan | OperatorPlan

/** A table as the engine needs it: where its records come from and what they mean. */
export interface TableSpec {
  /** Never reused, also not after DROP and CREATE: names the folder of an embedded stream. */
  readonly id: string
  readonly name: string
  /** All columns in DDL order: first those that are stored, then the computed ones. */
  readonly schema: Schema
  /** How many leading columns are stored (read from the record); the rest are `computed`. */
  readonly storedCount: number
  /** Over the columns before it; one per computed column. */
  readonly computed: readonly Expr[]
  /** 'log' is the embedded queue. */
  readonly connector: string
  readonly options: Readonly<Record<string, string>>
  readonly watermark?: WatermarkSpec | undefined
}

/** WATERMARK FOR column AS expr. `expr` is over the table's columns, of the column's type. */
export interface WatermarkSpec {
  readonly column: number
  readonly expr: Expr
  /** After this long without a record a split no longer holds the watermark back, and a wholly
   *  silent stream closes its windows. 0: never. */
  readonly idleTimeoutMs: number
}

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
}

/** Every table the plan reads, once. */
export function tablesOf(plan: Plan, into: Map<string, TableSpec> = new Map()): TableSpec[] {
  if (plan.kind === 'source') into.set(plan.table.id, plan.table)
  else for (const input of plan.inputs) tablesOf(input, into)
  return [...into.values()]
}
