/** One SELECT: FROM, WHERE, GROUP BY, HAVING, the list, DISTINCT and the ORDER BY that belongs to
 *  it. */

import { fail } from '../../engine/base/errors.ts'
import { VARCHAR } from '../../engine/batch/types.ts'
import { coerce } from '../../engine/expr/coerce.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import type { Expression, GroupItem, Select } from '../ast.ts'
import { makeAggregate, makeFilter, makeProject } from '../logical/make.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { asBoolean } from './bind-expression.ts'
import { bindFrom } from './bind-from.ts'
import { bindWhere } from './bind-where.ts'
import { needsGroups } from './contains-call.ts'
import type { BindContext, Relation } from './context.ts'
import { Grouping } from './grouping.ts'
import { Ordering, type Tail } from './ordering.ts'
import { OverCalls } from './over-calls.ts'
import { positionOf } from './position.ts'
import { relationOf } from './relation.ts'
import { replaceNames } from './replace-names.ts'
import { columnExpr, type Scope } from './scope.ts'
import { expandItems, type Item } from './select-items.ts'
import { rowStage, type Stage } from './stage.ts'

/** Binds a SELECT and sorts it by `tail`, whose expressions may use the columns of FROM. */
export function bindSelect(select: Select, tail: Tail, context: BindContext): Relation {
  const input = bindWhere(select.where, bindFrom(select.from, context), context)
  const items = expandItems(select.items, input.scope)
  const stage = stageOf(select, items, tail, input, context)
  const over = new OverCalls()
  const outputs = items.map((item) => bindItem(item, stage, over))
  const having = select.having && asBoolean(stage.bind(select.having, 'HAVING'), 'HAVING')
  const qualify = select.qualify && bindQualify(select.qualify, items, input.scope, stage, over)
  const ordering = new Ordering(tail, outputs, {
    bind: (value, clause) => stage.bind(value, clause, over),
  })
  const grouped = stage.finish()
  const kept =
    having === undefined ? grouped.node : makeFilter(grouped.node, grouped.rebase(having))
  const { node, rebase } = over.attach(kept, grouped.rebase)
  const qualified = qualify === undefined ? node : makeFilter(node, rebase(qualify))
  const exprs = [...outputs.map(({ expr }) => expr), ...ordering.hidden].map((expr) =>
    asColumn(rebase(expr)),
  )
  const names = [...outputs.map(({ name }) => name), ...ordering.hidden.map((_, i) => `$sort${i}`)]
  const fields = exprs.map((expr, i) => ({
    name: names[i],
    type: expr.type,
    nullable: isNullable(expr),
  }))
  const projected = makeProject(qualified, exprs, fields)
  const distinct = select.distinct ? makeDistinct(projected, ordering) : projected
  return relationOf(ordering.apply(distinct, context.mode), undefined)
}

/** QUALIFY may use the aliases of the SELECT list. */
function bindQualify(
  qualify: Expression,
  items: readonly Item[],
  scope: Scope,
  stage: Stage,
  over: OverCalls,
): Expr {
  const aliased = replaceNames(qualify, (name) => {
    if (scope.find(name) !== undefined) return undefined
    return items.find(({ alias }) => alias?.text === name.text)?.value
  })
  return asBoolean(stage.bind(aliased, 'QUALIFY', over), 'QUALIFY')
}

function stageOf(
  select: Select,
  items: readonly Item[],
  tail: Tail,
  input: Relation,
  context: BindContext,
): Stage {
  const values = items.flatMap((item) => item.value ?? [])
  const others = [...tail.orderBy.map((item) => item.value), select.qualify].flatMap((v) => v ?? [])
  const grouped =
    select.groupBy.length > 0 ||
    select.having !== undefined ||
    [...values, ...others].some(needsGroups)
  if (!grouped) return rowStage(input, { context })
  const grouping = new Grouping(input, context)
  for (const item of select.groupBy) addGroup(item, grouping, items, input)
  return grouping
}

/** A column of FROM, else the alias or the position of an item of the list, else an expression. */
function addGroup(item: GroupItem, grouping: Grouping, items: readonly Item[], input: Relation) {
  if (item.kind === 'grouping-sets') {
    grouping.addSets(
      item.sets.map((set) => set.map((value) => itemOf(value, items, input)?.value ?? value)),
      item.at,
    )
    return
  }
  const { value } = item
  const named = itemOf(value, items, input)
  if (named === undefined) grouping.addKey(value)
  else if (named.value !== undefined) grouping.addKey(named.value)
  else grouping.addKeyExpr(columnExpr(input.node.schema, named.column.index, value.at))
}

function itemOf(
  value: Extract<GroupItem, { kind: 'value' }>['value'],
  items: readonly Item[],
  input: Relation,
): Item | undefined {
  const position = positionOf(value, items.length, 'GROUP BY')
  if (position !== undefined) return items[position]
  if (value.kind !== 'name' || value.path.length !== 1) return undefined
  const [name] = value.path
  if (input.scope.find(name) !== undefined) return undefined
  return items.find((item) => item.alias?.text === name.text)
}

interface Output {
  readonly name: string
  readonly expr: Expr
}

const bindItem = (item: Item, stage: Stage, over: OverCalls): Output => ({
  name: item.name,
  expr:
    item.value === undefined
      ? stage.column(item.column, item.at)
      : stage.bind(item.value, 'SELECT', over),
})

/** A bare NULL has no type of its own; as a column it is a text. */
const asColumn = (expr: Expr): Expr =>
  expr.type.kind === 'null' ? (coerce(expr, VARCHAR) ?? expr) : expr

function makeDistinct(node: LogicalNode, ordering: Ordering): LogicalNode {
  if (ordering.hidden.length > 0) {
    fail('INVALID_ARGUMENT', 'SELECT DISTINCT can only be ordered by columns that it selects', {
      at: ordering.hidden[0].at,
    })
  }
  const fields = fieldsOf(node)
  const keys = fields.map((_, i) => columnExpr(node.schema, i))
  return makeAggregate({ input: node, keys, aggregates: [] }, fields)
}
