/** CREATE FUNCTION -> the function: its types are checked, a JavaScript body is parsed, an SQL body
 *  is bound over the parameters. */

import { fail, type Span } from '../../engine/base/errors.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { type DataType, typeName } from '../../engine/batch/types.ts'
import { coerce } from '../../engine/expr/coerce.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import { isFunction } from '../../engine/expr/resolve.ts'
import type { JavascriptFunction, SqlFunction, UserFunction } from '../../engine/expr/udf.ts'
import { checkSource } from '../../engine/expr/udf-run.ts'
import { shapeOf } from '../../engine/expr/udf-vector.ts'
import { findAggregate } from '../../engine/operator/aggregate/index.ts'
import { isJsonAggregate } from '../../engine/operator/aggregate/json-aggregates.ts'
import type { Statement } from '../ast.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { withoutPlace } from '../logical/visit.ts'
import { bindExpression } from './bind-expression.ts'
import { isOverFunction } from './over-function.ts'
import { Scope } from './scope.ts'
import { withUserFunctions } from './user-functions.ts'
import { isWindowFunction } from './window-call.ts'

export type CreateFunction = Extract<Statement, { kind: 'create-function' }>

const PARAMETERS_MAX = 64
const SOURCE_LENGTH_MAX = 64 * 1024

export interface BoundFunction {
  readonly definition: UserFunction
  /** Ids of the functions that the body calls. */
  readonly dependsOn: readonly string[]
}

/** The function of a CREATE FUNCTION. DUPLICATE_NAME for the name of a built-in function and for
 *  twin parameters; UNSUPPORTED for types that JavaScript does not see; SYNTAX and every error of
 *  an expression, at its place in the body; TYPE_MISMATCH if an SQL body has another type.
 *  `isKnown`: the statement was accepted before, so its source is not parsed again. */
export function bindFunction(
  statement: CreateFunction,
  catalog: Catalog,
  { isKnown = false }: { readonly isKnown?: boolean } = {},
): BoundFunction {
  refuseBuiltIn(statement)
  checkParameters(statement)
  const { name, parameters, returns, strict, language } = statement
  const signature = {
    name: name.text,
    parameters: parameters.map((p) => ({ name: p.name.text, type: p.type })),
    returns,
    strict,
  }
  if (language === 'sql') return bindSql(statement, signature, catalog)
  checkShapes(statement)
  const definition: JavascriptFunction = { ...signature, language, source: statement.body }
  if (!isKnown) checkBody(definition, statement)
  return { definition, dependsOn: [] }
}

/** What the parser makes a call of, or reads in another way. */
const SPECIAL: ReadonlySet<string> = new Set(['ROW', 'ARRAY', 'MAP', 'UNNEST', 'GROUPING'])

function refuseBuiltIn({ name }: CreateFunction): void {
  const upper = name.text.toUpperCase()
  const isTaken =
    isFunction(upper) ||
    findAggregate(upper) !== undefined ||
    isJsonAggregate(upper) ||
    isWindowFunction(upper) ||
    isOverFunction(upper) ||
    SPECIAL.has(upper)
  if (!isTaken) return
  fail('DUPLICATE_NAME', `${upper} is a built-in function`, {
    at: name.at,
    hint: 'Choose another name.',
  })
}

function checkParameters({ parameters, name, body, bodyAt }: CreateFunction): void {
  if (parameters.length > PARAMETERS_MAX) {
    fail('LIMIT_EXCEEDED', `A function has at most ${PARAMETERS_MAX} parameters`, { at: name.at })
  }
  if (body.length > SOURCE_LENGTH_MAX) {
    fail('LIMIT_EXCEEDED', `A body has at most ${SOURCE_LENGTH_MAX} characters`, { at: bodyAt })
  }
  const seen = new Set<string>()
  for (const { name } of parameters) {
    if (seen.has(name.text)) {
      fail('DUPLICATE_NAME', `The parameter ${name.text} is there twice`, { at: name.at })
    }
    seen.add(name.text)
  }
}

/** Names that JavaScript refuses in strict code. */
const RESERVED: ReadonlySet<string> = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval
  export extends false finally for function if implements import in instanceof interface let new null
  package private protected public return static super switch this throw true try typeof var void
  while with yield`.split(/\s+/),
)

function checkShapes({ parameters, returns, bodyAt }: CreateFunction): void {
  for (const { name, type } of parameters) {
    shapeAt(type, name.at)
    if (/^[A-Za-z_$][\w$]*$/.test(name.text) && !RESERVED.has(name.text)) continue
    fail('INVALID_ARGUMENT', `${name.text} is no name that JavaScript can use`, { at: name.at })
  }
  shapeAt(returns, bodyAt)
}

function shapeAt(type: DataType, at: Span): void {
  try {
    shapeOf(type)
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string }
    fail('UNSUPPORTED', message, { at, hint })
  }
}

function checkBody(definition: JavascriptFunction, { body, bodyAt }: CreateFunction): void {
  const problem = checkSource(definition)
  if (problem === undefined) return
  const { message, line, column } = problem
  fail('SYNTAX', `The body is not JavaScript: ${message}`, {
    at: line === undefined ? bodyAt : placeIn(body, bodyAt, line, column ?? 1),
    hint: 'It is an expression, the body of a function with a return, or a function.',
  })
}

/** Line and column of a body as a place in the statement; the whole body if it was written with
 *  escapes. */
function placeIn(body: string, at: Span, line: number, column: number): Span {
  if (at.length !== body.length) return at
  const lines = body.split('\n')
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0)
  const offset = before + column - 1
  // An end that comes too early is told at the bracket around the body.
  return offset < body.length ? { offset: at.offset + offset, length: 1 } : at
}

type Signature = Pick<SqlFunction, 'name' | 'parameters' | 'returns' | 'strict'>

function bindSql(
  { expression, bodyAt }: CreateFunction,
  signature: Signature,
  catalog: Catalog,
): BoundFunction {
  if (expression === undefined) return fail('INTERNAL', 'an SQL function without a body')
  const schema = schemaOf(signature.parameters.map((p) => ({ ...p, nullable: true })))
  const dependsOn = new Set<string>()
  const bound = withUserFunctions(expression, { catalog, dependsOn }, (tree) =>
    bindExpression(tree, {
      scope: Scope.of(schema, signature.name),
      schema,
      clause: `the body of ${signature.name}`,
    }),
  )
  const body = withoutPlace(converted(bound, signature, bodyAt))
  return { definition: { ...signature, language: 'sql', body }, dependsOn: [...dependsOn] }
}

function converted(bound: Expr, { name, returns }: Signature, at: Span): Expr {
  const value = coerce(bound, returns)
  if (value !== undefined) return value
  return fail(
    'TYPE_MISMATCH',
    `${name} returns ${typeName(returns)}, not ${typeName(bound.type)}`,
    {
      at: bound.at ?? at,
      hint: `Write CAST(… AS ${typeName(returns)}) if that is what you mean.`,
    },
  )
}
