/** The nodes of joins: plain data, as all of `nodes.ts`. */

import type { Field, Schema } from '../batch/schema.ts'
import type { Expr } from '../expr/ir.ts'

export type JoinKind = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti'

/** A join on equal keys and a condition on what is left. Output: the left columns, then the right
 *  ones (semi and anti: the left ones). The columns of a side that can be missing are nullable. No
 *  keys: every pair is tried (cross join, pure non-equi join). */
export interface JoinNode {
  readonly join: JoinKind
  /** Over the left and the right input; pairwise of one type. */
  readonly leftKeys: readonly Expr[]
  readonly rightKeys: readonly Expr[]
  /** Per key: NULL matches NULL (IS NOT DISTINCT FROM, set operations). */
  readonly nullSafe: readonly boolean[]
  /** Over the left columns, then the right ones. */
  readonly condition?: Expr | undefined
  /** NOT IN: a NULL key on either side makes the answer unknown, so such a left row is dropped, and
   *  all are while the right side has a NULL key. Only with `anti`. */
  readonly nullAware: boolean
  /** rightTime - leftTime is within [lowerUs, upperUs] for every match (implied by the keys or the
   *  condition): a row is forgotten when the other side's watermark has passed its last partner. A
   *  window join is the case of equal window_time columns and [0, 0]. */
  readonly interval?:
    | {
        readonly leftTime: number
        readonly rightTime: number
        readonly lowerUs: number
        readonly upperUs: number
      }
    | undefined
  readonly fields: readonly Field[]
  /** Rows are forgotten so long after they came, each by itself; a row keeps the partners that it
   *  had. Not with an interval and not of NOT IN. */
  readonly stateTtlUs?: number | undefined
}

/** FOR SYSTEM_TIME AS OF: each left row with the version of the right row that was current.
 *  'event': at the left row's event time, by watermarks of both sides; right rows, in their
 *  order, are versions by key, and retractions of the right side end a version
 *  (`UpsertNode.versions`). 'processing': at the epoch that reads the left row; later changes of
 *  the right side change nothing; a left row that is taken back goes with what it met. Output:
 *  left, then right columns. */
export interface TemporalJoinNode {
  readonly join: 'inner' | 'left'
  readonly time:
    | { readonly kind: 'event'; readonly leftTime: number; readonly rightTime: number }
    | { readonly kind: 'processing' }
  readonly leftKeys: readonly Expr[]
  readonly rightKeys: readonly Expr[]
  /** As in JoinNode; absent: a NULL matches nothing. */
  readonly nullSafe?: readonly boolean[] | undefined
  /** Of versions of a key with equal times counts the last one to come (if absent), the first one,
   *  or the greatest by its columns. */
  readonly ties?: VersionTies | undefined
  /** In event time: the version from just before the left row's time. */
  readonly before?: boolean | undefined
  readonly condition?: Expr | undefined
  readonly fields: readonly Field[]
}

/** What a lookup join keeps of its answers. */
export interface LookupCacheSpec {
  readonly maxRows: number
  /** undefined: for ever. */
  readonly expireAfterWriteUs?: number | undefined
  /** It is also kept that a key has no row. */
  readonly cachesMissing: boolean
}

/** What a lookup join itself knows of the table. */
export interface LookupTable {
  readonly name: string
  readonly connector: string
  readonly schema: Schema
}

/** A lookup in a table outside, in processing time. One input; a row that is taken back goes with
 *  what it met. Output: its columns, then those of `exprs`. */
export interface LookupJoinNode {
  readonly join: 'inner' | 'left'
  /** The whole TableSpec, which whoever asks needs. */
  readonly table: LookupTable
  /** Stored columns of the table, and over the input what they must be equal to. */
  readonly keys: readonly number[]
  readonly leftKeys: readonly Expr[]
  /** Stored columns of the table that are asked for. */
  readonly columns: readonly number[]
  /** Over those: which rows are taken, and what is joined of them. */
  readonly filter?: Expr | undefined
  readonly exprs: readonly Expr[]
  readonly rightFields: readonly Field[]
  /** Over the input's columns, then those of `exprs`. */
  readonly condition?: Expr | undefined
  readonly cache?: LookupCacheSpec | undefined
  readonly fields: readonly Field[]
}

export type VersionTies = 'last' | 'first' | 'greatest'

/** ASOF JOIN: each left row with one right row of equal keys, the nearest one for which
 *  `leftValue comparison rightValue` holds; of several with that value the greatest one by its
 *  columns. A NULL value matches nothing. Output: left columns, right columns. */
export interface AsofJoinNode {
  readonly join: 'inner' | 'left'
  readonly comparison: '>=' | '>' | '<=' | '<'
  readonly leftKeys: readonly Expr[]
  readonly rightKeys: readonly Expr[]
  readonly nullSafe: readonly boolean[]
  /** Over the left and the right input; of one type. */
  readonly leftValue: Expr
  readonly rightValue: Expr
  /** The values are these event-time columns: rows are let go when the watermarks have passed, and
   *  append-only inputs give each left row once. */
  readonly time?: { readonly leftTime: number; readonly rightTime: number } | undefined
  readonly fields: readonly Field[]
}
