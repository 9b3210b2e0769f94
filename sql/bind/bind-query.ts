/** Queries: WITH, the body, ORDER BY and LIMIT. */

import { fail } from '../../engine/base/errors.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { VARCHAR } from '../../engine/batch/types.ts'
import { coerce } from '../../engine/expr/coerce.ts'
import { commonOf } from '../../engine/expr/common-type.ts'
import { isDeterministic } from '../../engine/expr/facts.ts'
import { inZone } from '../../engine/expr/in-zone.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import type { Query, QueryBody } from '../ast.ts'
import { makeValues } from '../logical/make.ts'
import type { LogicalNode } from '../logical/node.ts'
import { bindExpression } from './bind-expression.ts'
import { bindSelect } from './bind-select.ts'
import { combine } from './combine.ts'
import { evaluate } from './constant.ts'
import type { BindContext, CommonTable, Relation } from './context.ts'
import { isPlain, Ordering, type Tail } from './ordering.ts'
import { relationOf } from './relation.ts'
import { columnExpr, Scope } from './scope.ts'

/** Queries inside queries and views on views; deeper ones are more likely a mistake. */
const DEPTH_MAX = 64

/** Binds a query with its surroundings. LIMIT_EXCEEDED if it is nested too deep; UNSUPPORTED for
 *  sorting what does not end. */
export function bindQuery(query: Query, context: BindContext): Relation {
  if (context.depth > DEPTH_MAX) {
    fail('LIMIT_EXCEEDED', `Queries and views are nested more than ${DEPTH_MAX} deep`, {
      at: query.at,
    })
  }
  refuseEndlessSort(query, context)
  return bindBody(query.body, query, withCommonTables(query, context))
}

function refuseEndlessSort(query: Query, { mode }: BindContext): void {
  if (mode === 'bounded' || isPlain(query) || query.limit !== undefined) return
  const clause = query.orderBy.length > 0 ? 'ORDER BY' : 'OFFSET'
  fail('UNSUPPORTED', `${clause} without LIMIT is not supported in a continuous query`, {
    at: query.orderBy[0]?.value.at ?? query.at,
    hint: 'Its result has no end. Add LIMIT for the first rows at any time; a SELECT that is asked once can sort all.',
  })
}

/** Each WITH item sees those before it. */
function withCommonTables(query: Query, context: BindContext): BindContext {
  let inside = context
  const names = new Set<string>()
  for (const { name, columns, query: body } of query.with) {
    if (names.has(name.text)) {
      fail('DUPLICATE_NAME', `WITH defines ${name.text} twice`, { at: name.at })
    }
    names.add(name.text)
    const table: CommonTable = { name: name.text, columns, query: body, context: inside }
    inside = { ...inside, commonTables: [...inside.commonTables, table] }
  }
  return inside
}

function bindBody(body: QueryBody, tail: Tail, context: BindContext): Relation {
  switch (body.kind) {
    case 'select':
      return bindSelect(body, tail, context)
    case 'values':
      return sorted(bindValues(body, context.timeZone), tail, context)
    case 'nested': {
      const inside = { ...context, depth: context.depth + 1 }
      return sorted(bindQuery(body.query, inside), tail, context)
    }
    case 'set':
      return sorted(relationOf(bindSet(body, context), undefined), tail, context)
  }
}

const NO_TAIL: Tail = { orderBy: [] }

function bindSet(body: Extract<QueryBody, { kind: 'set' }>, context: BindContext): LogicalNode {
  const side = (part: QueryBody) => bindBody(part, NO_TAIL, context).node
  return combine(body, side(body.left), side(body.right))
}

/** Sorts by the columns of a body that is no SELECT. */
function sorted({ node, scope }: Relation, tail: Tail, { mode }: BindContext): Relation {
  const outputs = node.schema.fields.map((field, i) => ({
    name: field.name,
    expr: columnExpr(node.schema, i),
  }))
  const stage = {
    bind: (value: Tail['orderBy'][number]['value'], clause: string): Expr => {
      const expr = bindExpression(value, { scope, schema: node.schema, clause })
      return expr.kind === 'column'
        ? expr
        : fail('UNSUPPORTED', 'Here ORDER BY takes columns, not expressions', { at: value.at })
    },
  }
  return relationOf(new Ordering(tail, outputs, stage).apply(node, mode), undefined)
}

const NOWHERE = { scope: new Scope([]), schema: schemaOf([]), clause: 'VALUES' }

/** VALUES: constants only. Columns are called EXPR$0, EXPR$1, … */
function bindValues(
  { rows, at }: Extract<QueryBody, { kind: 'values' }>,
  timeZone: string,
): Relation {
  const width = rows[0].length
  const bound = rows.map((row) => {
    if (row.length !== width) {
      fail('INVALID_ARGUMENT', `VALUES has rows of ${width} and of ${row.length} columns`, {
        at: row[0]?.at ?? at,
      })
    }
    return row.map((value) => constant(inZone(bindExpression(value, NOWHERE), timeZone)))
  })
  const fields = rows[0].map((_, column) => {
    const exprs = bound.map((row) => row[column])
    const common = commonOf(exprs, 'VALUES', at)
    const type = common.kind === 'null' ? VARCHAR : common
    const values = exprs.map((expr) => evaluate(inZone(coerce(expr, type) ?? expr, timeZone)))
    return { name: `EXPR$${column}`, type, values, nullable: values.includes(null) }
  })
  const schema = schemaOf(fields.map(({ name, type, nullable }) => ({ name, type, nullable })))
  const node = makeValues(
    schema,
    rows.map((_, row) => fields.map((field) => field.values[row])),
  )
  return relationOf(node, undefined)
}

function constant(expr: Expr): Expr {
  if (isDeterministic(expr)) return expr
  return fail('UNSUPPORTED', 'VALUES takes constants; this changes with the clock', {
    at: expr.at,
    hint: 'SELECT without FROM can read the clock.',
  })
}
