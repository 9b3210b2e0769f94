/** An aggregate by the bounds of a windowing table function right below it can assign the windows
 *  itself: no column is made per row, only one value per window. For sessions it must. */

import { columnsOf, type Expr } from '../../engine/expr/ir.ts'
import { changeCall, readByCall } from './change-call.ts'
import { canInline } from './inline.ts'
import { makeWindowAggregate } from './make.ts'
import type { ProjectNode, WindowAggregateNode, WindowNode } from './node.ts'
import { fieldsOf } from './node.ts'
import { substitute } from './substitute.ts'

/** The aggregate over the window's input; undefined if the window's columns are read otherwise, or
 *  if something stands between that changes the rows. */
export function fuseWindow(node: WindowAggregateNode): WindowAggregateNode | undefined {
  const { input } = node
  if (input.kind === 'project') {
    const inlined = inlineProject(node, input)
    return inlined && fuseWindow(inlined)
  }
  if (input.kind !== 'window') return undefined
  const width = input.input.schema.fields.length
  if (node.timeColumn < width) return undefined
  const isOwn = node.attached === undefined || node.attached.start === width
  const reads = readsOf(node).flatMap((expr) => [...columnsOf(expr)])
  if (!isOwn || reads.some((column) => column >= width)) return undefined
  if (input.window.kind === 'session' && !sharesSessions(node, input)) return undefined
  return makeWindowAggregate(
    { ...partsOf(node), input: input.input, timeColumn: input.timeColumn, attached: undefined },
    fieldsOf(node),
  )
}

/** Sessions are by the aggregate's keys, so these must be the ones that the function names. */
function sharesSessions({ keys }: WindowAggregateNode, { partitionBy }: WindowNode): boolean {
  if (partitionBy === undefined) return true
  const columns = new Set(keys.map((key) => (key.kind === 'column' ? key.index : -1)))
  return columns.size === partitionBy.length && partitionBy.every((column) => columns.has(column))
}

/** The aggregate over the projection's input, so that the window comes next. Only when there is a
 *  window to meet: otherwise a projection narrows what the aggregate reads. */
function inlineProject(
  node: WindowAggregateNode,
  project: ProjectNode,
): WindowAggregateNode | undefined {
  const time = project.exprs[node.timeColumn]
  if (project.input.kind !== 'window' || time.kind !== 'column') return undefined
  if (!canInline(readsOf(node), project.exprs)) return undefined
  const inline = (expr: Expr) => substitute(expr, (index) => project.exprs[index])
  const { keys, aggregates, attached, ...rest } = partsOf(node)
  const end = attached && project.exprs[attached.end]
  if (end !== undefined && end.kind !== 'column') return undefined
  return makeWindowAggregate(
    {
      ...rest,
      input: project.input,
      timeColumn: time.index,
      attached: end && { start: time.index, end: end.index },
      keys: keys.map(inline),
      aggregates: aggregates.map((call) => changeCall(call, inline)),
    },
    fieldsOf(node),
  )
}

const readsOf = ({ keys, aggregates }: WindowAggregateNode): readonly Expr[] => [
  ...keys,
  ...aggregates.flatMap(readByCall),
]

const partsOf = ({ schema: _, traits: __, kind: ___, ...parts }: WindowAggregateNode) => parts
