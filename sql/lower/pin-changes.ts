/** What asks the clock or chance about rows that can be taken back must say the same again when
 *  they go. A projection can remember what it said (`pinned-project`); so whatever else asks is
 *  given a projection below it. */

import { fail } from '../../engine/base/errors.ts'
import { isDeterministic, isNullable } from '../../engine/expr/facts.ts'
import { childrenOf, type Expr, printExpr } from '../../engine/expr/ir.ts'
import { makeFilter, makeProject } from '../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { inputsOf, rebuild } from '../logical/visit.ts'

/** The node with a projection below it that answers what it asks of rows that change; the node
 *  itself if it asks nothing, is a projection, or no row changes. UNSUPPORTED for joins and for
 *  nodes that look at the order of rows. */
export function pinChanges(node: LogicalNode): LogicalNode {
  if (node.kind === 'project' || inputsOf(node).every(({ traits }) => traits.appendOnly))
    return node
  const asked: Expr[] = []
  rebuild(node, {
    expr: (expr) => {
      if (!isDeterministic(expr)) asked.push(expr)
      return expr
    },
  })
  if (asked.length === 0) return node
  if (node.kind === 'filter') return pinFilter(node)
  if (node.kind === 'aggregate' || node.kind === 'window-aggregate') return pinBelow(node, asked)
  return refuse(asked[0])
}

function pinFilter({ input, predicate }: Extract<LogicalNode, { kind: 'filter' }>): LogicalNode {
  const fields = fieldsOf(input)
  const own = fields.map((field, index): Expr => ({ kind: 'column', index, ...field }))
  const answer = { name: '$kept', type: predicate.type, nullable: isNullable(predicate) }
  const asking = makeProject(input, [...own, predicate], [...fields, answer])
  const kept = makeFilter(asking, { kind: 'column', index: fields.length, ...answer })
  return makeProject(kept, own, fields)
}

function pinBelow(
  node: Extract<LogicalNode, { kind: 'aggregate' | 'window-aggregate' }>,
  asked: readonly Expr[],
): LogicalNode {
  const fields = fieldsOf(node.input)
  const own = fields.map((field, index): Expr => ({ kind: 'column', index, ...field }))
  const answers = asked.map((expr, i) => ({
    name: `$asked${i}`,
    type: expr.type,
    nullable: isNullable(expr),
  }))
  const asking = makeProject(node.input, [...own, ...asked], [...fields, ...answers])
  return rebuild(node, {
    input: () => asking,
    expr: (expr) => {
      const place = asked.indexOf(expr)
      return place < 0
        ? expr
        : { kind: 'column', index: fields.length + place, ...answers[place], at: expr.at }
    },
  })
}

function refuse(asked: Expr): never {
  const culprit = askingPart(asked)
  const what = culprit.kind === 'call' ? `${culprit.name}()` : printExpr(culprit)
  fail('UNSUPPORTED', `${what} here, about rows that can change, is not supported`, {
    at: culprit.at,
    hint: 'Select it as a column in a subquery: each row keeps the value that it came with.',
  })
}

/** The innermost part that asks. */
function askingPart(expr: Expr): Expr {
  const inner = childrenOf(expr).find((part) => !isDeterministic(part))
  return inner === undefined ? expr : askingPart(inner)
}
