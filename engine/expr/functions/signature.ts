/** The usual ways a function picks its signature. */

import { BOOLEAN, type DataType, DOUBLE, isNumeric } from '../../batch/types.ts'
import { coerce, isImplicit } from '../coerce.ts'
import type { PlainFunction, Signature } from '../function.ts'
import type { Expr } from '../ir.ts'

type Resolve = PlainFunction['resolve']

/** Fixed signatures, tried in order: first those the types convert to by themselves, then those
 *  that literals adapt to. */
export const oneOf =
  (...signatures: readonly (readonly [readonly DataType[], DataType])[]): Resolve =>
  (args) => {
    const fitting = signatures.filter(([wanted]) => wanted.length === args.length)
    const found =
      fitting.find(([wanted]) => wanted.every((type, i) => isImplicit(args[i].type, type))) ??
      fitting.find(([wanted]) => wanted.every((type, i) => coerce(args[i], type) !== undefined))
    return found && { args: found[0], type: found[1] }
  }

/** Any number (from `fewest`) of arguments of one type. */
export const manyOf =
  (type: DataType, result: DataType, fewest: number): Resolve =>
  (args) =>
    args.length >= fewest && args.every((arg) => coerce(arg, type) !== undefined)
      ? { args: args.map(() => type), type: result }
      : undefined

/** One argument of any type. */
export const anyOne =
  (result: DataType): Resolve =>
  (args) =>
    args.length === 1 ? { args: [args[0].type], type: result } : undefined

/** Functions of doubles: every number, and text literals that spell one. */
export const doubles = (count: number): Resolve =>
  oneOf([Array.from({ length: count }, () => DOUBLE), DOUBLE])

/** Booleans to a boolean, any number from `fewest` to `most`. */
export const booleans =
  (fewest: number, most: number): Resolve =>
  (args) =>
    args.length >= fewest && args.length <= most
      ? { args: args.map(() => BOOLEAN), type: BOOLEAN }
      : undefined

/** One number, and the result is of its type. Text literals become DOUBLE, NULL too. */
export const sameNumber: Resolve = (args) => {
  if (args.length !== 1) return undefined
  const type = numberType(args[0])
  return type && ({ args: [type], type } satisfies Signature)
}

/** The numeric type an argument is taken as; undefined if it is none. */
export function numberType(arg: Expr): DataType | undefined {
  if (isNumeric(arg.type)) return arg.type
  return coerce(arg, DOUBLE) === undefined ? undefined : DOUBLE
}
