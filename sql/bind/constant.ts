/** Expressions whose value is known while planning. */

import type { EpochClock } from '../../engine/base/clock.ts'
import { asSqlError, SqlError } from '../../engine/base/errors.ts'
import { EPOCH_ZERO, interpret } from '../../engine/expr/interpret.ts'
import type { Expr, Value } from '../../engine/expr/ir.ts'

/** The value of an expression without columns. An error of the evaluation points at the
 *  expression if it says no place itself. `clock` is for CURRENT_TIMESTAMP and the like. */
export function evaluate(expr: Expr, clock: EpochClock = EPOCH_ZERO): Value {
  if (expr.kind === 'literal') return expr.value
  try {
    return interpret(expr, [], clock)
  } catch (error) {
    const { code, message, at, hint } = asSqlError(error)
    throw new SqlError(code, message, { at: at ?? expr.at, hint, cause: error })
  }
}
