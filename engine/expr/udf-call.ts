/** Calls of user functions: of an SQL function, its body with the arguments in it; of a JavaScript
 *  function, a call expression that carries it. */

import { fail, type Span } from '../base/errors.ts'
import { typeName, VARCHAR } from '../batch/types.ts'
import { coerce } from './coerce.ts'
import { EXPR_SIZE_MAX, sizeWith } from './expr-size.ts'
import { type Expr, mapExpr, USER_CALL } from './ir.ts'
import { literal, nullLiteral } from './literal.ts'
import { resolveCall, resolveCase } from './resolve.ts'
import {
  type JavascriptFunction,
  type SqlFunction,
  signatureText,
  type UserFunction,
} from './udf.ts'

/** The call. TYPE_MISMATCH for a wrong number of arguments, and for one that is not of its
 *  parameter's type without a CAST; LIMIT_EXCEEDED for a body that grows too long. */
export function callUserFunction(called: UserFunction, args: readonly Expr[], at?: Span): Expr {
  const given = convertAll(called, args, at)
  if (called.language === 'sql') return inlined(called, given, at)
  const { name, parameters, returns, strict, source } = called
  const definition: JavascriptFunction = {
    language: 'javascript',
    ...{ name, parameters, returns, strict, source },
  }
  const carried = literal(VARCHAR, JSON.stringify(definition))
  return { kind: 'call', name: USER_CALL, args: [carried, ...given], type: returns, at }
}

function convertAll(called: UserFunction, args: readonly Expr[], at: Span | undefined): Expr[] {
  const { name, parameters } = called
  if (args.length !== parameters.length) {
    const takes = parameters.length === 1 ? '1 argument' : `${parameters.length} arguments`
    fail('TYPE_MISMATCH', `${name} takes ${takes}, not ${args.length}`, {
      at,
      hint: `It is called as ${signatureText(called)}.`,
    })
  }
  return args.map((arg, i) => {
    const { type } = parameters[i]
    const converted = coerce(arg, type)
    if (converted !== undefined) return converted
    const shown =
      arg.kind === 'literal' && typeof arg.value === 'string'
        ? `the text '${arg.value}'`
        : typeName(arg.type)
    return fail('TYPE_MISMATCH', `${name} wants ${typeName(type)} here, not ${shown}`, {
      at: arg.at ?? at,
      hint: `It is called as ${signatureText(called)}.`,
    })
  })
}

function inlined(called: SqlFunction, args: readonly Expr[], at?: Span): Expr {
  const { name, body, strict, returns } = called
  if (sizeWith(body, (index) => args[index]) > EXPR_SIZE_MAX) {
    fail('LIMIT_EXCEEDED', `${name} has more than ${EXPR_SIZE_MAX} parts, written out`, { at })
  }
  const value = mapExpr(body, (part) =>
    part.kind === 'column' ? args[part.index] : { ...part, at },
  )
  if (!strict || args.length === 0) return value
  const isNull = args
    .map((arg) => resolveCall('IS NULL', [arg], at))
    .reduce((some, test) => resolveCall('OR', [some, test], at))
  return resolveCase([{ when: isNull, then: nullLiteral(returns, at) }], value, at)
}
