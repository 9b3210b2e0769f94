/** JOIN … USING (a, b): equal columns of both sides, shown as one. */

import { isNullable } from '../../engine/expr/facts.ts'
import { resolveCall } from '../../engine/expr/resolve.ts'
import type { Name } from '../ast.ts'
import { conjunction } from '../logical/conjuncts.ts'
import { makeProject } from '../logical/make.ts'
import { makeJoin } from '../logical/make-join.ts'
import { fieldsOf } from '../logical/node.ts'
import type { Relation } from './context.ts'
import type { JoinRef } from './join-scope.ts'
import { columnExpr, Scope, type ScopeColumn } from './scope.ts'

/** UNKNOWN_COLUMN if a side has no such column; TYPE_MISMATCH if they cannot be compared. */
export function bindUsing(
  { join, using }: JoinRef,
  left: Relation,
  right: Relation,
  scope: Scope,
): Relation {
  const kind = join === 'cross' ? 'inner' : join
  const width = fieldsOf(left.node).length
  const pairs = using.map((name) => pairOf(name, left, right))
  const both = makeJoin({ join: kind, left: left.node, right: right.node })
  const equal = pairs.map(({ name, a, b }) =>
    resolveCall('=', [columnExpr(both.schema, a), columnExpr(both.schema, width + b)], name.at),
  )
  const node = makeJoin({
    join: kind,
    left: left.node,
    right: right.node,
    on: conjunction(equal),
  })
  const merged = pairs.map(({ a, b }) =>
    resolveCall('COALESCE', [columnExpr(node.schema, a), columnExpr(node.schema, width + b)]),
  )
  if (kind !== 'full') {
    const shown = pairs.map(({ a, b }) => (kind === 'right' ? width + b : a))
    return { node, scope: showing(scope, pairs, width, shown) }
  }
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
