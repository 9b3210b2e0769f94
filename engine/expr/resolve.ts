/** From a function's name and its arguments to a typed call: finds the entry, picks the signature
 *  and inserts the implicit casts. The binder makes every call, CASE and CAST here. */

import { fail, type Span, SqlError } from '../base/errors.ts'
import { nearestName } from '../base/nearest-name.ts'
import { BOOLEAN, type DataType, INT, typeName } from '../batch/types.ts'
import { canCast, refuseCast } from './cast.ts'
import { coerce } from './coerce.ts'
import { commonOf } from './common-type.ts'
import { EXPR_SIZE_MAX, sizeOf } from './expr-size.ts'
import type { MacroFunction, ScalarFunction, Signature } from './function.ts'
import { findFunction, functionNames } from './functions/index.ts'
import { type CallExpr, type CaseExpr, type CastExpr, childrenOf, type Expr } from './ir.ts'
import { literal, nullLiteral } from './literal.ts'

/** The call of a scalar function or operator, by name in any case. UNKNOWN_FUNCTION with the
 *  nearest name; TYPE_MISMATCH with the types found and the forms it takes, at the argument that
 *  does not fit, else at the call; INVALID_ARGUMENT for a bad constant (unit, pattern);
 *  LIMIT_EXCEEDED. A macro (BETWEEN, IF, NULLIF) comes back expanded. */
export function resolveCall(name: string, args: readonly Expr[], at?: Span): Expr {
  const entry = findFunction(name) ?? unknownFunction(name, at)
  if (entry.nulls === 'macro') return expand(entry, args, at, name)
  const all = isVolatile(entry) ? [...args, literal(INT, at?.offset ?? 0, at)] : args
  const signature = entry.resolve(all)
  if (signature === undefined) return refuseCall(entry, args, at, name)
  const converted = convertAll(entry, signature, all, at, name)
  const call: CallExpr = {
    kind: 'call',
    name: entry.name,
    args: converted,
    type: signature.type,
    at,
  }
  checkDepth(call)
  // Making the function reads its constants: a bad unit or pattern is refused now, not by a row.
  if (entry.nulls !== 'lazy') entry.evaluate(call)
  return call
}

const isVolatile = (entry: ScalarFunction): boolean => 'volatile' in entry

/** Deepest nesting of calls: everything that walks an expression does so by recursion. */
const DEPTH_MAX = 1000
const depths = new WeakMap<Expr, number>()

function depthOf(expr: Expr): number {
  const known = depths.get(expr)
  if (known !== undefined) return known
  const depth = childrenOf(expr).reduce((most, part) => Math.max(most, depthOf(part)), 0) + 1
  depths.set(expr, depth)
  return depth
}

function checkDepth(call: CallExpr): void {
  if (depthOf(call) <= DEPTH_MAX) return
  fail('LIMIT_EXCEEDED', `An expression is nested at most ${DEPTH_MAX} deep`, {
    at: call.at,
    hint: 'x IN (…) stands for many x = … OR …, CONCAT(…) for many ||.',
  })
}

function expand(
  entry: MacroFunction,
  args: readonly Expr[],
  at: Span | undefined,
  name: string,
): Expr {
  const [fewest, most] = entry.arity
  if (args.length < fewest || args.length > most) return refuseCall(entry, args, at, name)
  try {
    const expanded = entry.expand(args, {
      call: (part, ...parts) => resolveCall(part, parts, at),
      choose: (when, then, otherwise) =>
        resolveCase([{ when: coerceTo(when, BOOLEAN, entry.name), then }], otherwise, at),
    })
    if (sizeOf(expanded) > EXPR_SIZE_MAX) {
      fail('LIMIT_EXCEEDED', `${name} has more than ${EXPR_SIZE_MAX} parts, written out`, {
        at,
        hint: 'Some functions repeat an argument, and so double with each one inside another.',
      })
    }
    return expanded
  } catch (error) {
    // What it stands for is not what was written.
    const isOwn = error instanceof SqlError && error.code === 'TYPE_MISMATCH' && error.at === at
    if (isOwn) return refuseCall(entry, args, at, name)
    throw error
  }
}

/** Whether a scalar function or operator of this name exists. */
export const isFunction = (name: string): boolean => findFunction(name) !== undefined

function unknownFunction(name: string, at: Span | undefined): never {
  const near = nearestName(name.toUpperCase(), functionNames())
  fail('UNKNOWN_FUNCTION', `No function ${name}`, {
    at,
    hint: near === undefined ? undefined : `Did you mean ${near}?`,
  })
}

function convertAll(
  entry: ScalarFunction,
  signature: Signature,
  args: readonly Expr[],
  at: Span | undefined,
  name: string,
): Expr[] {
  return args.map((arg, i) => {
    const target = signature.args[i]
    const converted = coerce(arg, target)
    if (converted !== undefined) return converted
    return fail(
      'TYPE_MISMATCH',
      `${name.toUpperCase()} wants ${typeName(target)} here, not ${shown(arg)}`,
      {
        at: arg.at ?? at,
        hint: takes(entry),
      },
    )
  })
}

const shown = (arg: Expr): string =>
  arg.kind === 'literal' && typeof arg.value === 'string'
    ? `the text '${arg.value}'`
    : typeName(arg.type)

function refuseCall(
  entry: ScalarFunction,
  args: readonly Expr[],
  at: Span | undefined,
  name: string,
): never {
  const types = args.map((arg) => typeName(arg.type)).join(', ')
  fail('TYPE_MISMATCH', `${name.toUpperCase()} does not take (${types})`, {
    at: at ?? args.find((arg) => arg.at !== undefined)?.at,
    hint: takes(entry),
  })
}

const takes = (entry: ScalarFunction): string => `It is called as ${entry.syntax.join(' or ')}.`

/** CAST(arg AS type), or TRY_CAST if `safe`. TYPE_MISMATCH if the types do not convert. */
export function resolveCast(arg: Expr, type: DataType, safe: boolean, at?: Span): Expr {
  if (!canCast(arg.type, type)) refuseCast(arg.type, type, at ?? arg.at)
  if (arg.kind === 'literal' && arg.value === null) return nullLiteral(type, at)
  return { kind: 'cast', type, arg, safe, at } satisfies CastExpr
}

/** Searched CASE; without ELSE it is NULL. Its type is the common type of its results.
 *  TYPE_MISMATCH for a condition that is not BOOLEAN and for results without a common type. */
export function resolveCase(
  branches: readonly { readonly when: Expr; readonly then: Expr }[],
  otherwise: Expr | undefined,
  at?: Span,
): Expr {
  const last = otherwise ?? nullLiteral(undefined, at)
  const results = [...branches.map((branch) => branch.then), last]
  const type = commonOf(results, 'CASE', at)
  const to = (expr: Expr) => coerceTo(expr, type, 'CASE')
  const converted = branches.map(({ when, then }) => ({
    when: coerceTo(when, BOOLEAN, 'WHEN'),
    then: to(then),
  }))
  return { kind: 'case', type, branches: converted, otherwise: to(last), at } satisfies CaseExpr
}

function coerceTo(expr: Expr, type: DataType, what: string): Expr {
  return (
    coerce(expr, type) ??
    fail('TYPE_MISMATCH', `${what} wants ${typeName(type)} here, not ${shown(expr)}`, {
      at: expr.at,
    })
  )
}
