/** A comma list joins its tables as they are written, whatever WHERE says of them: `FROM a, b, c
 *  WHERE a.x = c.x AND b.y = c.y` would pair all of a with all of b first. Inner joins may be done
 *  in any order, so each next table is the first one that shares a key with those before it. Only
 *  done where it saves a join without keys: otherwise the user's order is as good as any. */

import { isDeterministic } from '../../../engine/expr/facts.ts'
import { columnsOf, type Expr } from '../../../engine/expr/ir.ts'
import { conjunction, conjunctsOf } from '../../logical/conjuncts.ts'
import { makeProject } from '../../logical/make.ts'
import { makeJoin } from '../../logical/make-join.ts'
import { fieldsOf, type JoinNode, type LogicalNode } from '../../logical/node.ts'
import { moveColumns } from '../../logical/substitute.ts'
import { rebuild } from '../../logical/visit.ts'
import type { Rule } from '../rule.ts'

export const reorderJoins: Rule = {
  name: 'reorder-joins',
  // Top-down: a chain is taken as a whole.
  apply: (node) => reorderAll(node, new Map()),
}

/** `known`: what nodes have become, which are reached as tables of a chain and as inputs of its
 *  joins. */
function reorderAll(node: LogicalNode, known: Map<LogicalNode, LogicalNode>): LogicalNode {
  const before = known.get(node)
  if (before !== undefined) return before
  const reordered = reorder(node, (input) => reorderAll(input, known))
  known.set(node, reordered)
  return reordered
}

function reorder(node: LogicalNode, inside: (input: LogicalNode) => LogicalNode): LogicalNode {
  if (!isInner(node)) return rebuild(node, { input: inside })
  const chain = flatten(node, 0)
  const tables = chain.tables.map((table) => ({ ...table, node: inside(table.node) }))
  const needless = chain.joins.filter((join) => join.parts.leftKeys.length === 0).length
  const isMovable = chain.conditions.every(isDeterministic)
  if (needless === 0 || tables.length < 3 || !isMovable) return rebuild(node, { input: inside })
  const ordered = inOrder(tables, chain.conditions)
  return ordered.needless < needless ? restored(ordered, node) : rebuild(node, { input: inside })
}

const isInner = (node: LogicalNode): node is JoinNode =>
  node.kind === 'join' && node.join === 'inner'

interface Table {
  readonly node: LogicalNode
  /** Its first column among those of the whole chain. */
  readonly first: number
}

interface Chain {
  readonly tables: readonly Table[]
  readonly joins: readonly JoinNode[]
  /** Over the columns of the whole chain. */
  readonly conditions: readonly Expr[]
}

function flatten(node: LogicalNode, first: number): Chain {
  if (!isInner(node)) return { tables: [{ node, first }], joins: [], conditions: [] }
  const left = flatten(node.left, first)
  const right = flatten(node.right, first + fieldsOf(node.left).length)
  const own = node.on === undefined ? [] : conjunctsOf(node.on)
  return {
    tables: [...left.tables, ...right.tables],
    joins: [...left.joins, ...right.joins, node],
    conditions: [
      ...left.conditions,
      ...right.conditions,
      ...own.map((condition) => moveColumns(condition, (index) => index + first)),
    ],
  }
}

interface Ordered {
  readonly node: LogicalNode
  /** Where each column of the chain is now. */
  readonly places: ReadonlyMap<number, number>
  /** Joins without a key. */
  readonly needless: number
}

function inOrder(tables: readonly Table[], conditions: readonly Expr[]): Ordered {
  const [first, ...others] = tables
  let done: Ordered = { node: first.node, places: placed(first, new Map()), needless: 0 }
  let left = conditions
  let waiting = others
  while (waiting.length > 0) {
    const candidates = waiting.map((table) => joined(done, table, left))
    const best = Math.max(
      candidates.findIndex(({ node }) => node.parts.leftKeys.length > 0),
      0,
    )
    const { node, places, rest } = candidates[best]
    const needless = done.needless + (node.parts.leftKeys.length === 0 ? 1 : 0)
    done = { node, places, needless }
    left = rest
    waiting = waiting.filter((_, i) => i !== best)
  }
  return done
}

function placed({ node, first }: Table, places: ReadonlyMap<number, number>): Map<number, number> {
  const all = new Map(places)
  const width = places.size
  fieldsOf(node).forEach((_, i) => {
    all.set(first + i, width + i)
  })
  return all
}

/** The table joined by every condition that can be checked now. */
function joined(done: Ordered, table: Table, conditions: readonly Expr[]) {
  const places = placed(table, done.places)
  const isReady = (condition: Expr) =>
    [...columnsOf(condition)].every((column) => places.has(column))
  const on = conditions
    .filter(isReady)
    .map((condition) => moveColumns(condition, (index) => places.get(index) ?? index))
  const node = makeJoin({
    join: 'inner',
    left: done.node,
    right: table.node,
    on: conjunction(on),
  })
  return { node, places, rest: conditions.filter((condition) => !isReady(condition)) }
}

/** The columns in the order that the nodes above expect. */
function restored({ node, places }: Ordered, original: JoinNode): LogicalNode {
  const fields = fieldsOf(original)
  const exprs = fields.map(
    (field, i): Expr => ({ kind: 'column', index: places.get(i) ?? i, ...field }),
  )
  return makeProject(node, exprs, fields)
}
