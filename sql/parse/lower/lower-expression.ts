/** The grammar's tree of one expression to our own: placeholders become what they stand for, and
 *  chains go through `normalise`. */

import type { Expression } from '../../ast.ts'
import type { ParseLimits } from '../limits.ts'
import { type Element, normalise } from '../normalise.ts'
import type { Rewritten } from '../rewrite/rewritten.ts'
import type { Slot } from '../rewrite/slot.ts'
import { listOf, nodeOf, onlyFields, refuse, type TreeNode } from './strict.ts'

export interface LowerContext {
  readonly out: Rewritten
  readonly limits: ParseLimits
}

/** The expression of a tree. SYNTAX where operators do not fit together, UNSUPPORTED for a kind of
 *  node that the rewriting never makes. */
export function lowerExpression(value: unknown, context: LowerContext): Expression {
  return normalise(elementsOf(value, context), context.limits)
}

/** The chain of a tree, in the order of the text: the grammar has read every operator as `+`. */
function elementsOf(value: unknown, context: LowerContext): Element[] {
  const elements: Element[] = []
  const open: unknown[] = [value]
  while (open.length > 0) {
    const node = nodeOf(open.pop(), 'an expression')
    if (node.type === 'binary_expr') {
      onlyFields(node, 'a chain', ['type', 'operator', 'left', 'right'])
      if (node.operator !== '+') refuse(`the operator ${String(node.operator)}`)
      open.push(node.right, node.left)
    } else {
      elements.push(leaf(node, context))
    }
  }
  return elements
}

function leaf(node: TreeNode, context: LowerContext): Element {
  switch (node.type) {
    case 'column_ref':
      return alone(placeholder(node, context))
    case 'function':
      return withArguments(node, context)
    case 'case':
      return { is: 'operand', value: caseOf(node, context) }
    default:
      return refuse(`an expression of the kind ${String(node.type)}`)
  }
}

/** The slot of a column's name. */
export function placeholder(value: unknown, { out }: LowerContext): Slot {
  const node = nodeOf(value, 'a name')
  onlyFields(node, 'a name', ['type', 'column'])
  const column = nodeOf(node.column, 'a name')
  onlyFields(column, 'a name', ['expr'])
  return out.slotOf(nameOf(column.expr))
}

function nameOf(value: unknown): unknown {
  const node = nodeOf(value, 'a name')
  onlyFields(node, 'a name', ['type', 'value'])
  if (node.type !== 'double_quote_string') refuse(`a name of the kind ${String(node.type)}`)
  return node.value
}

function alone(slot: Slot): Element {
  switch (slot.is) {
    case 'operand':
    case 'prefix':
    case 'infix':
    case 'separator':
    case 'case':
      return slot
    case 'postfix':
      return { is: 'postfix', slot, args: [] }
    default:
      return refuse(`${slot.is} in an expression`)
  }
}

function withArguments(node: TreeNode, context: LowerContext): Element {
  onlyFields(node, 'a call', ['type', 'name', 'args'])
  const name = nodeOf(node.name, 'a call')
  onlyFields(name, 'a call', ['name'])
  const slot = context.out.slotOf(nameOf(listOf(name.name, 'a call')[0]))
  const list = nodeOf(node.args, 'a call')
  onlyFields(list, 'arguments', ['type', 'value'])
  const args = listOf(list.value, 'arguments').map((arg) => lowerExpression(arg, context))
  if (slot.is === 'call') return { is: 'operand', value: slot.build(args) }
  if (slot.is === 'postfix') return { is: 'postfix', slot, args }
  return refuse(`${slot.is} with arguments`)
}

function caseOf(node: TreeNode, context: LowerContext): Expression {
  onlyFields(node, 'CASE', ['type', 'expr', 'args'])
  // The first placeholder behind CASE is its place, the rest its operand.
  const [place, ...operand] = elementsOf(node.expr, context)
  if (place.is !== 'case') refuse('a CASE without its place')
  const branches: { when: Expression; then: Expression }[] = []
  let otherwise: Expression | undefined
  for (const item of listOf(node.args, 'CASE')) {
    const branch = nodeOf(item, 'CASE')
    onlyFields(branch, 'CASE', ['type', 'cond', 'result'])
    const then = lowerExpression(branch.result, context)
    if (branch.type === 'else') otherwise = then
    else branches.push({ when: lowerExpression(branch.cond, context), then })
  }
  return {
    kind: 'case',
    operand: operand.length === 0 ? undefined : normalise(operand, context.limits),
    branches,
    otherwise,
    at: place.at,
  }
}
