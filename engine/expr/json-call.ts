/** The SQL:2016 JSON functions with their clauses, as expressions: the plain function, and
 *  behind it what ON EMPTY and ON ERROR say, which only runs where the plain one finds nothing. */

import type { Span } from '../base/errors.ts'
import { BOOLEAN, type DataType, JSON_TYPE, sameType, VARCHAR } from '../batch/types.ts'
import { coerce } from './coerce.ts'
import type { Expr } from './ir.ts'
import type { JsonAnswer } from './json/clauses.ts'
import { EMPTY, ERROR } from './json/outcome.ts'
import { int, literal, nullLiteral, text } from './literal.ts'
import { resolveCall, resolveCase, resolveCast } from './resolve.ts'

export interface JsonCall {
  /** In upper case. */
  readonly name: string
  /** The plain arguments, then the defaults of ON EMPTY and ON ERROR. */
  readonly args: readonly Expr[]
  readonly returning?: { readonly type: DataType; readonly at: Span } | undefined
  readonly wrapper?: 'conditional' | 'unconditional' | undefined
  readonly onEmpty?: JsonAnswer | undefined
  readonly onError?: JsonAnswer | undefined
  readonly onNull?: 'null' | 'absent' | undefined
  readonly at: Span
}

const VARIANTS: Readonly<Record<string, string>> = {
  'JSON_OBJECT absent': 'JSON_OBJECT ABSENT ON NULL',
  'JSON_ARRAY null': 'JSON_ARRAY NULL ON NULL',
}

/** TYPE_MISMATCH and INVALID_ARGUMENT as of the plain functions; TYPE_MISMATCH for a RETURNING type
 *  that JSON does not convert to, and for defaults that are not of it. */
export function resolveJsonCall(call: JsonCall): Expr {
  if (call.name === 'JSON_EXISTS') return existsOf(call)
  if (call.name === 'JSON_VALUE' || call.name === 'JSON_QUERY') return taken(call)
  const variant = VARIANTS[`${call.name} ${call.onNull}`] ?? call.name
  return resolveCall(variant, call.args, call.at)
}

function existsOf({ args, onError, at, ...call }: JsonCall): Expr {
  const exists = resolveCall('JSON_EXISTS', args, at)
  if (onError === undefined || onError === 'false') return exists
  const truths = { true: true, unknown: null } as Readonly<Record<string, boolean | null>>
  const answer =
    onError === 'error'
      ? failure({ ...call, args, at }, BOOLEAN)
      : literal(BOOLEAN, truths[onError], at)
  return resolveCase([{ when: isOutcome('ANY', args, ERROR, at), then: answer }], exists, at)
}

const isOutcome = (asked: string, args: readonly Expr[], outcome: number, at: Span): Expr =>
  resolveCall('=', [resolveCall(`JSON OUTCOME ${asked}`, args, at), int(outcome)], at)

function failure({ name, args: [document, path], at }: JsonCall, type: DataType): Expr {
  return resolveCall('JSON FAILURE', [text(name), asText(document), path, nullLiteral(type)], at)
}

const asText = (expr: Expr): Expr =>
  expr.type.kind === 'json' ? resolveCast(expr, VARCHAR, false, expr.at) : expr

const WRAPPERS = { conditional: ' WITH CONDITIONAL WRAPPER', unconditional: ' WITH WRAPPER' }

/** JSON_VALUE and JSON_QUERY. */
function taken(call: JsonCall): Expr {
  const { name, args, wrapper, returning, onEmpty = 'null', onError = 'null', at } = call
  const defaults = [onEmpty, onError].filter((answer) => answer === 'default').length
  const plain = args.slice(0, args.length - defaults)
  const found = resolveCall(`${name}${wrapper ? WRAPPERS[wrapper] : ''}`, plain, at)
  const type = returning?.type ?? found.type
  const value = sameType(type, found.type)
    ? found
    : resolveCast(found, type, true, returning?.at ?? at)
  if (onEmpty === 'null' && onError === 'null') return value
  const asked = name === 'JSON_VALUE' ? 'SCALAR' : wrapper ? 'WRAPPED' : 'NESTED'
  const given = args.slice(plain.length)
  const answer = (said: JsonAnswer, byDefault: Expr): Expr => {
    if (said === 'default') return defaultOf(byDefault, type)
    if (said === 'error') return failure({ ...call, args: plain }, type)
    if (said === 'null') return nullLiteral(type, at)
    const nested = literal(JSON_TYPE, said === 'empty array' ? '[]' : '{}', at)
    return sameType(type, JSON_TYPE) ? nested : resolveCast(nested, type, false, at)
  }
  const otherwise = resolveCase(
    [
      { when: isOutcome(asked, plain, EMPTY, at), then: answer(onEmpty, given[0]) },
      ...plain.map((arg) => ({
        when: resolveCall('IS NULL', [arg], at),
        then: nullLiteral(type, at),
      })),
    ],
    answer(onError, given[given.length - 1]),
    at,
  )
  return resolveCall('COALESCE', [value, otherwise], at)
}

const defaultOf = (value: Expr, type: DataType): Expr =>
  coerce(value, type) ?? resolveCast(value, type, false, value.at)
