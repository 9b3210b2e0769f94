/** Sessions of rows that may be taken back: a row that goes can split its session, and what an
 *  aggregate has added up cannot be split. So the rows get the bounds of their session first, and
 *  are grouped by those then. */

import type { Expr } from '../../engine/expr/ir.ts'
import { makeProject, makeWindow, makeWindowAggregate } from '../logical/make.ts'
import { fieldsOf, type LogicalNode, type WindowAggregateNode } from '../logical/node.ts'

/** The same node if its operator can run it as it is. */
export function splitSession(node: WindowAggregateNode): WindowAggregateNode {
  const { input, window, attached, timeColumn, emit } = node
  if (window.kind !== 'session' || attached !== undefined || input.traits.appendOnly) return node
  const width = fieldsOf(input).length
  const keys = node.keys.map((_, i) => width + i)
  const rows = {
    ...makeWindow(withKeys(node), window, timeColumn, keys),
    speaksOpen: emit !== undefined && emit.kind !== 'close',
  }
  const start = width + keys.length
  return makeWindowAggregate(
    {
      ...node,
      input: rows,
      timeColumn: start,
      attached: { start, end: start + 1 },
      keys: keys.map((index): Expr => ({ kind: 'column', index, ...fieldsOf(rows)[index] })),
    },
    fieldsOf(node),
  )
}

/** The input with the aggregate's keys as columns behind its own. */
function withKeys({ input, keys }: WindowAggregateNode): LogicalNode {
  const fields = fieldsOf(input)
  return makeProject(
    input,
    [...fields.map((field, index): Expr => ({ kind: 'column', index, ...field })), ...keys],
    [...fields, ...keys.map(({ type }, i) => ({ name: `$key${i}`, type, nullable: true }))],
  )
}
