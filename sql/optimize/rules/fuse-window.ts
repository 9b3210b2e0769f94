/** An aggregate over a windowing table function assigns the windows itself, when nothing else reads
 *  the window columns: no column is made per row, only one value per window. */

import { columnsOf, type Expr } from '../../../engine/expr/ir.ts'
import { makeWindowAggregate } from '../../logical/make.ts'
import {
  fieldsOf,
  type LogicalNode,
  type ProjectNode,
  type WindowAggregateNode,
} from '../../logical/node.ts'
import { substitute } from '../../logical/substitute.ts'
import { mapNode } from '../../logical/visit.ts'
import type { Rule } from '../rule.ts'
import { canInline } from './merge-projects.ts'

export const fuseWindow: Rule = {
  name: 'fuse-window',
  apply: (root) => mapNode(root, (node) => (node.kind === 'window-aggregate' ? fuse(node) : node)),
}

function fuse(node: WindowAggregateNode): LogicalNode {
  const { input } = node
  if (input.kind === 'project') {
    const inlined = inlineProject(node, input)
    return inlined === undefined ? node : fuse(inlined)
  }
  if (input.kind !== 'window') return node
  const width = input.input.schema.fields.length
  if (node.timeColumn < width) return node
  const reads = readsOf(node).flatMap((expr) => [...columnsOf(expr)])
  if (reads.some((column) => column >= width)) return node
  return makeWindowAggregate(
    { ...partsOf(node), input: input.input, timeColumn: input.timeColumn },
    fieldsOf(node),
  )
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
  const { keys, aggregates, ...rest } = partsOf(node)
  return makeWindowAggregate(
    {
      ...rest,
      input: project.input,
      timeColumn: time.index,
      keys: keys.map(inline),
      aggregates: aggregates.map((call) => ({
        ...call,
        args: call.args.map(inline),
        filter: call.filter && inline(call.filter),
      })),
    },
    fieldsOf(node),
  )
}

const readsOf = ({ keys, aggregates }: WindowAggregateNode): readonly Expr[] => [
  ...keys,
  ...aggregates.flatMap((call) => [...call.args, ...(call.filter ? [call.filter] : [])]),
]

const partsOf = ({ schema: _, traits: __, kind: ___, ...parts }: WindowAggregateNode) => parts
