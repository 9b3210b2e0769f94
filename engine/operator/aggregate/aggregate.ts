/** The contract of an aggregate function. Its state is a few array elements ("slots") per group;
 *  what it does to them is code, placed into the generated loop of the aggregating operator. An
 *  aggregate is add, merge and value; a negative weight removes. DISTINCT and FILTER are not its
 *  business: `aggregate-slots.ts` decides which rows it sees. */

import type { DataType } from '../../batch/types.ts'
import type { LoopCode } from '../../expr/codegen.ts'
import type { Emitted } from '../../expr/emitted.ts'
import type { ArrayKind } from '../../state/group-table.ts'
import type { AggregateCall } from '../nodes.ts'

/** One array element per group. An 'f64' also holds exact integers below 2^53; 'js' holds any value
 *  that structured clone takes, and undefined in a fresh group. */
export interface Slot {
  readonly name: string
  readonly kind: ArrayKind
  /** What a fresh group holds. */
  readonly initial: number
}

/** Where the code goes and what it works on. */
export interface AggregateCode {
  readonly code: LoopCode
  readonly call: AggregateCall
  /** The types of the arguments. */
  readonly args: readonly DataType[]
  /** The group's element of a slot, assignable: `sum[g]`. */
  slot(name: string): string
}

export interface AddCode extends AggregateCode {
  /** The arguments, none NULL here unless the function takes NULLs. Empty for COUNT(*). */
  readonly values: readonly Emitted[]
  /** The keys of the call's ORDER BY; may be NULL. */
  readonly order: readonly Emitted[]
  /** The row's weight, a JavaScript expression; '1' on append-only input. */
  readonly weight: string
}

export interface MergeCode extends AggregateCode {
  /** The other group's element of a slot. What is in a 'js' slot must be copied, not shared. */
  other(name: string): string
}

/** One way of keeping an aggregate. */
export interface AggregateForm {
  slots(args: readonly DataType[]): readonly Slot[]
  /** Emits statements that add one row; a negative weight removes it. */
  add(add: AddCode): void
  /** Emits statements that add another group's rows to this one's. */
  merge(merge: MergeCode): void
  /** Emits the result. Of a nested type it is a scalar that holds a `Value`. */
  value(code: AggregateCode): Emitted
}

export interface AggregateFunction extends AggregateForm {
  readonly name: string
  readonly doc: string
  readonly example: string
  /** The result type for these argument types; undefined if the function does not take them. */
  result(args: readonly DataType[]): DataType | undefined
  /** Whether it is NULL over no rows (COUNT is 0). */
  readonly nullable: boolean
  /** How it is kept where rows can be retracted, if not like over append-only input. */
  readonly overChanges?: AggregateForm
  /** It sees rows whose argument is NULL too. */
  readonly takesNulls?: boolean
  /** The answer is the same with and without DISTINCT. */
  readonly ignoresDistinct?: boolean
  /** It takes ORDER BY among its arguments. */
  readonly ordered?: boolean
  /** Arguments from this position on must be constants. */
  readonly constantsFrom?: number
  /** Refuses constants that make no sense; raises INVALID_ARGUMENT. */
  check?(call: AggregateCall): void
}
