/** A subquery as a value: `(SELECT MAX(x) FROM t WHERE t.k = o.k)`. */

import type { Span } from '../../engine/base/errors.ts'
import { BIGINT } from '../../engine/batch/types.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import { findAggregate } from '../../engine/operator/aggregate/index.ts'
import type { AggregateCall } from '../../engine/operator/nodes.ts'
import { makeAggregate, makeProject } from '../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { keyField, withKeys } from './correlation.ts'
import type { Decorrelated } from './decorrelate.ts'
import {
  asJoined,
  type BoundSubquery,
  type Joined,
  joinLifted,
  outputsOver,
  overJoin,
  type Rows,
  withMarker,
} from './join-subquery.ts'
import { equalitiesOf, isGroupable, lifted } from './lift-subquery.ts'
import { readsOuter } from './placeholder.ts'
import { columnExpr } from './scope.ts'

/** Rows with the subquery's value, NULL where it has no row. A subquery of several rows is an error
 *  when it runs, unless its plan shows that it has at most one. */
export function joinScalar(subquery: BoundSubquery, rows: Rows): Joined {
  const parts = lifted(subquery, rows, (found) => hasOneRow(found) || isGroupable(found))
  const single = singleRow(parts.subquery.lifted, subquery.at)
  const isGlobal = single.conditions.length === 0 && alwaysOneRow(single.node)
  const whole = isGlobal || single.oneRow
  const marked = whole ? single : { ...single, node: withMarker(single.node) }
  const ready = { ...parts, subquery: { ...parts.subquery, lifted: marked } }
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
function singleRow(found: Decorrelated, place: Span): Decorrelated {
  if (hasOneRow(found)) return found
  const correlation = equalitiesOf(found)
  const { node, outputs } = found
  const [output] = outputs
  const { all, places } = withKeys([], correlation)
  // Of one row any aggregate is the value.
  const picks = findAggregate('MAX')?.result([output.type]) === undefined ? 'FIRST_VALUE' : 'MAX'
  const calls: AggregateCall[] = [
    { name: picks, args: [output], distinct: false, type: output.type },
    { name: 'COUNT', args: [], distinct: false, type: BIGINT },
  ]
  const grouped = makeAggregate({ input: node, keys: all, aggregates: calls }, [
    ...all.map(keyField),
    { name: 'value', type: output.type, nullable: true },
    { name: 'rows', type: BIGINT, nullable: false },
  ])
  const column = (i: number) => columnExpr(grouped.schema, i)
  const value = resolveCall('SINGLE_ROW', [column(all.length), column(all.length + 1)], place)
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
function hasOneRow({ node, conditions, oneRow }: Decorrelated): boolean {
  const { keys } = node.traits
  if (oneRow || keys.some((key) => key.length === 0)) return true
  if (fieldsOf(node).length === 0) return false
  const columns = conditions.flatMap((condition) => {
    const isEqual = condition.kind === 'call' && EQUAL.has(condition.name)
    const args = isEqual ? condition.args : []
    return args.flatMap((arg) => (arg.kind === 'column' && !readsOuter(arg) ? [arg.index] : []))
  })
  return keys.some((key) => key.every((column) => columns.includes(column)))
}

const EQUAL: ReadonlySet<string> = new Set(['=', 'IS NOT DISTINCT FROM'])
