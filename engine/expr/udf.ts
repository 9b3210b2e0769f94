/** User functions: what CREATE FUNCTION makes. A call of a JavaScript function carries the whole
 *  function, so that a plan needs no catalog to run. */

import { fail } from '../base/errors.ts'
import { type DataType, typeName } from '../batch/types.ts'
import type { CallExpr, Expr } from './ir.ts'

export interface Parameter {
  readonly name: string
  readonly type: DataType
}

interface Signature {
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly returns: DataType
  /** NULL if an argument is: RETURNS NULL ON NULL INPUT. */
  readonly strict: boolean
}

export interface JavascriptFunction extends Signature {
  readonly language: 'javascript'
  readonly source: string
}

export interface SqlFunction extends Signature {
  readonly language: 'sql'
  /** Over the parameters: column i is parameter i. Its type is `returns`. */
  readonly body: Expr
}

export type UserFunction = JavascriptFunction | SqlFunction

/** `f(x DOUBLE, n INT)` */
export const signatureText = ({ name, parameters }: UserFunction): string =>
  `${name}(${parameters.map((p) => `${p.name} ${typeName(p.type)}`).join(', ')})`

/** The function that a USER_CALL carries. */
export function calledFunction({ args: [carried] }: CallExpr): JavascriptFunction {
  if (carried?.kind !== 'literal' || typeof carried.value !== 'string') {
    return fail('INTERNAL', 'a call without its function')
  }
  return JSON.parse(carried.value) as JavascriptFunction
}

/** Its arguments. */
export const argumentsOf = ({ args }: CallExpr): readonly Expr[] => args.slice(1)
