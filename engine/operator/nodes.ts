/** The nodes of the physical plan, one interface per operator: what the SQL side fills in and the
 *  operator reads. Plain data. Expressions are over the columns of the operator's input. */

import type { Field } from '../batch/schema.ts'
import type { DataType } from '../batch/types.ts'
import type { Expr } from '../expr/ir.ts'

export type {
  AsofJoinNode,
  JoinKind,
  JoinNode,
  LookupCacheSpec,
  LookupJoinNode,
  LookupTable,
  TemporalJoinNode,
  VersionTies,
} from './join-nodes.ts'

/** The rows of a table with a primary key, from the rows that its source brings: +1 replaces the
 *  row of its key, -1 removes it and brings the key alone. Output: the input's columns. */
export interface UpsertNode {
  readonly keys: readonly number[]
  /** Every change comes in its order, also those that the same epoch undoes: where it matters
   *  whether a row was late. Else an epoch gives what it changed in the end. */
  readonly inOrder: boolean
  /** For a temporal join, which keeps all versions of a row: a replaced row is not taken back, only
   *  one that is removed. Only with `inOrder`. */
  readonly versions?: boolean | undefined
}

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
export interface TumbleSpec {
  readonly kind: 'tumble'
  readonly sizeUs: number
  readonly offsetUs: number
}

/** Windows of `sizeUs` that start every `slideUs`. */
export interface HopSpec {
  readonly kind: 'hop'
  readonly slideUs: number
  readonly sizeUs: number
  readonly offsetUs: number
}

/** Windows that start every `sizeUs` and end after one step, two steps, … up to the size. */
export interface CumulateSpec {
  readonly kind: 'cumulate'
  readonly stepUs: number
  readonly sizeUs: number
  readonly offsetUs: number
}

/** Rows of a key that are at most `gapUs` apart are in one window, which ends a gap after its last
 *  row. */
export interface SessionSpec {
  readonly kind: 'session'
  readonly gapUs: number
}

/** Windows that do not depend on the rows. */
export type AlignedSpec = TumbleSpec | HopSpec | CumulateSpec

export type WindowSpec = AlignedSpec | SessionSpec

/** The windowing table function: every row once per window it is in. Output: the input's columns,
 *  then window_start, window_end, window_time (= end - 1 ms, the time attribute). */
export interface WindowNode {
  readonly window: WindowSpec
  /** The event-time column; rows where it is NULL are in no window and are dropped. */
  readonly timeColumn: number
  /** Of sessions: the columns of the key; their rows come when their session is over. */
  readonly partitionBy?: readonly number[] | undefined
  /** Of sessions of rows that may be taken back: rows come before their session is over, with the
   *  bounds that it has so far. */
  readonly speaksOpen?: boolean | undefined
}

export interface AggregateCall {
  /** Name of an entry of `aggregate/index.ts`. */
  readonly name: string
  /** Empty: COUNT(*). */
  readonly args: readonly Expr[]
  readonly distinct: boolean
  /** FILTER (WHERE …). */
  readonly filter?: Expr | undefined
  /** ORDER BY among the arguments, of functions that are `ordered`; absent: order of arrival. */
  readonly orderBy?: readonly SortKey[] | undefined
  readonly type: DataType
}

/** A key without news for so long, by the epoch clock, is forgotten: its results stay out, and its
 *  next row begins anew. undefined: never. */
export type StateTtl = number | undefined

/** GROUP BY without a window: a changelog. Output: the keys, then the aggregates. No keys: one row,
 *  also over no input. */
export interface AggregateNode {
  readonly keys: readonly Expr[]
  readonly aggregates: readonly AggregateCall[]
  /** Names and types of the output: keys, then aggregates. */
  readonly fields: readonly Field[]
  readonly stateTtlUs?: StateTtl
}

export type WindowColumn = 'window_start' | 'window_end' | 'window_time'

