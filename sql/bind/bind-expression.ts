/** Syntax tree -> typed expression: names become columns, functions are resolved, implicit
 *  conversions are spelled out. Every part keeps its place in the statement. */

import { fail, type Span } from '../../engine/base/errors.ts'
import type { Schema } from '../../engine/batch/schema.ts'
import { BOOLEAN, typeName, VARCHAR } from '../../engine/batch/types.ts'
import { coerce } from '../../engine/expr/coerce.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { resolveJsonCall } from '../../engine/expr/json-call.ts'
import { literal } from '../../engine/expr/literal.ts'
import { isFunction, resolveCall, resolveCase, resolveCast } from '../../engine/expr/resolve.ts'
import { callUserFunction } from '../../engine/expr/udf-call.ts'
import { findAggregate } from '../../engine/operator/aggregate/index.ts'
import { isJsonAggregate } from '../../engine/operator/aggregate/json-aggregates.ts'
import type { Expression, Name, Query } from '../ast.ts'
import type { OuterScope } from './context.ts'
import { asCollected } from './json-aggregate.ts'
import { isOverName } from './over-names.ts'
import { outerPlaceholder } from './placeholder.ts'
import { columnExpr, type Scope } from './scope.ts'
import { isWindowFunction } from './window-call.ts'

export type CallExpression = Extract<Expression, { kind: 'call' }>

export interface ExpressionContext {
  readonly scope: Scope
  /** Of the node that the scope is about. */
  readonly schema: Schema
  /** Where the expression stands, for messages: `WHERE`. */
  readonly clause: string
  /** Binds aggregates and window bounds (`TUMBLE_START`) where the clause allows them; undefined if
   *  the call is neither. */
  readonly group?: ((call: CallExpression) => Expr | undefined) | undefined
  /** What an expression stands for as a whole, where it was bound before: a key of GROUP BY. */
  readonly known?: ((expression: Expression) => Expr | undefined) | undefined
  /** Binds a subquery, where the clause allows one. */
  readonly subquery?: ((expression: SubqueryExpression) => Expr) | undefined
  /** Binds a call with OVER, where the clause allows one. */
  readonly over?: ((call: CallExpression) => Expr) | undefined
  /** The rows around the query that the expression is in. */
  readonly outer?: OuterScope | undefined
}

export type SubqueryExpression =
  | Extract<Expression, { kind: 'subquery' | 'in-query' | 'exists' }>
  | QuantifiedExpression

/** `x < ALL (SELECT …)`, `x >= ANY (SELECT …)`. */
export interface QuantifiedExpression {
  readonly kind: 'quantified'
  readonly operator: string
  /** ALL, not ANY. */
  readonly isAll: boolean
  readonly arg: Expression
  readonly query: Query
  readonly at: Span
}

/** Binds one expression. UNKNOWN_COLUMN, UNKNOWN_FUNCTION, TYPE_MISMATCH, INVALID_AGGREGATE,
 *  AMBIGUOUS_NAME or UNSUPPORTED, at the culprit. */
export function bindExpression(expression: Expression, context: ExpressionContext): Expr {
  const bind = (part: Expression) => bindExpression(part, context)
  const { at } = expression
  const known = context.known?.(expression)
  if (known !== undefined) return { ...known, at }
  switch (expression.kind) {
    case 'name':
      return bindName(expression.path, at, context)
    case 'literal':
      return literal(expression.type, expression.value, at)
    case 'call':
      return bindCall(expression, context)
    case 'cast':
      return resolveCast(bind(expression.arg), expression.type, expression.safe, at)
    case 'case':
      return bindCase(expression, context)
    case 'in': {
      const found = resolveCall('IN', [expression.arg, ...expression.list].map(bind), at)
      return expression.negated ? resolveCall('NOT', [found], at) : found
    }
    case 'star':
      return fail('SYNTAX', '* is not a value', { at, hint: '* stands alone, or in COUNT(*).' })
    case 'subquery':
    case 'in-query':
    case 'exists':
      return bindSubquery(expression, context)
  }
}

