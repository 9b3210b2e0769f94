/** UNION, INTERSECT and EXCEPT: both sides get the same types, column by column. */

import { fail } from '../../engine/base/errors.ts'
import { sameType, typeName, VARCHAR } from '../../engine/batch/types.ts'
import { coerce } from '../../engine/expr/coerce.ts'
import { meetingType } from '../../engine/expr/common-type.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { QueryBody } from '../ast.ts'
import { makeAggregate, makeProject } from '../logical/make.ts'
import { makeSetOperation, makeUnion } from '../logical/make-set.ts'
import { fieldsOf, type LogicalNode } from '../logical/node.ts'
import { columnExpr } from './scope.ts'

type SetBody = Extract<QueryBody, { kind: 'set' }>

/** The result has the left side's names. INVALID_ARGUMENT for different numbers of columns,
 *  TYPE_MISMATCH for columns without a common type. */
export function combine(body: SetBody, left: LogicalNode, right: LogicalNode): LogicalNode {
  const [a, b] = alignTypes(body, left, right)
  const { operator, all } = body
  if (operator !== 'union') return makeSetOperation({ operator, all, left: a, right: b })
  const union = makeUnion(a, b)
  if (all) return union
  const keys = fieldsOf(union).map((_, i) => columnExpr(union.schema, i))
  return makeAggregate({ input: union, keys, aggregates: [] }, fieldsOf(union))
}

function alignTypes(
  body: SetBody,
  left: LogicalNode,
  right: LogicalNode,
): readonly [LogicalNode, LogicalNode] {
  const [a, b] = [fieldsOf(left), fieldsOf(right)]
  const name = body.operator.toUpperCase()
  if (a.length !== b.length) {
    fail('INVALID_ARGUMENT', `${name} of ${a.length} and of ${b.length} columns`, {
      at: body.right.at,
    })
  }
  const types = a.map((field, i) => {
    const type = meetingType([columnExpr(left.schema, i), columnExpr(right.schema, i)])
    if (type !== undefined) return type.kind === 'null' ? VARCHAR : type
    return fail(
      'TYPE_MISMATCH',
      `${name}: ${field.name} is ${typeName(field.type)} on the left and ${typeName(b[i].type)} on the right`,
      { at: body.right.at, hint: 'CAST one of them.' },
    )
  })
  return [withTypes(left, types), withTypes(right, types)]
}

function withTypes(node: LogicalNode, types: readonly (typeof VARCHAR)[]): LogicalNode {
  const fields = fieldsOf(node)
  if (fields.every((field, i) => sameType(field.type, types[i]))) return node
  const exprs = fields.map((_, i) => {
    const column = columnExpr(node.schema, i)
    return coerce(column, types[i]) ?? column
  })
  return makeProject(
    node,
    exprs,
    fields.map((field, i) => ({ ...field, type: types[i], nullable: isNullable(exprs[i]) })),
  )
}
