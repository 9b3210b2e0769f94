/** Moves conditions towards the source: through projections, windows, aggregates, joins and set
 *  operations, as far as their columns are there. Fewer rows are computed on and kept. */

import { isDeterministic } from '../../../engine/expr/facts.ts'
import { columnsOf, type Expr } from '../../../engine/expr/ir.ts'
import { conjunction, conjunctsOf } from '../../logical/conjuncts.ts'
import { makeFilter } from '../../logical/make.ts'
import type { FilterNode, LogicalNode } from '../../logical/node.ts'
import { substituteSmall } from '../../logical/substitute.ts'
import { rebuild } from '../../logical/visit.ts'
import type { Rule } from '../rule.ts'
import { filterJoin, narrowJoin } from './filter-join.ts'

export const pushDownFilter: Rule = {
  name: 'push-down-filter',
  // Top-down: what was moved is met again on its new place.
  apply: pushAll,
}

function pushAll(root: LogicalNode): LogicalNode {
  const node = root.kind === 'filter' ? push(root) : root
  const narrowed = node.kind === 'join' ? narrowJoin(node) : node
  return rebuild(narrowed, { input: pushAll })
}

function push(node: FilterNode): LogicalNode {
  const { input, predicate } = node
  const conditions = conjunctsOf(predicate)
  if (input.kind === 'filter') {
    const both = [...conjunctsOf(input.predicate), ...conditions]
    return push(makeFilter(input.input, conjunction(both) ?? predicate))
  }
  if (input.kind === 'join' || input.kind === 'temporal-join' || input.kind === 'asof-join') {
    return filterJoin(input, conditions)
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

/** The condition over the node's inputs, if it selects the same rows there. */
function throughNode(condition: Expr, node: LogicalNode): Expr | undefined {
  if (!isDeterministic(condition)) return undefined
  switch (node.kind) {
    case 'project':
      return inline(condition, node.exprs)
    case 'window':
      // A session is made of all rows of its key.
      return node.window.kind === 'session'
        ? readsOnly(condition, (column) => node.partitionBy?.includes(column) ?? false)
        : readsOnly(condition, (column) => column < node.input.schema.fields.length)
    case 'unnest':
    case 'expand':
      return readsOnly(condition, (column) => column < node.input.schema.fields.length)
    case 'aggregate':
    case 'window-aggregate':
      // A condition on keys drops whole groups. A global aggregate has a row even without input.
      return columnsOf(condition).size > 0 ? inline(condition, node.keys) : undefined
    case 'rank':
    case 'over': {
      // Likewise whole partitions.
      const columns = node.partitionBy.map((key) => (key.kind === 'column' ? key.index : -1))
      return readsOnly(condition, (column) => columns.includes(column))
    }
    case 'match': {
      const keys = new Set(node.partitionBy.flatMap((key) => [...columnsOf(key)]))
      const { fields } = node.input.schema
      const exprs = node.output.map((from): Expr | undefined =>
        from.kind === 'column' && keys.has(from.column)
          ? { kind: 'column', index: from.column, ...fields[from.column] }
          : undefined,
      )
      return inline(condition, exprs)
    }
    case 'union':
    case 'set-operation':
    case 'temporal-filter':
    case 'processing-time':
      return condition
    default:
      return undefined
  }
}

/** The condition if it reads some columns, and all of them pass. */
function readsOnly(condition: Expr, passes: (column: number) => boolean): Expr | undefined {
  const columns = [...columnsOf(condition)]
  return columns.length > 0 && columns.every(passes) ? condition : undefined
}

/** The condition with columns replaced; undefined if one has no expression or reads the clock, or
 *  it would become long. */
function inline(condition: Expr, exprs: readonly (Expr | undefined)[]): Expr | undefined {
  const used = [...columnsOf(condition)].map((column) => exprs[column])
  if (!used.every((expr) => expr !== undefined && isDeterministic(expr))) return undefined
  return substituteSmall(condition, (index) => exprs[index]!)
}