function bindSubquery(expression: SubqueryExpression, { subquery, clause }: ExpressionContext) {
  if (subquery !== undefined) return subquery(expression)
  return fail('UNSUPPORTED', `A subquery is not supported in ${clause}`, {
    at: expression.at,
    hint: 'Put the subquery into FROM or WHERE.',
  })
}

function bindName(path: readonly Name[], at: Span, context: ExpressionContext): Expr {
  const { scope, schema, clause, outer } = context
  const found = scope.locate(path)
  const column = found && columnExpr(schema, found.column.index, at)
  // `x.w`: a column x without fields does not hide a table x further out.
  const isRead = found?.fields.length === 0 || column?.type.kind === 'row'
  if (found !== undefined && column !== undefined && isRead) return readFields(column, found.fields)
  const around = outerColumn(path, at, outer)
  if (around !== undefined) return around
  if (found !== undefined && column !== undefined) return readFields(column, found.fields)
  if (scope.columns.length > 0) scope.refuse(path)
  const text = path.map((name) => name.text).join('.')
  return fail('UNKNOWN_COLUMN', `There is no column ${text}: ${clause} cannot read columns`, {
    at,
    hint: path.length === 1 ? `A text is written in single quotes: '${text}'.` : undefined,
  })
}

/** A column of a query around, as a placeholder. */
function outerColumn(
  path: readonly Name[],
  at: Span,
  outer: OuterScope | undefined,
): Expr | undefined {
  let level = 0
  for (let around = outer; around !== undefined; around = around.outer) {
    const found = around.scope.locate(path)
    if (found !== undefined) {
      const { index } = found.column
      const column = outerPlaceholder(level, index, { ...around.schema.fields[index], at })
      return readFields(column, found.fields)
    }
    level++
  }
  return undefined
}

/** `column.field.field` */
const readFields = (column: Expr, fields: readonly Name[]): Expr =>
  fields.reduce((value, field) => {
    if (!isFunction('.')) {
      fail('UNSUPPORTED', 'Reading a field of a ROW is not supported yet', { at: field.at })
    }
    return resolveCall('.', [value, literal(VARCHAR, field.text, field.at)], field.at)
  }, column)

/** The name of a function as the engine lists it. */
const nameOf = (call: CallExpression): string => call.name.text.toUpperCase()

function bindCall(call: CallExpression, context: ExpressionContext): Expr {
  const { at } = call
  const name = nameOf(call)
  if (isJsonAggregate(name) && (context.group ?? call.over) !== undefined) {
    return bindCall(asCollected(call), context)
  }
  if (call.over !== undefined) return bindOver(call, context)
  const compared = quantified(call)
  if (compared !== undefined) return bindSubquery(compared, context)
  const grouped = context.group?.(call)
  if (grouped !== undefined) return grouped
  if (findAggregate(name) !== undefined || isJsonAggregate(name)) {
    const hint = context.clause === 'WHERE' ? 'HAVING filters on aggregates.' : undefined
    fail('INVALID_AGGREGATE', `${name} is an aggregate and not allowed in ${context.clause}`, {
      at,
      hint,
    })
  }
  if (isWindowFunction(name)) {
    fail('INVALID_AGGREGATE', `${name} is not allowed in ${context.clause}`, {
      at,
      hint: 'A window stands in GROUP BY or FROM; its bounds in SELECT, HAVING and ORDER BY.',
    })
  }
  const extra = call.distinct ? 'DISTINCT' : call.filter ? 'FILTER' : undefined
  if (extra !== undefined || call.orderBy.length > 0) {
    fail('INVALID_AGGREGATE', `${extra ?? 'ORDER BY'} needs an aggregate, which ${name} is not`, {
      at,
    })
  }
  if (call.user === undefined) refuseOperator(call)
  if (call.user === undefined && !isFunction(name)) refuseUnknown(call)
  const args = call.args.map((arg) => bindExpression(arg, context))
  if (call.user !== undefined) return callUserFunction(call.user, args, at)
  if (call.json !== undefined) return resolveJsonCall({ ...call.json, name, args, at })
  return resolveCall(call.name.text, args, at)
}

