/** Rows that carry the window they are in (a window join, a cascade of hopping windows) and are
 *  grouped by it. The operator only knows windows that it assigns itself, so it is given one that
 *  ends when theirs do: every hopping or cumulating window ends on a grid of its slides or steps,
 *  and so the tumbling window of that grid which holds the row's last instant closes with it. The
 *  start is then a key like any other. */

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
  const grid = gridOf(window)
  if (attached === undefined || grid === undefined) return node
  const column = (index: number): Expr => ({
    kind: 'column',
    index,
    ...fieldsOf(node.input)[index],
  })
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
  const at = (index: number): Expr => ({ kind: 'column', index, ...fieldsOf(grouped)[index] })
  const exprs = [
    ...keys.map((_, i) => at(i)),
    ...aggregates.map((_, i) => at(keyCount + 1 + i)),
    ...windowColumns.map((role) =>
      role === 'window_start' ? at(keyCount) : at(keyCount + 1 + callCount + bounds.indexOf(role)),
    ),
  ]
  return makeProject(grouped, exprs, fields)
}

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
  const last = resolveCall('-', [end, literal(INTERVAL_SECOND, LAST_US)])
  return makeProject(
    input,
    [...fields.map((field, index): Expr => ({ kind: 'column', index, ...field })), last],
    [...fields, { name: '$last', type: last.type, nullable: false }],
  )
}
