/** JOIN … USING (a, b) and NATURAL JOIN: equal columns of both sides, shown as one. */

import { fail, type Span } from '../../engine/base/errors.ts'
import type { Schema } from '../../engine/batch/schema.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import type { JoinKind } from '../../engine/operator/nodes.ts'
import type { Name } from '../ast.ts'
import { conjunction } from '../logical/conjuncts.ts'
import { makeProject } from '../logical/make.ts'
import { makeJoin } from '../logical/make-join.ts'
import { fieldsOf } from '../logical/node.ts'
import type { Relation } from './context.ts'
import type { JoinRef } from './join-scope.ts'
import { columnExpr, Scope, type ScopeColumn } from './scope.ts'

/** The columns that both sides of a NATURAL JOIN show, in the left side's order.
 *  INVALID_ARGUMENT if there is none: pairing all rows was hardly meant. */
export function commonNames(left: Relation, right: Relation, at: Span): Name[] {
  const others = new Set(right.scope.visible().map(({ name }) => name))
  const shared = left.scope.visible().filter(({ name }) => others.has(name))
  if (shared.length > 0) return shared.map(({ name }) => ({ text: name, at }))
  return fail('INVALID_ARGUMENT', 'NATURAL JOIN of two sides without a column in common', {
    at,
    hint: 'CROSS JOIN pairs all rows; ON says which.',
  })
}

/** The condition of the join, over the columns of both sides, and its names. UNKNOWN_COLUMN if a
 *  side has no such column; AMBIGUOUS_NAME; TYPE_MISMATCH if they cannot be compared. */
export function usingOn(
  names: readonly Name[],
  left: Relation,
  right: Relation,
  {
    scope,
    schema,
    join,
  }: { readonly scope: Scope; readonly schema: Schema; readonly join: JoinKind },
): { readonly on: Expr | undefined; readonly scope: Scope; readonly pairs: readonly Pair[] } {
  const width = fieldsOf(left.node).length
  const pairs = names.map((name) => pairOf(name, left, right))
  const equal = pairs.map(({ name, a, b }) =>
    resolveCall(
      '=',
      [columnExpr(schema, a, name.at), columnExpr(schema, width + b, name.at)],
      name.at,
    ),
  )
  const shown = pairs.map(({ a, b }) => (join === 'right' ? width + b : a))
  return { on: conjunction(equal), scope: showing(scope, pairs, width, shown), pairs }
}

/** JOIN … USING and NATURAL JOIN. Errors: see `usingOn`. */
export function bindUsing(
  { join, using }: Pick<JoinRef, 'join' | 'using'>,
  left: Relation,
  right: Relation,
  scope: Scope,
): Relation {
  const kind = join === 'cross' ? 'inner' : join
  const both = makeJoin({ join: kind, left: left.node, right: right.node })
  const found = usingOn(using, left, right, { scope, schema: both.schema, join: kind })
  const { pairs, on } = found
  const node = makeJoin({ join: kind, left: left.node, right: right.node, on })
  if (kind !== 'full') return { node, scope: found.scope }
  const width = fieldsOf(left.node).length
  const merged = pairs.map(({ a, b }) =>
    resolveCall('COALESCE', [columnExpr(node.schema, a), columnExpr(node.schema, width + b)]),
  )
  const fields = fieldsOf(node)
  const names = pairs.map(({ name }, i) => ({
    name: name.text,
    type: merged[i].type,
    nullable: isNullable(merged[i]),
  }))
  const projected = makeProject(
    node,
    [...fields.map((_, i) => columnExpr(node.schema, i)), ...merged],
    [...fields, ...names],
  )
  const shown = pairs.map((_, i) => fields.length + i)
  return { node: projected, scope: showing(scope, pairs, width, shown) }
}

interface Pair {
  readonly name: Name
  readonly a: number
  readonly b: number
}

function pairOf(name: Name, left: Relation, right: Relation): Pair {
  return { name, a: left.scope.resolve([name]).index, b: right.scope.resolve([name]).index }
}

/** The shared columns first, under no table; each side's own only by its table's name. */
function showing(
  scope: Scope,
  pairs: readonly Pair[],
  width: number,
  shown: readonly number[],
): Scope {
  const shared = new Set(pairs.flatMap(({ a, b }) => [a, width + b]))
  const first = pairs.map(({ name }, i): ScopeColumn => ({ name: name.text, index: shown[i] }))
  const others = scope.columns.map((column) =>
    shared.has(column.index) ? { ...column, hidden: true } : column,
  )
  return new Scope([...first, ...others])
}
