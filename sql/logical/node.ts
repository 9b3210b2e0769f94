/** The logical plan: what a query means, before how it runs. Immutable. Nodes are made only by the
 *  `make*.ts` files, which work out `schema` and `traits`; every kind is its own interface, so that
 *  a new one is a new member of the union and the compiler lists the places that must know it. */

import type { Field, Schema } from '../../engine/batch/schema.ts'
import type { Expr, Value } from '../../engine/expr/ir.ts'
import type {
  AggregateCall,
  AsofJoinNode as AsofSpec,
  EmitPolicy,
  ExpandNode as ExpandSpec,
  JoinKind,
  JoinNode as JoinSpec,
  MatchNode as MatchSpec,
  OverCall,
  ProcessingTimeNode as ProcessingTimeSpec,
  RankNode as RankSpec,
  SortKey,
  TemporalFilterNode as TemporalFilterSpec,
  UnnestNode as UnnestSpec,
  WindowColumn,
  WindowSpec,
} from '../../engine/operator/nodes.ts'
import type { TableSpec } from '../../engine/source/table.ts'

/** An output column that is a bound of the window its row is in. */
export interface WindowProperty {
  readonly column: number
  readonly role: WindowColumn
  readonly window: WindowSpec
}

/** What is known of a node's output. */
export interface Traits {
  /** No retraction will ever come. */
  readonly appendOnly: boolean
  /** Sets of columns, each unique among the current rows. [] means that there is at most one
   *  row. */
  readonly keys: readonly (readonly number[])[]
  /** Event-time attributes: no later row has a value below the watermark. */
  readonly timeColumns: readonly number[]
  readonly windowColumns: readonly WindowProperty[]
  /** Columns that hold the time at which their row is processed (`PROCTIME()`). */
  readonly processingColumns: readonly number[]
  /** Some source below has a watermark. */
  readonly watermarked: boolean
}

interface Base {
  readonly schema: Schema
  readonly traits: Traits
}

/** Columns of a table, in any order. */
export interface ScanNode extends Base {
  readonly kind: 'scan'
  readonly table: TableSpec
  readonly columns: readonly number[]
  /** Sets of the table's columns, each unique among its rows. */
  readonly tableKeys: readonly (readonly number[])[]
}

export interface ValuesNode extends Base {
  readonly kind: 'values'
  readonly rows: readonly (readonly Value[])[]
}

export interface FilterNode extends Base {
  readonly kind: 'filter'
  readonly input: LogicalNode
  readonly predicate: Expr
}

export interface ProjectNode extends Base {
  readonly kind: 'project'
  readonly input: LogicalNode
  readonly exprs: readonly Expr[]
}

/** The windowing table function; its three columns follow the input's. */
export interface WindowNode extends Base {
  readonly kind: 'window'
  readonly input: LogicalNode
  readonly window: WindowSpec
  readonly timeColumn: number
  /** Of SESSION: the columns whose equal rows share sessions. Absent: the keys of the aggregate
   *  that follows. */
  readonly partitionBy?: readonly number[] | undefined
  /** See the operator's node; said when the plan is lowered. */
  readonly speaksOpen?: boolean
}

/** Unwindowed GROUP BY, and DISTINCT (no aggregates). Output: keys, aggregates. */
export interface AggregateNode extends Base {
  readonly kind: 'aggregate'
  readonly input: LogicalNode
  readonly keys: readonly Expr[]
  readonly aggregates: readonly AggregateCall[]
}

/** Windowed GROUP BY. Output: keys, aggregates, window columns. */
export interface WindowAggregateNode extends Base {
  readonly kind: 'window-aggregate'
  readonly input: LogicalNode
  readonly window: WindowSpec
  /** Any column whose value lies in the row's window: the event time, or `window_start`. */
  readonly timeColumn: number
  /** The rows have their windows already, in columns: these. `timeColumn` is then the first of
   *  them. Absent: the aggregate assigns the windows (or a tumbling one, which it finds again). */
  readonly attached?: { readonly start: number; readonly end: number } | undefined
  readonly keys: readonly Expr[]
  readonly aggregates: readonly AggregateCall[]
  readonly windowColumns: readonly WindowColumn[]
  /** undefined: not said yet; the query's EMIT decides, and without one it is `close`. */
  readonly emit?: EmitPolicy | undefined
}

