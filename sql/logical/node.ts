/** The logical plan: what a query means, before how it runs. Immutable. Nodes are made only by
 *  `make.ts`, which works out `schema` and `traits`; every kind is its own interface, so that a new
 *  one (join, union, distinct, over, top-n) is a new member of the union and the compiler lists
 *  the places that must know it. */

import type { Field, Schema } from '../../engine/batch/schema.ts'
import type { Expr, Value } from '../../engine/expr/ir.ts'
import type {
  AggregateCall,
  EmitPolicy,
  SortKey,
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

export type LogicalNode =
  | ScanNode
  | ValuesNode
  | FilterNode
  | ProjectNode
  | WindowNode
  | AggregateNode
  | WindowAggregateNode
  | SortNode

export type LogicalKind = LogicalNode['kind']

export const fieldsOf = (node: LogicalNode): readonly Field[] => node.schema.fields