/** When a windowed aggregate speaks: once at close; once its end is no more than `leadUs` above the
 *  watermark, and again when late rows change it until it closes; at the end of every epoch that
 *  changed something; or at most every so often. */
export type EmitPolicy =
  | { readonly kind: 'close' }
  | { readonly kind: 'on-time'; readonly leadUs: number }
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

// Nodes of several inputs, and of order within a partition

/** UNION ALL of two inputs of the same types. Output: the first one's names. */
export interface UnionNode {
  readonly fields: readonly Field[]
}

/** INTERSECT and EXCEPT; without `all` every row counts once. Two inputs of the same types. */
export interface SetOperationNode {
  readonly operator: 'intersect' | 'except'
  readonly all: boolean
  readonly fields: readonly Field[]
  readonly stateTtlUs?: StateTtl
}

export interface WindowEnd {
  readonly column: number
  /** The windows are sessions: they are over only when the watermark is past their end. */
  readonly session: boolean
}

/** Top-N per partition, deduplication (to = 1), and ORDER BY … LIMIT of a continuous query (no
 *  partition): keeps the rows whose rank is in [from, to], 1-based. Ties of `row_number` are broken
 *  by the order of arrival. Output: the input's columns, and the rank (BIGINT) if asked for. */
export interface RankNode {
  readonly ranking: 'row_number' | 'rank' | 'dense_rank'
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly SortKey[]
  readonly from: number
  /** Infinity: no limit. */
  readonly to: number
  readonly withRank: boolean
  /** The input column with the end of the window that each partition is in: no row of a partition
   *  comes any more once the watermark has reached its end, so the partition can be forgotten. */
  readonly windowEnd?: WindowEnd | undefined
  readonly fields: readonly Field[]
  readonly stateTtlUs?: StateTtl
}

/** A frame's bound as a distance from the current row: rows, or microseconds or numbers of the
 *  ORDER BY value. Negative is preceding. */
export interface OverFrame {
  readonly unit: 'rows' | 'range'
  /** -Infinity: UNBOUNDED PRECEDING. */
  readonly from: number
  /** Infinity: UNBOUNDED FOLLOWING. */
  readonly to: number
}

export interface OverCall {
  /** An aggregate, or ROW_NUMBER, RANK, DENSE_RANK, PERCENT_RANK, CUME_DIST, NTILE, LAG, LEAD,
   *  FIRST_VALUE, LAST_VALUE, NTH_VALUE. */
  readonly name: string
  readonly args: readonly Expr[]
  readonly distinct: boolean
  readonly filter?: Expr | undefined
  /** Of an aggregate that depends on the order of the frame's rows: another order than the
   *  node's. */
  readonly orderBy?: readonly SortKey[] | undefined
  readonly frame: OverFrame
  readonly type: DataType
}

/** Window functions over one partitioning and order. Output: the input's columns, then one per
 *  call. */
export interface OverNode {
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly SortKey[]
  readonly calls: readonly OverCall[]
  /** The single ascending event-time ORDER BY column of an append-only input: results are final
   *  once the watermark has passed, and come then, append-only. */
  readonly timeColumn?: number | undefined
  /** As in RankNode. */
  readonly windowEnd?: WindowEnd | undefined
  readonly fields: readonly Field[]
  readonly stateTtlUs?: StateTtl
}

/** GROUPING SETS: every row once per set. Output: the input's columns, the keys (NULL where the set
 *  does not have them), and the set's number (BIGINT). */
export interface ExpandNode {
  readonly keys: readonly Expr[]
  /** Positions in `keys`. */
  readonly sets: readonly (readonly number[])[]
  readonly fields: readonly Field[]
}

/** UNNEST of an array, a map or an array of rows. Output: the input's columns, the element's
 *  columns, and its 1-based position if asked for. `outer`: a row without elements comes once. */
export interface UnnestNode {
  readonly value: Expr
  readonly outer: boolean
  readonly ordinality: boolean
  readonly fields: readonly Field[]
}