export interface SortNode extends Base {
  readonly kind: 'sort'
  readonly input: LogicalNode
  readonly keys: readonly SortKey[]
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

/** A join of any kind. Its keys and its bounds in time are found in the condition, whenever the
 *  node is made. Output: left columns, right columns; `semi` and `anti`: left columns. */
export interface JoinNode extends Base {
  readonly kind: 'join'
  readonly join: JoinKind
  readonly left: LogicalNode
  readonly right: LogicalNode
  /** Over the left columns, then the right ones. Absent: every pair matches. */
  readonly on?: Expr | undefined
  readonly nullAware: boolean
  readonly parts: JoinParts
}

/** What the operator is told of a join's condition. */
export type JoinParts = Pick<
  JoinSpec,
  'leftKeys' | 'rightKeys' | 'nullSafe' | 'condition' | 'interval'
>

/** FOR SYSTEM_TIME AS OF. */
export interface TemporalJoinNode extends Base {
  readonly kind: 'temporal-join'
  readonly join: 'inner' | 'left'
  readonly left: LogicalNode
  readonly right: LogicalNode
  readonly on: Expr
  /** Absent: as of the epoch that reads the left row. */
  readonly time?: { readonly leftTime: number; readonly rightTime: number } | undefined
  readonly parts: JoinParts
}

/** ASOF JOIN. Its keys and its comparison are found in the condition, whenever the node is made. */
export interface AsofJoinNode extends Base {
  readonly kind: 'asof-join'
  readonly join: 'inner' | 'left'
  readonly left: LogicalNode
  readonly right: LogicalNode
  /** Over the left columns, then the right ones. */
  readonly on: Expr
  readonly parts: AsofParts
}

/** What the operator is told of an ASOF join's condition. */
export type AsofParts = Omit<AsofSpec, 'join' | 'fields'>

/** UNION ALL. Both sides have the same types. */
export interface UnionNode extends Base {
  readonly kind: 'union'
  readonly left: LogicalNode
  readonly right: LogicalNode
}

/** INTERSECT and EXCEPT. Both sides have the same types. */
export interface SetOperationNode extends Base {
  readonly kind: 'set-operation'
  readonly operator: 'intersect' | 'except'
  readonly all: boolean
  readonly left: LogicalNode
  readonly right: LogicalNode
}

/** The rows of certain ranks in each partition; the rank, if asked for, is the last column. */
export interface RankNode extends Base, Omit<RankSpec, 'fields' | 'windowEnd'> {
  readonly kind: 'rank'
  readonly input: LogicalNode
}

/** Window functions over one partitioning and order; one column per call follows the input's. */
export interface OverNode extends Base {
  readonly kind: 'over'
  readonly input: LogicalNode
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly SortKey[]
  readonly calls: readonly OverCall[]
  /** See the operator's node. */
  readonly timeColumn?: number | undefined
}

/** GROUPING SETS: input columns, keys, number of the set. */
export interface ExpandNode extends Base, Omit<ExpandSpec, 'fields'> {
  readonly kind: 'expand'
  readonly input: LogicalNode
}

/** UNNEST: input columns, the element's columns, its position if asked for. */
export interface UnnestNode extends Base, Omit<UnnestSpec, 'fields'> {
  readonly kind: 'unnest'
  readonly input: LogicalNode
}

/** A condition on the passing of time. */
export interface TemporalFilterNode extends Base, TemporalFilterSpec {
  readonly kind: 'temporal-filter'
  readonly input: LogicalNode
}

/** From here on time is the clock of the epoch, not that of the rows. */
export interface ProcessingTimeNode extends Base, ProcessingTimeSpec {
  readonly kind: 'processing-time'
  readonly input: LogicalNode
}

/** MATCH_RECOGNIZE. Its expressions are over what it refers to, not over the input's columns, but
 *  for PARTITION BY, ORDER BY and what aggregates add up. */
export interface MatchNode extends Base, Omit<MatchSpec, 'fields'> {
  readonly kind: 'match'
  readonly input: LogicalNode
}

export type LogicalNode =
  | ScanNode
  | ValuesNode
  | FilterNode
  | ProjectNode
  | WindowNode
  | AggregateNode
  | WindowAggregateNode
  | SortNode
  | WideNode

export type LogicalKind = LogicalNode['kind']

export const fieldsOf = (node: LogicalNode): readonly Field[] => node.schema.fields

/** Joins, set operations, order, and the nodes that multiply rows or let them age out. */
export type WideNode =
  | JoinNode
  | TemporalJoinNode
  | AsofJoinNode
  | UnionNode
  | SetOperationNode
  | RankNode
  | OverNode
  | ExpandNode
  | UnnestNode
  | TemporalFilterNode
  | ProcessingTimeNode
  | MatchNode

/** The columns that a node adds behind its input's. */
export const addedTo = (node: ExpandNode | UnnestNode | OverNode | RankNode): readonly Field[] =>
  fieldsOf(node).slice(node.input.schema.fields.length)
