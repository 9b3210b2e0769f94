/** Runs JavaScript functions: over the columns of a batch, or over the values of one row. */

import { asSqlError, fail, type Span } from '../base/errors.ts'
import { columnOf } from '../batch/builder.ts'
import type { Column } from '../batch/column.ts'
import { valueAt } from '../batch/rows.ts'
import { typeName } from '../batch/types.ts'
import type { CallExpr, Value } from './ir.ts'
import type { Program } from './sandbox/protocol.ts'
import { callProgram, checkProgram, type Outcome } from './sandbox/sandbox.ts'
import { calledFunction, type JavascriptFunction } from './udf.ts'
import { columnFrom, shapeOf, vectorOf } from './udf-vector.ts'

/** A call, ready to run. */
export interface PreparedCall {
  readonly called: JavascriptFunction
  readonly program: Program
  readonly at: Span | undefined
}

export function prepareCall(call: CallExpr): PreparedCall {
  const called = calledFunction(call)
  return { called, program: programOf(called), at: call.at }
}

/** UNSUPPORTED for types that JavaScript does not see. */
export const programOf = ({
  parameters,
  returns,
  strict,
  source,
}: JavascriptFunction): Program => ({
  parameters: parameters.map(({ name, type }) => ({ name, shape: shapeOf(type) })),
  result: shapeOf(returns),
  resultName: typeName(returns),
  strict,
  source,
})

/** Which rows a call is about: `rows[0..count)` of a batch of `length`, and the arguments' columns
 *  hold just these; null: all rows. */
export interface CallRows {
  readonly rows: Int32Array | null
  readonly count: number
  readonly length: number
}

/** The results as a column of the batch, NULL in the rows that the call is not about. INVALID_VALUE
 *  if the function throws or gives something else than it says; LIMIT_EXCEEDED. */
export function callColumns(
  { called, program, at }: PreparedCall,
  args: readonly Column[],
  { rows, count, length }: CallRows,
): Column {
  const { name, returns } = called
  if (count === 0) return columnOf(returns, new Array<Value>(length).fill(null))
  const vectors = args.map((arg) => vectorOf(arg, count))
  const outcome = callProgram(program, count, vectors)
  if (outcome.kind !== 'values') return refuse(name, outcome, at)
  try {
    return columnFrom(outcome.values, returns, { rows, length })
  } catch (error) {
    const { code, message } = asSqlError(error)
    return fail(code, `The function ${name} returned a wrong value: ${message}`, { at })
  }
}

/** The result for one row. */
export function callOnce(prepared: PreparedCall, values: readonly Value[]): Value {
  const { parameters } = prepared.called
  const args = parameters.map(({ type }, i) => columnOf(type, [values[i]]))
  return valueAt(callColumns(prepared, args, { rows: null, count: 1, length: 1 }), 0)
}

function refuse(name: string, outcome: Exclude<Outcome, { kind: 'values' }>, at?: Span): never {
  switch (outcome.kind) {
    case 'thrown':
      return fail('INVALID_VALUE', `The function ${name} failed: ${outcome.message}`, { at })
    case 'wrong':
      return fail('INVALID_VALUE', `The function ${name} returned ${outcome.message}`, {
        at,
        hint: outcome.message.startsWith('nothing')
          ? 'The body is an expression, or ends with return. NULL is null.'
          : undefined,
      })
    case 'syntax':
      return fail('SYNTAX', `The function ${name} is not JavaScript: ${outcome.message}`, { at })
    case 'exceeded':
      return fail('LIMIT_EXCEEDED', `The function ${name} ${EXCEEDED[outcome.what]}`, { at })
  }
}

const EXCEEDED = {
  steps: 'ran for too long: a call may take 10 million loop turns and calls',
  time: 'ran for too long',
  memory: 'took too much memory: its values may take 64 MB',
  stack: 'called itself too deep',
} as const

/** The place in a source that is no JavaScript; both from 1. */
export interface SyntaxProblem {
  readonly message: string
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/** What is wrong with the function's source; undefined if it is JavaScript. Nothing of it runs but
 *  what stands around the function. */
export function checkSource(called: JavascriptFunction): SyntaxProblem | undefined {
  const outcome = checkProgram(programOf(called))
  if (outcome === undefined) return undefined
  return outcome.kind === 'syntax' ? outcome : refuse(called.name, outcome as never)
}