/** A condition on the passing of time (`ts > CURRENT_TIMESTAMP - INTERVAL '1' HOUR`): a row is in
 *  while the epoch clock is in [from, until), microseconds; NULL bounds are open. */
export interface TemporalFilterNode {
  /** TIMESTAMP_LTZ expressions over the row. */
  readonly from?: Expr | undefined
  readonly until?: Expr | undefined
}

/** From here on time is the epoch's clock: watermarks of the input end here. Output: the input's
 *  columns. */
export interface ProcessingTimeNode {
  /** A column that holds `PROCTIME()` of the epoch that brings the row. */
  readonly timeColumn: number
}

/** A term of PATTERN; variables by their position in the node's list. Of a choice the earlier term
 *  is preferred. A repetition beyond the fewest is never empty. */
export type MatchTerm =
  | { readonly kind: 'variable'; readonly variable: number }
  | { readonly kind: 'sequence'; readonly terms: readonly MatchTerm[] }
  | { readonly kind: 'choice'; readonly terms: readonly MatchTerm[] }
  | {
      readonly kind: 'repeat'
      readonly term: MatchTerm
      readonly from: number
      /** Infinity: no limit. */
      readonly to: number
      /** Fewer repetitions are preferred to more. */
      readonly reluctant: boolean
    }

/** One row of a match: the `offset`-th from an end of the rows that are mapped to the variables
 *  (absent: to any), and from there `shift` rows on in the partition (PREV is negative). */
export interface MatchPlace {
  readonly variables?: readonly number[] | undefined
  readonly end: 'first' | 'last'
  readonly offset: number
  readonly shift: number
  /** Of all rows of the match, not only of those up to the current one. */
  readonly final: boolean
}

/** What conditions and measures read, each as the column of its position. NULL where there is no
 *  such row. */
export type MatchReference =
  | { readonly kind: 'column'; readonly column: number; readonly place: MatchPlace }
  /** CLASSIFIER(): the name of the variable that the row is mapped to. */
  | { readonly kind: 'classifier'; readonly place: MatchPlace }
  /** An aggregate, over the input's columns, of the rows that are mapped to the variables. */
  | {
      readonly kind: 'aggregate'
      readonly call: AggregateCall
      readonly variables?: readonly number[] | undefined
      readonly final: boolean
    }
  /** MATCH_NUMBER(): 1, 2, … within the partition. */
  | { readonly kind: 'number' }

/** MATCH_RECOGNIZE over append-only input, by event time. Rows are looked at once the watermark has
 *  passed them. Output: see `output`; of a match by ONE ROW PER MATCH, columns are of its first
 *  row. */
export interface MatchNode {
  readonly partitionBy: readonly Expr[]
  /** The event-time column ascending, then whatever breaks ties. */
  readonly orderBy: readonly SortKey[]
  readonly timeColumn: number
  /** Conditions are over `references`; absent: TRUE. */
  readonly variables: readonly { readonly name: string; readonly condition?: Expr | undefined }[]
  readonly pattern: MatchTerm
  /** The longest time from the first to the last row of a match. */
  readonly withinUs?: number | undefined
  readonly skip:
    | { readonly to: 'past-last' | 'next-row' }
    | { readonly to: 'first' | 'last'; readonly variables: readonly number[] }
  /** How many rows a match gives: one, or all of them. */
  readonly rows: 'one' | 'all'
  /** Whether a match without rows gives a row. */
  readonly empty: boolean
  /** Whether rows in no match are given too; their measures are NULL. */
  readonly unmatched: boolean
  readonly references: readonly MatchReference[]
  /** Over `references`. */
  readonly measures: readonly Expr[]
  readonly output: readonly (
    | { readonly kind: 'column'; readonly column: number }
    | { readonly kind: 'measure'; readonly measure: number }
  )[]
  readonly fields: readonly Field[]
}
