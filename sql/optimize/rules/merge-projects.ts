/** Makes one projection of two, and drops projections that change nothing. */

import { canInline } from '../../logical/inline.ts'
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

/** Every column as it is, under the name that it has. */
function isIdentity({ exprs, input, schema }: ProjectNode): boolean {
  const { fields } = input.schema
  return (
    exprs.length === fields.length &&
    exprs.every((expr, i) => expr.kind === 'column' && expr.index === i) &&
    schema.fields.every((field, i) => field.name === fields[i].name)
  )
}
