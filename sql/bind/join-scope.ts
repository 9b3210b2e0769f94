/** The names of joined rows. */

import { fail, type Span } from '../../engine/base/errors.ts'
import type { TableRef } from '../ast.ts'
import { fieldsOf } from '../logical/node.ts'
import { refuseWide } from './column-limit.ts'
import type { Relation } from './context.ts'
import { Scope } from './scope.ts'

/** A join without its left side, which is bound already. */
export type JoinRef = Omit<Extract<TableRef, { kind: 'join' }>, 'kind' | 'left'>

/** The left names, then the right ones. AMBIGUOUS_NAME if both sides have a table of one name;
 *  LIMIT_EXCEEDED for rows too wide. */
export function joinScopes(left: Relation, right: Relation, at: Span): Scope {
  const names = left.scope.tables()
  const twin = right.scope.tables().find((name) => names.includes(name))
  if (twin !== undefined) {
    fail('AMBIGUOUS_NAME', `The table name ${twin} stands twice in this FROM clause`, {
      at,
      hint: `Give it another name: ${twin} AS other.`,
    })
  }
  const width = fieldsOf(left.node).length
  refuseWide(width + fieldsOf(right.node).length, at)
  return new Scope([
    ...left.scope.columns,
    ...right.scope.columns.map((column) => ({ ...column, index: column.index + width })),
  ])
}
