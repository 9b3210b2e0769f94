/** Rows that carry the window they are in (a window join, a cascade of hopping windows) and are
 *  grouped by it. The operator only knows windows that it assigns itself, so it is given one that
 *  ends when theirs do: every hopping or cumulating window ends on a grid of its slides or steps,
 *  and so the tumbling window of that grid which holds the row's last instant closes with it. The
 *  start is then a key like any other; of sessions, which end anywhere, so is the end. */

import type { Field } from '../../engine/batch/schema.ts'
import { INTERVAL_SECOND } from '../../engine/batch/types.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { literal } from '../../engine/expr/literal.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import type { TumbleSpec, WindowSpec } from '../../engine/operator/nodes.ts'
import { makeProject, makeWindowAggregate } from '../logical/make.ts'
import { fieldsOf, type LogicalNode, type WindowAggregateNode } from '../logical/node.ts'

/** The last instant of a window before its end. */
const LAST_US = 1000

/** The same node if its operator can run it as it is. */
export function detachWindow(node: WindowAggregateNode): LogicalNode {
  const { attached, window, keys, aggregates, windowColumns } = node
  if (attached !== undefined && window.kind === 'session') return detachSession(node, attached)
  const grid = gridOf(window)
  if (attached === undefined || grid === undefined) return node
  const column = (index: number): Expr => columnOf(node.input, index)
  const fields = fieldsOf(node)
  const bounds = windowColumns.filter((role) => role !== 'window_start')
  const [keyCount, callCount] = [keys.length, aggregates.length]
  const boundFields = windowColumns.map((_, i) => fields[keyCount + callCount + i])
  const start = column(attached.start)
  const grouped = makeWindowAggregate(
    {
      ...node,
      input: withLastInstant(node.input, column(attached.end)),
      window: grid,
      timeColumn: fieldsOf(node.input).length,
      attached: undefined,
      keys: [...keys, start],
      windowColumns: bounds,
    },
    [
      ...fields.slice(0, keyCount),
      fieldsOf(node.input)[attached.start],
      ...fields.slice(keyCount, keyCount + callCount),
      ...boundFields.filter((_, i) => windowColumns[i] !== 'window_start'),
    ],
  )
  const at = (index: number): Expr => columnOf(grouped, index)
  const exprs = [
    ...keys.map((_, i) => at(i)),
    ...aggregates.map((_, i) => at(keyCount + 1 + i)),
    ...windowColumns.map((role) =>
      role === 'window_start' ? at(keyCount) : at(keyCount + 1 + callCount + bounds.indexOf(role)),
    ),
  ]
  return makeProject(grouped, exprs, fields)
}

type Attached = NonNullable<WindowAggregateNode['attached']>

/** Its window_time keeps the operator's watermark in whole milliseconds; nobody else reads it. */
function detachSession(node: WindowAggregateNode, attached: Attached): LogicalNode {
  const { keys, aggregates, windowColumns, input } = node
  const fields = fieldsOf(node)
  const [start, end] = [attached.start, attached.end].map((index) => columnOf(input, index))
  const keyCount = keys.length + 2
  const timeColumn = fieldsOf(input).length
  const grouped = makeWindowAggregate(
    {
      ...node,
      input: withLastInstant(input, end),
      window: { kind: 'tumble', sizeUs: LAST_US, offsetUs: 0 },
      timeColumn,
      attached: undefined,
      keys: [...keys, start, end],
      windowColumns: ['window_time'],
    },
    [
      ...fields.slice(0, keys.length),
      ...[start, end].map((bound, i) => ({ ...fieldOf(bound), name: `$bound${i}` })),
      ...fields.slice(keys.length, keys.length + aggregates.length),
      { ...fieldOf(end), name: '$time' },
    ],
  )
  const at = (index: number): Expr => columnOf(grouped, index)
  const bounds = {
    window_start: at(keyCount - 2),
    window_end: at(keyCount - 1),
    window_time: lastInstant(at(keyCount - 1)),
  }
  const exprs = [
    ...keys.map((_, i) => at(i)),
    ...aggregates.map((_, i) => at(keyCount + i)),
    ...windowColumns.map((role) => bounds[role]),
  ]
  return makeProject(grouped, exprs, fields)
}

const columnOf = (node: LogicalNode, index: number): Expr => ({
  kind: 'column',
  index,
  ...fieldsOf(node)[index],
})

const fieldOf = (expr: Expr): Field => ({
  name: expr.kind === 'column' ? expr.name : '',
  type: expr.type,
  nullable: false,
})

const lastInstant = (end: Expr): Expr => resolveCall('-', [end, literal(INTERVAL_SECOND, LAST_US)])

/** Where windows of this kind end; undefined if the operator finds them again from their start. */
function gridOf(window: WindowSpec): TumbleSpec | undefined {
  switch (window.kind) {
    case 'hop': {
      const { slideUs, sizeUs, offsetUs } = window
      return { kind: 'tumble', sizeUs: slideUs, offsetUs: (offsetUs + sizeUs) % slideUs }
    }
    case 'cumulate':
      return { kind: 'tumble', sizeUs: window.stepUs, offsetUs: window.offsetUs % window.stepUs }
    default:
      return undefined
  }
}

function withLastInstant(input: LogicalNode, end: Expr): LogicalNode {
  const fields = fieldsOf(input)
  const last = lastInstant(end)
  return makeProject(
    input,
    [...fields.map((field, index): Expr => ({ kind: 'column', index, ...field })), last],
    [...fields, { name: '$last', type: last.type, nullable: false }],
  )
}
