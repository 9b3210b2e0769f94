/** A condition on the versions of a temporal join is asked of the version that was current, so it
 *  goes into the join: a row that fails it still ends the version before. */

import { isDeterministic } from '../../../engine/expr/facts.ts'
import { columnsOf, type Expr } from '../../../engine/expr/ir.ts'
import { conjunction } from '../../logical/conjuncts.ts'
import { makeProject } from '../../logical/make.ts'
import { makeTemporalJoin } from '../../logical/make-join.ts'
import { fieldsOf, type LogicalNode, type TemporalJoinNode } from '../../logical/node.ts'
import { moveColumns, substitute } from '../../logical/substitute.ts'
import { isReplacing } from '../../logical/version-rows.ts'
import { mapNode } from '../../logical/visit.ts'
import type { Rule } from '../rule.ts'

export const liftVersionFilters: Rule = {
  name: 'lift-version-filters',
  apply: (root) =>
    mapNode(root, (node) =>
      node.kind === 'temporal-join' && node.time !== undefined ? lift(node) : node,
    ),
}

/** A right side as expressions over, and conditions on, rows that replace each other. */
interface Lifted {
  readonly rows: LogicalNode
  readonly exprs: readonly Expr[]
  readonly conditions: readonly Expr[]
}

const columnsIn = (node: LogicalNode): Expr[] =>
  fieldsOf(node).map((field, index) => ({ kind: 'column', index, ...field }))

function takeApart(node: LogicalNode): Lifted | undefined {
  if (isReplacing(node)) return { rows: node, exprs: columnsIn(node), conditions: [] }
  if (node.kind !== 'project' && node.kind !== 'filter') return undefined
  const below = takeApart(node.input)
  if (below === undefined) return undefined
  const own = (expr: Expr) => substitute(expr, (index) => below.exprs[index])
  if (node.kind === 'project') return { ...below, exprs: node.exprs.map(own) }
  if (!isDeterministic(node.predicate)) return undefined
  return { ...below, conditions: [...below.conditions, own(node.predicate)] }
}

function lift(node: TemporalJoinNode): LogicalNode {
  const found = takeApart(node.right)
  if (found === undefined || found.conditions.length === 0) return node
  const { rows, exprs, conditions } = found
  const width = fieldsOf(node.left).length
  const fields = fieldsOf(node.right)
  // What the conditions read stands behind the columns that were there.
  const read = [...new Set(conditions.flatMap((condition) => [...columnsOf(condition)]))]
  const added = read.map((index, i) => ({ ...fieldsOf(rows)[index], name: `$version${i}` }))
  const source = columnsIn(rows)
  const right = makeProject(
    rows,
    [...exprs, ...read.map((index) => source[index])],
    [...fields, ...added],
  )
  const asked = conditions.map((condition) =>
    moveColumns(condition, (index) => width + fields.length + read.indexOf(index)),
  )
  const { left, join, on, time } = node
  const wide = makeTemporalJoin({ left, right, join, on: conjunction([on, ...asked])!, time })
  const names = fieldsOf(node)
  return makeProject(wide, columnsIn(wide).slice(0, names.length), names)
}
