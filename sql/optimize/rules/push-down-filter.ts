/** Moves conditions towards the source: through projections, windows and aggregates, as far as
 *  their columns are there. Fewer rows are computed on and kept. */

import { isDeterministic } from '../../../engine/expr/facts.ts'
import { columnsOf, type Expr } from '../../../engine/expr/ir.ts'
import { conjunction, conjunctsOf } from '../../logical/conjuncts.ts'
import { makeFilter } from '../../logical/make.ts'
import type { FilterNode, LogicalNode } from '../../logical/node.ts'
import { substitute } from '../../logical/substitute.ts'
import { rebuild } from '../../logical/visit.ts'
import type { Rule } from '../rule.ts'

export const pushDownFilter: Rule = {
  name: 'push-down-filter',
  // Top-down: what was moved is met again on its new place.
  apply: pushAll,
}

function pushAll(root: LogicalNode): LogicalNode {
  const node = root.kind === 'filter' ? push(root) : root
  return rebuild(node, { input: pushAll })
}

function push(node: FilterNode): LogicalNode {
  const { input, predicate } = node
  const conditions = conjunctsOf(predicate)
  if (input.kind === 'filter') {
    const both = [...conjunctsOf(input.predicate), ...conditions]
    return push(makeFilter(input.input, conjunction(both) ?? predicate))
  }
  const below: Expr[] = []
  const stay: Expr[] = []
  for (const condition of conditions) {
    const moved = throughNode(condition, input)
    if (moved === undefined) stay.push(condition)
    else below.push(moved)
  }
  const moved = conjunction(below)
  if (moved === undefined) return node
  const next = rebuild(input, { input: (deeper) => makeFilter(deeper, moved) })
  const rest = conjunction(stay)
  return rest === undefined ? next : makeFilter(next, rest)
}

/** The condition over the node's input, if it selects the same rows there. */
function throughNode(condition: Expr, node: LogicalNode): Expr | undefined {
  switch (node.kind) {
    case 'project':
      return isDeterministic(condition) ? inline(condition, node.exprs) : undefined
    case 'window': {
      const width = node.input.schema.fields.length
      return [...columnsOf(condition)].every((column) => column < width) ? condition : undefined
    }
    case 'aggregate':
    case 'window-aggregate':
      // A condition on keys drops whole groups. A global aggregate has a row even without input.
      return isDeterministic(condition) && columnsOf(condition).size > 0
        ? inline(condition, node.keys)
        : undefined
    default:
      return undefined
  }
}

/** The condition with columns replaced; undefined if one has no expression or reads the clock. */
function inline(condition: Expr, exprs: readonly Expr[]): Expr | undefined {
  const used = [...columnsOf(condition)].map((column) => exprs[column])
  if (!used.every((expr) => expr !== undefined && isDeterministic(expr))) return undefined
  return substitute(condition, (index) => exprs[index])
}
