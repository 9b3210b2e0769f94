/** Short texts for trees, so that tests can say what they expect in a line. */

import { typeName } from '../../../engine/batch/types.ts'
import type { Expression, Over } from '../../../sql/ast.ts'

/** `(+ a (* b 2))`; literals as SQL would show them, types only where they are not obvious. */
export function printExpression(value: Expression): string {
  switch (value.kind) {
    case 'name':
      return value.path.map((part) => part.text).join('.')
    case 'literal':
      return typeof value.value === 'string' ? `'${value.value}'` : String(value.value)
    case 'star':
      return '*'
    case 'cast':
      return `(${value.safe ? 'try-cast' : 'cast'} ${printExpression(value.arg)} ${typeName(value.type)})`
    case 'case':
      return `(case ${[
        ...(value.operand === undefined ? [] : [printExpression(value.operand)]),
        ...value.branches.map((b) => `${printExpression(b.when)}: ${printExpression(b.then)}`),
        ...(value.otherwise === undefined ? [] : [`else ${printExpression(value.otherwise)}`]),
      ].join(', ')})`
    case 'in':
      return `(${value.negated ? 'not in' : 'in'} ${[value.arg, ...value.list].map(printExpression).join(' ')})`
    case 'in-query':
      return `(${value.negated ? 'not in' : 'in'} ${printExpression(value.arg)} query)`
    case 'exists':
      return value.negated ? '(not exists query)' : '(exists query)'
    case 'subquery':
      return 'query'
    case 'call':
      return printCall(value)
  }
}

function printCall(value: Extract<Expression, { kind: 'call' }>): string {
  const parts = [value.name.text, ...value.args.map(printExpression)]
  if (value.distinct) parts.splice(1, 0, 'distinct')
  if (value.orderBy.length > 0) parts.push(`order(${value.orderBy.map(printOrder).join(', ')})`)
  if (value.filter !== undefined) parts.push(`filter(${printExpression(value.filter)})`)
  if (value.over !== undefined) parts.push(printOver(value.over))
  return `(${parts.join(' ')})`
}

const printOrder = (item: Over['orderBy'][number]): string =>
  `${printExpression(item.value)} ${item.descending ? 'desc' : 'asc'} ${item.nullsFirst ? 'first' : 'last'}`

export function printOver({ partitionBy, orderBy, frame }: Over): string {
  const bound = (side: 'from' | 'to') => {
    const { kind, ...rest } = frame![side]
    return 'by' in rest ? `${printExpression(rest.by)} ${kind}` : kind
  }
  const parts = [
    ...partitionBy.map((value) => `by ${printExpression(value)}`),
    ...orderBy.map((item) => `order ${printOrder(item)}`),
    ...(frame === undefined ? [] : [`${frame.unit} ${bound('from')} to ${bound('to')}`]),
  ]
  return `over(${parts.join(', ')})`
}
