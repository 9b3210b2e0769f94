/** The type that several expressions meet at. */

import { fail, type Span } from '../base/errors.ts'
import { type DataType, typeName } from '../batch/types.ts'
import { coerce, commonType } from './coerce.ts'
import type { Expr } from './ir.ts'

/** The common type of expressions, literals adapting to the others; undefined if there is none. */
export function meetingType(exprs: readonly Expr[]): DataType | undefined {
  const all = commonType(exprs.map((expr) => expr.type))
  if (all !== undefined) return all
  const fixed = exprs.filter((expr) => expr.kind !== 'literal' || expr.type.kind !== 'varchar')
  const type = commonType(fixed.map((expr) => expr.type))
  const fits = type !== undefined && exprs.every((expr) => coerce(expr, type) !== undefined)
  return fits ? type : undefined
}

/** As `meetingType`; TYPE_MISMATCH, at the first expression that does not fit, if there is none. */
export function commonOf(exprs: readonly Expr[], what: string, at?: Span): DataType {
  const type = meetingType(exprs)
  if (type !== undefined) return type
  const fits = (count: number) => meetingType(exprs.slice(0, count)) !== undefined
  const culprit = exprs.find((_, i) => !fits(i + 1))
  const types = [...new Set(exprs.map((expr) => typeName(expr.type)))].join(', ')
  fail('TYPE_MISMATCH', `The values of ${what} have no common type: ${types}`, {
    at: culprit?.at ?? at,
    hint: 'CAST one of them.',
  })
}
