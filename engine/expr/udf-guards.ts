/** When a call of a user function inside an expression is evaluated at all. Such calls are made for
 *  a whole batch before the expression is; what stands behind a CASE, AND, OR or COALESCE must be
 *  called for those rows only that would have reached it. */

import { BOOLEAN } from '../batch/types.ts'
import { type CallExpr, childrenOf, type Expr, flattened, USER_CALL } from './ir.ts'

/** The conditions that are all TRUE where the call is evaluated; none: always. */
export type Guard = readonly Expr[]

const hasCall = new WeakMap<Expr, boolean>()

/** Whether a JavaScript function is called anywhere in it. */
export function hasUserCall(expr: Expr): boolean {
  if (expr.kind === 'column' || expr.kind === 'literal') return false
  const known = hasCall.get(expr)
  if (known !== undefined) return known
  const found =
    (expr.kind === 'call' && expr.name === USER_CALL) || childrenOf(expr).some(hasUserCall)
  hasCall.set(expr, found)
  return found
}

/** Tells of every call with its guard, outermost only: the arguments belong to the call. */
export function eachUserCall(
  expr: Expr,
  guard: Guard,
  tell: (call: CallExpr, guard: Guard) => void,
): void {
  if (!hasUserCall(expr)) return
  if (expr.kind === 'case') {
    eachOfCase(expr, guard, tell)
    return
  }
  if (expr.kind === 'call' && expr.name === USER_CALL) {
    tell(expr, guard)
    return
  }
  const next = expr.kind === 'call' ? GOES_ON[expr.name] : undefined
  let inside = guard
  for (const part of partsOf(expr)) {
    eachUserCall(part, inside, tell)
    if (next !== undefined) inside = [...inside, test(next, part)]
  }
}

/** What must be TRUE of a part for the next one to be evaluated. */
const GOES_ON: Readonly<Record<string, string>> = {
  AND: 'IS NOT FALSE',
  OR: 'IS NOT TRUE',
  COALESCE: 'IS NULL',
}

function partsOf(expr: Expr): readonly Expr[] {
  const isChain = expr.kind === 'call' && (expr.name === 'AND' || expr.name === 'OR')
  return isChain ? flattened(expr, expr.name as 'AND' | 'OR') : childrenOf(expr)
}

function eachOfCase(
  { branches, otherwise }: Extract<Expr, { kind: 'case' }>,
  guard: Guard,
  tell: (call: CallExpr, guard: Guard) => void,
): void {
  let inside = guard
  for (const { when, then } of branches) {
    eachUserCall(when, inside, tell)
    eachUserCall(then, [...inside, when], tell)
    inside = [...inside, test('IS NOT TRUE', when)]
  }
  eachUserCall(otherwise, inside, tell)
}

const test = (name: string, arg: Expr): CallExpr => ({
  kind: 'call',
  name,
  args: [arg],
  type: BOOLEAN,
})

/** The guard as one condition; undefined: always. */
export function conditionOf(guard: Guard): Expr | undefined {
  if (guard.length < 2) return guard[0]
  return { kind: 'call', name: 'AND', args: guard, type: BOOLEAN }
}

/** TRUE where either is. */
export function eitherOf(a: Expr | undefined, b: Expr | undefined): Expr | undefined {
  if (a === undefined || b === undefined) return undefined
  return a === b ? a : { kind: 'call', name: 'OR', args: [a, b], type: BOOLEAN }
}
