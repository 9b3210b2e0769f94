/** Which functions stand before OVER, what they take and what they give. */

import { fail } from '../../engine/base/errors.ts'
import { didYouMean } from '../../engine/base/nearest.ts'
import { BIGINT, type DataType, DOUBLE, isInteger, typeName } from '../../engine/batch/types.ts'
import { coerce } from '../../engine/expr/coerce.ts'
import { isNullable } from '../../engine/expr/facts.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { AGGREGATES, findAggregate } from '../../engine/operator/aggregate/index.ts'
import type { OverCall } from '../../engine/operator/nodes.ts'
import { bindCalledAggregate, isAggregateNullable } from './bind-aggregate.ts'
import { asBoolean, type CallExpression } from './bind-expression.ts'
import { evaluate } from './constant.ts'

export interface BoundCall {
  readonly call: Omit<OverCall, 'frame'>
  readonly nullable: boolean
  /** It looks at the whole partition, or at one row of it. */
  readonly ignoresFrame: boolean
}

type Bind = (expression: CallExpression['args'][number], clause: string) => Expr

interface Entry {
  /** Fewest and most arguments. */
  readonly arity: readonly [number, number]
  readonly ignoresFrame: boolean
  readonly result: (args: readonly Expr[]) => { type: DataType; nullable: boolean }
}

const always =
  (type: DataType): Entry['result'] =>
  () => ({ type, nullable: false })
const valueOfFirst: Entry['result'] = ([value]) => ({ type: value.type, nullable: true })

const ranking = (type: DataType, arity: Entry['arity'] = [0, 0]): Entry => ({
  arity,
  ignoresFrame: true,
  result: always(type),
})
const shifting: Entry = {
  arity: [1, 3],
  ignoresFrame: true,
  result: ([value, , otherwise]) => ({
    type: value.type,
    nullable: isNullable(value) || otherwise === undefined || isNullable(otherwise),
  }),
}
const picking = (arguments_: number): Entry => ({
  arity: [arguments_, arguments_],
  ignoresFrame: false,
  result: valueOfFirst,
})

const FUNCTIONS: Readonly<Record<string, Entry>> = {
  ROW_NUMBER: ranking(BIGINT),
  RANK: ranking(BIGINT),
  DENSE_RANK: ranking(BIGINT),
  PERCENT_RANK: ranking(DOUBLE),
  CUME_DIST: ranking(DOUBLE),
  NTILE: ranking(BIGINT, [1, 1]),
  LAG: shifting,
  LEAD: shifting,
  FIRST_VALUE: picking(1),
  LAST_VALUE: picking(1),
  NTH_VALUE: picking(2),
}

/** Whether a function of this name, in upper case, stands before OVER. */
export const isOverFunction = (name: string): boolean => Object.hasOwn(FUNCTIONS, name)

/** Binds a function before OVER: a ranking or shifting function, or an aggregate. UNKNOWN_FUNCTION,
 *  TYPE_MISMATCH, INVALID_ARGUMENT. */
export function bindOverFunction(call: CallExpression, bind: Bind): BoundCall {
  const name = call.name.text.toUpperCase()
  if (!Object.hasOwn(FUNCTIONS, name)) return bindAggregateOver(call, bind)
  const { arity, ignoresFrame, result } = FUNCTIONS[name]
  if (call.distinct || call.filter !== undefined || call.orderBy.length > 0) {
    fail('INVALID_AGGREGATE', `${name} takes no DISTINCT, FILTER or ORDER BY in its brackets`, {
      at: call.at,
    })
  }
  if (call.args.length < arity[0] || call.args.length > arity[1]) {
    const wanted = arity[0] === arity[1] ? `${arity[0]}` : `${arity[0]} to ${arity[1]}`
    fail('INVALID_ARGUMENT', `${name} takes ${wanted} arguments`, { at: call.at })
  }
  const args = checkArguments(
    name,
    call.args.map((arg) => bind(arg, `The arguments of ${name}`)),
  )
  const { type, nullable } = result(args)
  return { call: { name, args, distinct: false, type }, nullable, ignoresFrame }
}

/** Counts are positive constants, and a default is of the value's type. */
function checkArguments(name: string, args: readonly Expr[]): readonly Expr[] {
  if (name === 'NTILE') return [wholeNumber(args[0], name, 1)]
  if (name === 'NTH_VALUE') return [args[0], wholeNumber(args[1], name, 1)]
  if (name !== 'LAG' && name !== 'LEAD') return args
  const [value, offset, otherwise] = args
  if (offset === undefined) return args
  const counted = wholeNumber(offset, name, 0)
  if (otherwise === undefined) return [value, counted]
  const converted = coerce(otherwise, value.type)
  if (converted !== undefined) return [value, counted, converted]
  return fail('TYPE_MISMATCH', `The default of ${name} must be ${typeName(value.type)}`, {
    at: otherwise.at,
  })
}

function wholeNumber(expr: Expr, name: string, least: number): Expr {
  const value = isInteger(expr.type) && isConstant(expr) ? evaluate(expr) : null
  if (value !== null && Number(value) >= least) {
    return { kind: 'literal', type: BIGINT, value, at: expr.at }
  }
  return fail('INVALID_ARGUMENT', `${name} takes a constant whole number of at least ${least}`, {
    at: expr.at,
  })
}

const isConstant = (expr: Expr): boolean =>
  expr.kind === 'literal' || (expr.kind === 'cast' && isConstant(expr.arg))

function bindAggregateOver(call: CallExpression, bind: Bind): BoundCall {
  const name = call.name.text.toUpperCase()
  const found = findAggregate(name)
  if (found === undefined) {
    const names = [...Object.keys(FUNCTIONS), ...AGGREGATES.map((entry) => entry.name)]
    fail('UNKNOWN_FUNCTION', `There is no window function ${call.name.text}`, {
      at: call.name.at,
      hint: didYouMean(name, names) ?? 'Aggregates, ROW_NUMBER, RANK, LAG and their kin are.',
    })
  }
  const bound = bindCalledAggregate(found, call, {
    bind,
    condition: (filter) => asBoolean(bind(filter, 'FILTER'), 'FILTER'),
  })
  // A frame can be empty.
  return { call: bound, nullable: isAggregateNullable(bound, false), ignoresFrame: false }
}
