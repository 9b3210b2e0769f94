/** What a temporal join in event time reads as its versions: rows of which each is valid from its
 *  own time until the next one of its key, whatever an epoch has made of them meanwhile. */

import { BIGINT } from '../../engine/batch/types.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { makeProject } from './make.ts'
import { fieldsOf, type LogicalNode, type RankNode } from './node.ts'

/** Whether the node has one current row for each key, which the next one replaces: a table with a
 *  primary key and a watermark, or the latest row of each key by event time. */
export const isReplacing = (node: LogicalNode): boolean =>
  isVersioned(node) || (node.kind === 'rank' && isLatest(node))

const isVersioned = (node: LogicalNode): boolean =>
  node.kind === 'scan' && node.table.primaryKey !== undefined && node.table.watermark !== undefined

/** ROW_NUMBER() OVER (PARTITION BY key ORDER BY ts DESC) = 1 of rows that are never taken back. */
function isLatest({ ranking, from, to, orderBy, partitionBy, input }: RankNode): boolean {
  const [order, ...others] = orderBy
  return (
    ranking === 'row_number' &&
    from === 1 &&
    to === 1 &&
    others.length === 0 &&
    order?.descending === true &&
    order.expr.kind === 'column' &&
    input.traits.timeColumns.includes(order.expr.index) &&
    input.traits.appendOnly &&
    partitionBy.length > 0
  )
}

/** The node with all versions in their order, before they replace each other; undefined if they
 *  can no longer be had: it changes, and only what an epoch came to is known. */
export function versionRows(node: LogicalNode): LogicalNode | undefined {
  if (node.traits.appendOnly || isVersioned(node)) return node
  if (node.kind === 'project') {
    const input = versionRows(node.input)
    return input && makeProject(input, node.exprs, fieldsOf(node))
  }
  return node.kind === 'rank' && isLatest(node) ? unranked(node) : undefined
}

/** Whether equal times are told apart by who came first, as the ranking does; else the later row
 *  takes the place of the earlier one. */
export function keepsFirst(node: LogicalNode): boolean {
  if (node.kind === 'project') return keepsFirst(node.input)
  return node.kind === 'rank'
}

/** Every row, as the first one that it is from its time on. */
function unranked({ input, withRank, schema }: RankNode): LogicalNode {
  if (!withRank) return input
  const first: Expr = { kind: 'literal', value: 1, type: BIGINT }
  const columns = fieldsOf(input).map((field, index): Expr => ({ kind: 'column', index, ...field }))
  return makeProject(input, [...columns, first], schema.fields)
}
