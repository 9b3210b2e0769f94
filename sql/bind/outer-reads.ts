/** Which columns of the queries around a plan reads. Nodes never change, so what is known of one
 *  stays known: subqueries in subqueries are looked at again and again. */

import type { Expr } from '../../engine/expr/ir.ts'
import { columnsOf } from '../../engine/expr/ir.ts'
import type { LogicalNode } from '../logical/node.ts'
import { inputsOf, rebuild } from '../logical/visit.ts'
import { placeOf } from './placeholder.ts'

const known = new WeakMap<LogicalNode, ReadonlySet<number>>()
const NONE: ReadonlySet<number> = new Set()

/** The positions of all placeholders of outer columns, of the node and below it. */
export function outerReadsOf(node: LogicalNode): ReadonlySet<number> {
  const before = known.get(node)
  if (before !== undefined) return before
  const found = new Set<number>()
  for (const input of inputsOf(node)) for (const index of outerReadsOf(input)) found.add(index)
  rebuild(node, {
    expr: (expr: Expr) => {
      for (const index of columnsOf(expr))
        if (placeOf('outer', index) !== undefined) found.add(index)
      return expr
    },
  })
  const reads = found.size === 0 ? NONE : found
  known.set(node, reads)
  return reads
}

/** The plan with its expressions changed that read outer columns. */
export function changeOuter(node: LogicalNode, change: (expr: Expr) => Expr): LogicalNode {
  if (outerReadsOf(node).size === 0) return node
  return rebuild(node, { input: (input) => changeOuter(input, change), expr: change })
}
