/** The slow reference: evaluates an expression on one row by walking it. What generated code gives
 *  must equal what this gives. */

import type { EpochClock } from '../base/clock.ts'
import { castFunction } from './cast.ts'
import { functionOf } from './functions/index.ts'
import type { CallExpr, Expr, Value } from './ir.ts'

/** Time and chance outside an epoch: for constants and tests. */
export const EPOCH_ZERO: EpochClock = { epoch: 0, nowUs: 0, seed: 0 }

/** The value of `expr` where column i holds `row[i]`. Raises what the expression raises, with the
 *  place of the failing part. */
export function interpret(
  expr: Expr,
  row: readonly Value[],
  clock: EpochClock = EPOCH_ZERO,
): Value {
  switch (expr.kind) {
    case 'column':
      return row[expr.index]
    case 'literal':
      return expr.value
    case 'cast': {
      const value = interpret(expr.arg, row, clock)
      if (value === null) return null
      return castFunction(expr.arg.type, expr.type, expr.safe, expr.at)(value)
    }
    case 'case': {
      const taken = expr.branches.find((branch) => interpret(branch.when, row, clock) === true)
      return interpret(taken?.then ?? expr.otherwise, row, clock)
    }
    case 'call':
      return interpretCall(expr, row, clock)
  }
}

function interpretCall(call: CallExpr, row: readonly Value[], clock: EpochClock): Value {
  const entry = functionOf(call.name)
  if (entry.nulls === 'lazy') {
    return entry.lazy(call)(call.args.map((arg) => () => interpret(arg, row, clock)))
  }
  const args = call.args.map((arg) => interpret(arg, row, clock))
  if (entry.nulls === 'strict' && args.includes(null)) return null
  const apply = entry.evaluate(call) as (...args: unknown[]) => Value
  return entry.clock === true ? apply(clock, ...args) : apply(...args)
}
