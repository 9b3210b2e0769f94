/** Makes call nodes: operators, functions and special forms are all calls to the binder. */

import type { Span } from '../../engine/base/errors.ts'
import { VARCHAR } from '../../engine/batch/types.ts'
import type { Expression, Name } from '../ast.ts'

export type Call = Extract<Expression, { kind: 'call' }>

/** A call that is neither an aggregate nor over a window. */
export const callOf = (name: Name, args: readonly Expression[], at: Span): Call => ({
  kind: 'call',
  name,
  args,
  distinct: false,
  orderBy: [],
  at,
})

/** A string literal, e.g. the unit of EXTRACT. */
export const textOf = (value: string, at: Span): Expression => ({
  kind: 'literal',
  type: VARCHAR,
  value,
  at,
})

/** `NOT expression`, for the negated forms of LIKE, BETWEEN and quantifiers. */
export const notOf = (arg: Expression, word: Span): Call =>
  callOf({ text: 'NOT', at: word }, [arg], arg.at)
