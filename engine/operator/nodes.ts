/** The nodes of the physical plan, one interface per operator: what the SQL side fills in and the
 *  operator reads. Plain data. Expressions are over the columns of the operator's input. */

import type { Field } from '../batch/schema.ts'
import type { DataType } from '../batch/types.ts'
import type { Expr } from '../expr/ir.ts'

/** Keeps the rows whose predicate is TRUE. Output: the input's columns. */
export interface FilterNode {
  readonly predicate: Expr
}

/** Output: one column per expression; `fields` names them. */
export interface ProjectNode {
  readonly fields: readonly Field[]
  readonly exprs: readonly Expr[]
}

/** Bounds are [start, end), aligned to 1970-01-01 plus the offset. Microseconds. */
export type WindowSpec = { readonly kind: 'tumble'; readonly sizeUs: number; readonly offsetUs: number }

/** The windowing table function: every row once per window it is in. Output: the input's columns,
 *  then window_start, window_end, window_time (= end - 1 ms, the time attribute). */
export interface WindowNode {
  readonly window: WindowSpec
  /** The event-time column; rows where it is NULL are in no window and are dropped. */
  readonly timeColumn: number
}

export interface AggregateCall {
  /** Name of an entry of `aggregate/index.ts`. */
  readonly name: string
  /** Empty: COUNT(*). */
  readonly args: readonly Expr[]
  readonly distinct: boolean
  /** FILTER (WHERE …). */
  readonly filter?: Expr | undefined
  readonly type: DataType
}

/** GROUP BY without a window: a changelog. Output: the keys, then the aggregates. No keys: one row,
 *  also over no input. */
export interface AggregateNode {
  readonly keys: readonly Expr[]
  readonly aggregates: readonly AggregateCall[]
  /** Names and types of the output: keys, then aggregates. */
  readonly fields: readonly Field[]
}

export type WindowColumn = 'window_start' | 'window_end' | 'window_time'

/** When a windowed aggregate speaks: once at close, at the end of every epoch that changed
 *  something, or at most every so often. */
export type EmitPolicy =
  | { readonly kind: 'close' }
  | { readonly kind: 'changes' }
  | { readonly kind: 'every'; readonly intervalUs: number }

/** GROUP BY with a window. Output: the keys, the aggregates, then the window columns asked for. */
export interface WindowAggregateNode {
  readonly window: WindowSpec
  readonly timeColumn: number
  readonly keys: readonly Expr[]
  readonly aggregates: readonly AggregateCall[]
  readonly windowColumns: readonly WindowColumn[]
  readonly fields: readonly Field[]
  readonly emit: EmitPolicy
}

export interface SortKey {
  readonly expr: Expr
  readonly descending: boolean
  readonly nullsFirst: boolean
}

/** ORDER BY, OFFSET, LIMIT of a bounded query: emits when its input has ended. */
export interface SortNode {
  readonly keys: readonly SortKey[]
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}
