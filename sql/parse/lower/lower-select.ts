/** The grammar's tree of one SELECT to our own. */

import { fail } from '../../../engine/base/errors.ts'
import type { GroupItem, Name, Select, SelectItem, TableRef } from '../../ast.ts'
import { spanOver } from '../token.ts'
import { type LowerContext, lowerExpression, placeholder } from './lower-expression.ts'
import { listOf, nodeOf, onlyFields, refuse, type TreeNode } from './strict.ts'

/** Everything of the SELECT but QUALIFY and its place. Errors: see `lowerExpression`. */
export function lowerSelect(tree: TreeNode, context: LowerContext): Omit<Select, 'at'> {
  const distinct = nodeOf(tree.distinct ?? {}, 'DISTINCT')
  onlyFields(distinct, 'DISTINCT', ['type'])
  const optional = (value: unknown) =>
    value === null || value === undefined ? undefined : lowerExpression(value, context)
  return {
    kind: 'select',
    distinct: distinct.type === 'DISTINCT',
    items: listOf(tree.columns, 'SELECT').map((column) => item(column, context)),
    from: lowerFrom(tree, context),
    where: optional(tree.where),
    groupBy: groups(tree.groupby, context),
    having: optional(tree.having),
  }
}

function item(value: unknown, context: LowerContext): SelectItem {
  const node = nodeOf(value, 'an item')
  onlyFields(node, 'an item', ['type', 'expr', 'as'])
  if (node.type !== 'expr') refuse(`an item of the kind ${String(node.type)}`)
  const expr = nodeOf(node.expr, 'an item')
  if (expr.type === 'column_ref') {
    const slot = placeholder(expr, context)
    if (slot.is === 'item') return slot.item
  }
  const alias = node.as === null || node.as === undefined ? undefined : aliasOf(node.as, context)
  return { kind: 'value', value: lowerExpression(expr, context), alias }
}

function aliasOf(value: unknown, { out }: LowerContext): Name {
  const slot = out.slotOf(value)
  return slot.is === 'alias' ? slot.name : refuse(`${slot.is} as an alias`)
}

function groups(value: unknown, context: LowerContext): GroupItem[] {
  if (value === null || value === undefined) return []
  const node = nodeOf(value, 'GROUP BY')
  onlyFields(node, 'GROUP BY', ['columns'])
  return listOf(node.columns, 'GROUP BY').map((column): GroupItem => {
    const item = nodeOf(column, 'GROUP BY')
    if (item.type === 'column_ref') {
      const slot = placeholder(item, context)
      if (slot.is === 'group') return slot.item
    }
    return { kind: 'value', value: lowerExpression(item, context) }
  })
}

const JOINS: Readonly<Record<string, 'inner' | 'left' | 'right' | 'full'>> = {
  'INNER JOIN': 'inner',
  'LEFT JOIN': 'left',
  'RIGHT JOIN': 'right',
  'FULL JOIN': 'full',
}

/** The tables of FROM: one for each part between commas, with its joins from left to right. */
export function lowerFrom(tree: TreeNode, context: LowerContext): TableRef[] {
  const tables: TableRef[] = []
  for (const value of listOf(tree.from, 'FROM')) {
    const node = nodeOf(value, 'FROM')
    onlyFields(node, 'FROM', ['table', 'join', 'on', 'using'])
    const right = tableOf(node, context)
    const left = tables.pop()
    if (left === undefined) tables.push(right)
    else if (joinMark(node, context) === 'comma') tables.push(left, right)
    else tables.push(joined(node, left, right, context))
  }
  return tables
}

/** What ASOF said of the join whose right side this is. */
function asofOf(node: TreeNode, { out }: LowerContext) {
  const slot = out.slotOf(node.table)
  return slot.is === 'table' ? slot.asof : undefined
}

function tableOf(node: TreeNode, { out }: LowerContext): TableRef {
  const slot = out.slotOf(node.table)
  return slot.is === 'table' ? slot.table : refuse(`${slot.is} as a table`)
}

/** What stands in place of a condition. */
function joinMark(
  node: TreeNode,
  context: LowerContext,
): 'cross' | 'comma' | 'natural' | undefined {
  if (node.on === null || node.on === undefined) return undefined
  const on = nodeOf(node.on, 'ON')
  if (on.type !== 'column_ref') return undefined
  const slot = placeholder(on, context)
  return slot.is === 'join' ? slot.join : undefined
}

function joined(node: TreeNode, left: TableRef, right: TableRef, context: LowerContext): TableRef {
  const kind = JOINS[String(node.join)]
  if (kind === undefined) refuse(`the join ${String(node.join)}`)
  const at = spanOver(left.at, right.at)
  const asof = asofOf(node, context)
  if (joinMark(node, context) === 'cross') {
    if (asof !== undefined) return { kind: 'join', join: kind, left, right, asof, using: [], at }
    return { kind: 'join', join: 'cross', left, right, using: [], at }
  }
  if (joinMark(node, context) === 'natural') {
    return { kind: 'join', join: kind, left, right, using: [], natural: true, at }
  }
  const using = listOf(node.using, 'USING').map((column) => usingName(column, context))
  if (using.length > 0) return { kind: 'join', join: kind, left, right, asof, using, at }
  if (node.on === null || node.on === undefined) {
    fail('SYNTAX', 'The join has no condition', { at: right.at, hint: 'Add ON or USING' })
  }
  const on = lowerExpression(node.on, context)
  const all = spanOver(at, on.at)
  return { kind: 'join', join: kind, left, right, on, asof, using: [], at: all }
}

function usingName(value: unknown, { out }: LowerContext): Name {
  const node = nodeOf(value, 'USING')
  onlyFields(node, 'USING', ['type', 'value'])
  const slot = out.slotOf(node.value)
  return slot.is === 'column' ? slot.name : refuse(`${slot.is} in USING`)
}
