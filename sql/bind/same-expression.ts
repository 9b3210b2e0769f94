/** Whether two syntax trees say the same, wherever they stand. */

import type { Expression } from '../ast.ts'

const texts = new WeakMap<Expression, string>()

function textOf(expression: Expression): string {
  const known = texts.get(expression)
  if (known !== undefined) return known
  const text = JSON.stringify(expression, (key, value: unknown) => {
    if (key === 'at') return undefined
    return typeof value === 'bigint' ? `${value}n` : value
  })
  texts.set(expression, text)
  return text
}

/** Names count as they are written. */
export const sameExpression = (a: Expression, b: Expression): boolean =>
  a.kind === b.kind && textOf(a) === textOf(b)
