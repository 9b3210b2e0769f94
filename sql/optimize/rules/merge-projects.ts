/** Makes one projection of two, and drops projections that change nothing. */

import { isDeterministic } from '../../../engine/expr/facts.ts'
import { childrenOf, type Expr } from '../../../engine/expr/ir.ts'
import { makeProject } from '../../logical/make.ts'
import { fieldsOf, type LogicalNode, type ProjectNode } from '../../logical/node.ts'
import { substitute } from '../../logical/substitute.ts'
import { mapNode } from '../../logical/visit.ts'
import type { Rule } from '../rule.ts'

export const mergeProjects: Rule = {
  name: 'merge-projects',
  apply: (root) => mapNode(root, (node) => (node.kind === 'project' ? merge(node) : node)),
}

function merge(node: ProjectNode): LogicalNode {
  const { input } = node
  if (input.kind === 'project' && canInline(node.exprs, input.exprs)) {
    const exprs = node.exprs.map((expr) => substitute(expr, (index) => input.exprs[index]))
    return merge(makeProject(input.input, exprs, fieldsOf(node)))
  }
  return isIdentity(node) ? input : node
}

/** Whether no work is done more often than before, and nothing that reads the clock is moved. */
export function canInline(outer: readonly Expr[], inner: readonly Expr[]): boolean {
  const uses = new Array<number>(inner.length).fill(0)
  const count = (expr: Expr): void => {
    if (expr.kind === 'column') uses[expr.index]++
    for (const child of childrenOf(expr)) count(child)
  }
  for (const expr of outer) count(expr)
  return inner.every((expr, i) => isTrivial(expr) || (uses[i] <= 1 && isDeterministic(expr)))
}

const isTrivial = (expr: Expr): boolean => expr.kind === 'column' || expr.kind === 'literal'

/** Every column as it is, under the name that it has. */
function isIdentity({ exprs, input, schema }: ProjectNode): boolean {
  const { fields } = input.schema
  return (
    exprs.length === fields.length &&
    exprs.every((expr, i) => expr.kind === 'column' && expr.index === i) &&
    schema.fields.every((field, i) => field.name === fields[i].name)
  )
}
