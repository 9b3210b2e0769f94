/** What the calls of DEFINE and MEASURES take, and where they stand. */

import { fail } from '../../engine/base/errors.ts'
import type { Expression } from '../ast.ts'
import type { CallExpression } from './bind-expression.ts'
import { mapExpression } from './map-expression.ts'

/** Where an expression stands. */
export interface MatchPart {
  readonly name: 'DEFINE' | 'MEASURES'
  /** Of DEFINE: the variable that the condition is of. */
  readonly variable: number | undefined
  readonly final: boolean
}

/** `a.*` */
export const isStar = (name: Extract<Expression, { kind: 'name' }>): boolean =>
  name.path.length === 2 && name.path[1].text === '*' && name.path[1].quoted !== true

/** COUNT(a.*) counts rows; other aggregates take no star. */
export function starOf(call: CallExpression): CallExpression {
  const star = call.args.find((arg) => arg.kind === 'name' && isStar(arg))
  if (star === undefined || call.name.text.toUpperCase() === 'COUNT') return call
  return fail('INVALID_AGGREGATE', `${call.name.text}(a.*) is not an aggregate; COUNT(a.*) is`, {
    at: star.at,
  })
}

/** RUNNING and FINAL inside PREV and NEXT. */
export function semanticsOf(
  call: CallExpression | undefined,
  clause: MatchPart,
): readonly [MatchPart, CallExpression | undefined] {
  const name = call?.name.text.toUpperCase()
  if (call === undefined || (name !== 'FINAL' && name !== 'RUNNING')) return [clause, call]
  const [inner] = call.args
  if (name === 'FINAL' && clause.name === 'DEFINE') {
    fail('INVALID_ARGUMENT', 'FINAL cannot stand in DEFINE: the match is not complete there', {
      at: call.name.at,
    })
  }
  return [{ ...clause, final: name === 'FINAL' }, inner.kind === 'call' ? inner : undefined]
}

/** A value and perhaps an offset. */
export function takesTwo(call: CallExpression): readonly [Expression, Expression | undefined] {
  const { args, name, at } = call
  if (args.length === 1 || args.length === 2) return [args[0], args[1]]
  return fail('INVALID_ARGUMENT', `${name.text.toUpperCase()} takes a value and an offset`, { at })
}

/** Refuses arguments. */
export function noArguments(call: CallExpression): void {
  plain(call)
  if (call.args.length === 0) return
  fail('INVALID_ARGUMENT', `${call.name.text} takes no arguments`, { at: call.at })
}

/** Refuses what only aggregates take. */
export function plain({ name, distinct, filter, orderBy, at }: CallExpression): void {
  if (!distinct && filter === undefined && orderBy.length === 0) return
  fail('INVALID_AGGREGATE', `${name.text} takes no DISTINCT, FILTER or ORDER BY`, { at })
}

/** Whether the expression reads a column. */
export function containsName(expression: Expression): boolean {
  let found = false
  mapExpression(expression, (part) => {
    found ||= part.kind === 'name'
    return undefined
  })
  return found
}
