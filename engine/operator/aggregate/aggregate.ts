/** The contract of an aggregate function. Its state is a few typed-array slots per group; what it
 *  does to them is code, placed into the generated loop of the aggregating operator. An aggregate
 *  is add, remove, merge and value; without `remove` it takes append-only input only. */

import type { DataType } from '../../batch/types.ts'

/** One value per group. 'f64' also holds exact integers below 2^53. */
export interface Slot {
  readonly name: string
  readonly array: 'f64' | 'i32' | 'u8'
  /** What a fresh group holds. */
  readonly initial: number
}

/** JavaScript expressions to build code from. */
export interface AggregateCode {
  /** The group's element of a slot, assignable: `sum[g]`. */
  slot(name: string): string
  /** The argument's value, never NULL here; absent for COUNT(*). */
  readonly value: string
  /** The row's weight: '1' on append-only input. */
  readonly weight: string
}

export interface AggregateFunction {
  readonly name: string
  readonly doc: string
  readonly example: string
  /** The result type for these argument types; undefined if the function does not take them. */
  result(args: readonly DataType[]): DataType | undefined
  /** Whether it is NULL over no rows (COUNT is 0). */
  readonly nullable: boolean
  /** Whether it takes retractions. */
  readonly retractable: boolean
  slots(args: readonly DataType[]): readonly Slot[]
  /** Statements that add one row (or, by a negative weight, remove it). */
  add(code: AggregateCode, args: readonly DataType[]): string
  /** Statements that add the group `from` of another table of the same slots into this one. */
  merge(into: AggregateCode, from: AggregateCode, args: readonly DataType[]): string
  /** The result: a value expression and whether it is NULL, both JavaScript. */
  value(code: AggregateCode, args: readonly DataType[]): { value: string; isNull: string }
}
