/** Outer joins whose condition asks subqueries. A condition on the side that can be missing is a
 *  filter of that side. Any other is checked for pairs, as of an inner join; the rows that are
 *  in no pair are added. */

import { columnsOf, type Expr } from '../../engine/expr/ir.ts'
import { nullLiteral } from '../../engine/expr/literal.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import type { Expression } from '../ast.ts'
import { conjunction } from '../logical/conjuncts.ts'
import { makeFilter, makeProject } from '../logical/make.ts'
import { makeJoin } from '../logical/make-join.ts'
import { makeUnion } from '../logical/make-set.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { moveColumns } from '../logical/substitute.ts'
import { asBoolean, bindExpression } from './bind-expression.ts'
import { bindOn } from './bind-on.ts'
import { bindWhere, conjunctsOf } from './bind-where.ts'
import { hasSubquery } from './contains-call.ts'
import type { BindContext } from './context.ts'
import { FIRST_PLACEHOLDER } from './placeholder.ts'
import { columnExpr, type Scope } from './scope.ts'
import { Subqueries } from './subqueries.ts'

type OuterKind = 'left' | 'right' | 'full'

interface Sides {
  readonly kind: OuterKind
  readonly left: LogicalNode
  readonly right: LogicalNode
  /** Of the columns of both. */
  readonly scope: Scope
}

/** The join. Errors: those of expressions and of subqueries, at their places. */
export function joinOuterOn(on: Expression, sides: Sides, context: BindContext): LogicalNode {
  const parts = conjunctsOf(on)
  const asking = parts.filter(hasSubquery)
  const filtered = asking.reduce(
    (found: Sides | undefined, part) => found && filterSide(part, found, context),
    sides,
  )
  if (filtered === undefined) return pairsAndOthers(on, sides, context)
  const { kind, left, right, scope } = filtered
  const pairs = makeJoin({ join: kind, left, right })
  const plain = parts.filter((part) => !hasSubquery(part))
  const bound = plain.map((part) => bindOn(part, { node: pairs, scope }, context))
  return makeJoin({ join: kind, left, right, on: conjunction(bound) })
}

/** The sides with the one that can be missing filtered; undefined if the condition reads the
 *  other. */
function filterSide(part: Expression, sides: Sides, context: BindContext): Sides | undefined {
  const { kind, left, right, scope } = sides
  if (kind === 'full') return undefined
  const width = fieldsOf(left).length
  const { schema } = makeJoin({ join: 'inner', left, right })
  const subqueries = new Subqueries(context)
  const around = { scope, schema, clause: 'ON', outer: context.outer }
  const bound = asBoolean(bindExpression(part, subqueries.within(around)), 'ON')
  const reads = [...columnsOf(bound), ...subqueries.reads()].filter(
    (column) => column < fieldsOf(left).length + fieldsOf(right).length,
  )
  const isMissing = (column: number) => (kind === 'left' ? column >= width : column < width)
  if (reads.length === 0 || !reads.every(isMissing)) return undefined
  const side = kind === 'left' ? right : left
  const own = (expr: Expr): Expr =>
    kind === 'left'
      ? moveColumns(expr, (index) => (index < FIRST_PLACEHOLDER ? index - width : index))
      : expr
  const attached = subqueries.attach(side, own)
  const kept = onlyColumns(makeFilter(attached.node, attached.rebase(bound)), side)
  return kind === 'left' ? { ...sides, right: kept } : { ...sides, left: kept }
}

/** The columns of `like`, which come first. */
function onlyColumns(node: LogicalNode, like: LogicalNode): LogicalNode {
  const fields = fieldsOf(like)
  if (fieldsOf(node).length === fields.length) return node
  return makeProject(
    node,
    fields.map((_, i) => columnExpr(node.schema, i)),
    fields,
  )
}

function pairsAndOthers(on: Expression, sides: Sides, context: BindContext): LogicalNode {
  const { kind, left, right, scope } = sides
  const product = makeJoin({ join: 'inner', left, right })
  const found = bindWhere(on, { node: product, scope }, context, 'ON').node
  const pairs = onlyColumns(found, product)
  const width = fieldsOf(left).length
  let rows = pairs
  if (kind !== 'right') rows = makeUnion(rows, alone(left, pairs, 0))
  if (kind !== 'left') rows = makeUnion(rows, alone(right, pairs, width))
  return rows
}

/** The rows of a side that are in no pair, with NULLs for the other. Equal rows have equal
 *  partners. */
function alone(side: LogicalNode, pairs: LogicalNode, first: number): LogicalNode {
  const fields = fieldsOf(side)
  const equal = fields.map((_, i) =>
    resolveCall('IS NOT DISTINCT FROM', [
      columnExpr(side.schema, i),
      { ...columnExpr(pairs.schema, first + i), index: fields.length + first + i },
    ]),
  )
  const rest = makeJoin({ join: 'anti', left: side, right: pairs, on: conjunction(equal) })
  const all = fieldsOf(pairs)
  return makeProject(
    rest,
    all.map((field, i) =>
      i >= first && i < first + fields.length
        ? columnExpr(rest.schema, i - first)
        : nullLiteral(field.type),
    ),
    all.map((field, i) =>
      i >= first && i < first + fields.length ? field : { ...field, nullable: true },
    ),
  )
}