const CONSTRUCTORS: ReadonlySet<string> = new Set(['ROW', 'ARRAY', 'MAP'])

/** What the parser makes a call of and the engine has no function for is no unknown name. */
function refuseOperator(call: CallExpression): void {
  const name = nameOf(call)
  if (isFunction(name) || (/^\w+$/.test(name) && !CONSTRUCTORS.has(name))) return
  const what = name === '.' ? 'Reading a field of a ROW' : name === '[]' ? 'Indexing' : name
  fail('UNSUPPORTED', `${what} is not supported yet`, { at: call.at })
}

/** At the name: what it is called with does not matter. */
function refuseUnknown({ name }: CallExpression): never {
  if (isOverName(name.text.toUpperCase())) {
    fail('INVALID_AGGREGATE', `${name.text.toUpperCase()} needs OVER (…)`, {
      at: name.at,
      hint: 'For example ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts).',
    })
  }
  resolveCall(name.text, [], name.at)
  return fail('UNKNOWN_FUNCTION', `No function ${name.text}`, { at: name.at })
}

function bindOver(call: CallExpression, { over, clause }: ExpressionContext): Expr {
  if (over !== undefined) return over(call)
  const what = call.name.text.toUpperCase()
  return fail('INVALID_AGGREGATE', `${what} OVER is not allowed in ${clause}`, {
    at: call.over?.at ?? call.at,
    hint: 'It stands in SELECT, ORDER BY and QUALIFY; QUALIFY filters on it.',
  })
}

const QUANTIFIED = /^(=|<>|<|<=|>|>=) (ANY|ALL)$/

/** A comparison with the rows of a subquery; undefined if the call is none. `= ANY` is IN, `<> ALL`
 *  is NOT IN. */
function quantified({ name, args, at }: CallExpression): SubqueryExpression | undefined {
  const [arg, query] = args
  const found = QUANTIFIED.exec(name.text)
  if (found === null || query.kind !== 'subquery') return undefined
  const isAll = found[2] === 'ALL'
  const negated = name.text === '<> ALL'
  if (negated || name.text === '= ANY') {
    return { kind: 'in-query', arg, query: query.query, negated, at }
  }
  return { kind: 'quantified', operator: found[1], isAll, arg, query: query.query, at }
}

/** The simple form (`CASE x WHEN 1 …`) compares its operand in every branch. */
function bindCase(
  expression: Extract<Expression, { kind: 'case' }>,
  context: ExpressionContext,
): Expr {
  const bind = (part: Expression) => bindExpression(part, context)
  const subject = expression.operand && bind(expression.operand)
  const branches = expression.branches.map(({ when, then }) => {
    const condition = bind(when)
    return {
      when: subject ? resolveCall('=', [subject, condition], when.at) : condition,
      then: bind(then),
    }
  })
  return resolveCase(branches, expression.otherwise && bind(expression.otherwise), expression.at)
}

/** A condition: BOOLEAN, or NULL taken as one. TYPE_MISMATCH otherwise. */
export function asBoolean(expr: Expr, clause: string): Expr {
  // Texts that spell TRUE are no conditions: taking them for one would hide a mistake.
  const fits = expr.type.kind === 'boolean' || expr.type.kind === 'null'
  const condition = fits ? coerce(expr, BOOLEAN) : undefined
  if (condition !== undefined) return condition
  return fail('TYPE_MISMATCH', `${clause} needs a BOOLEAN, not ${typeName(expr.type)}`, {
    at: expr.at,
  })
}
