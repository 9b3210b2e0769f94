/** A subquery as a value: `(SELECT MAX(x) FROM t WHERE t.k = o.k)`. */

import { BIGINT } from '../../engine/batch/types.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import type { AggregateCall } from '../../engine/operator/nodes.ts'
import { makeAggregate, makeProject } from '../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { correlationOf, keyField, withKeys } from './correlation.ts'
import type { Decorrelated } from './decorrelate.ts'
import {
  asJoined,
  type Joined,
  type JoinParts,
  joinLifted,
  outputsOver,
  overJoin,
  withMarker,
} from './join-subquery.ts'
import { readsOuter } from './placeholder.ts'
import { columnExpr } from './scope.ts'

/** Rows with the subquery's value, NULL where it has no row. A subquery of several rows is an error
 *  when it runs, unless its plan shows that it has at most one. */
export function joinScalar(parts: JoinParts): Joined {
  const { subquery } = parts
  const single = singleRow(subquery.lifted)
  const isGlobal = single.conditions.length === 0 && alwaysOneRow(single.node)
  const whole = isGlobal || single.oneRow
  const marked = whole ? single : { ...single, node: withMarker(single.node) }
  const ready = { ...parts, subquery: { ...subquery, lifted: marked } }
  const node = joinLifted(ready, isGlobal ? 'inner' : 'left')
  if (isGlobal) return { node, value: asJoined(overJoin(ready)(marked.outputs[0]), node) }
  return { node, value: outputsOver(ready, node)[0] }
}

/** An aggregate without GROUP BY always has its one row. */
function alwaysOneRow(node: LogicalNode): boolean {
  if (node.kind === 'project') return alwaysOneRow(node.input)
  if (node.kind === 'values') return node.rows.length === 1
  return node.kind === 'aggregate' && node.keys.length === 0
}

/** The same subquery with at most one row for every outer row. */
function singleRow(lifted: Decorrelated): Decorrelated {
  const { node, conditions, oneRow, outputs } = lifted
  if (oneRow || hasOneRow(lifted)) return lifted
  const correlation = correlationOf(conditions, 'more than one row')
  const [output] = outputs
  if (readsOuter(output)) return lifted
  const { all, places } = withKeys([], correlation)
  const calls: AggregateCall[] = [
    { name: 'MAX', args: [output], distinct: false, type: output.type },
    { name: 'COUNT', args: [], distinct: false, type: BIGINT },
  ]
  const grouped = makeAggregate({ input: node, keys: all, aggregates: calls }, [
    ...all.map(keyField),
    { name: 'value', type: output.type, nullable: true },
    { name: 'rows', type: BIGINT, nullable: false },
  ])
  const column = (i: number) => columnExpr(grouped.schema, i)
  const value = resolveCall('SINGLE_ROW', [column(all.length), column(all.length + 1)], output.at)
  const checked = makeProject(
    grouped,
    [...all.map((_, i) => column(i)), value],
    [...all.map(keyField), { name: 'value', type: value.type, nullable: isNullable(value) }],
  )
  const at = (i: number): Expr => columnExpr(checked.schema, i)
  return {
    node: checked,
    outputs: [at(all.length)],
    conditions: correlation.map((part, i) => part.over(at(places[i]))),
    oneRow: false,
  }
}

/** Whether the columns that outer rows are compared with are unique. */
function hasOneRow({ node, conditions }: Decorrelated): boolean {
  const { keys } = node.traits
  if (keys.some((key) => key.length === 0)) return true
  if (fieldsOf(node).length === 0) return false
  const columns = conditions.flatMap((condition) => {
    const args = condition.kind === 'call' && condition.name === '=' ? condition.args : []
    return args.flatMap((arg) => (arg.kind === 'column' && !readsOuter(arg) ? [arg.index] : []))
  })
  return keys.some((key) => key.every((column) => columns.includes(column)))
}
