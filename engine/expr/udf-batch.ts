/** The user functions of one row loop. Before the loop runs, each call is made for the whole batch
 *  at once, because crossing into the sandbox costs more than most functions; the loop then reads
 *  the results as it reads columns. */

import type { EpochClock } from '../base/clock.ts'
import type { Batch } from '../batch/batch.ts'
import type { Column } from '../batch/column.ts'
import type { LoopCode } from './codegen.ts'
import { compile } from './compile.ts'
import { ExprKeys } from './expr-keys.ts'
import type { CallExpr, Expr } from './ir.ts'
import { OutputColumn } from './output-column.ts'
import { argumentsOf } from './udf.ts'
import { conditionOf, eachUserCall, eitherOf, type Guard } from './udf-guards.ts'
import { callColumns, prepareCall } from './udf-run.ts'

/** The results of all calls for a batch, one column a call. */
export type PrepareCalls = (batch: Batch, clock: EpochClock) => Column[]

interface Planned {
  readonly call: CallExpr
  readonly key: number
  /** undefined: for every row. */
  readonly condition: Expr | undefined
}

export class UserCalls {
  readonly #loop: () => LoopCode
  readonly #keys = new ExprKeys()
  readonly #conditions = new Map<CallExpr, Expr | undefined>()
  readonly #planned: Planned[] = []

  /** `loop` gives generators for the same rows. */
  constructor(loop: () => LoopCode) {
    this.#loop = loop
  }

  /** Looks at an expression that will be evaluated where `guard` holds. */
  announce(expr: Expr, guard: Guard): void {
    eachUserCall(expr, guard, (call, inner) => {
      const condition = conditionOf(inner)
      const known = this.#conditions.has(call)
      this.#conditions.set(
        call,
        known ? eitherOf(this.#conditions.get(call), condition) : condition,
      )
    })
  }

  /** Plans the call; the position of its results. */
  plan(call: CallExpr): number {
    const condition = this.#conditions.get(call)
    const key = this.#keys.of(call)
    const found = this.#planned.findIndex(
      (other) =>
        other.key === key &&
        (other.condition === undefined || this.#isSame(other.condition, condition)),
    )
    if (found >= 0) return found
    return this.#planned.push({ call, key, condition }) - 1
  }

  #isSame(a: Expr, b: Expr | undefined): boolean {
    return b !== undefined && this.#keys.of(a) === this.#keys.of(b)
  }

  get isEmpty(): boolean {
    return this.#planned.length === 0
  }

  /** Once, when everything is planned. */
  prepare(): PrepareCalls {
    const calls = this.#planned.map((planned) => this.#prepareOne(planned))
    return (batch, clock) => calls.map((call) => call(batch, clock))
  }

  #prepareOne({ call, condition }: Planned): (batch: Batch, clock: EpochClock) => Column {
    const prepared = prepareCall(call)
    const evaluate = this.#compileArguments(call, condition)
    return (batch, clock) => {
      const length = batch.rowCount
      const rows = condition === undefined ? null : new Int32Array(length)
      const { count, args } = evaluate(batch, clock, rows)
      return callColumns(prepared, args, { rows, count, length })
    }
  }

  /** A loop that makes the arguments' columns, of just the rows that the call is for. It may have
   *  user functions of its own. */
  #compileArguments(call: CallExpr, condition: Expr | undefined): EvaluateArguments {
    const code = this.#loop()
    code.line(`const rowCount = ${code.batch}.rowCount; let count = 0`)
    const exprs = argumentsOf(call)
    const outputs = exprs.map((expr) => new OutputColumn(code, expr.type, 'rowCount'))
    const write = () => {
      for (const [i, expr] of exprs.entries()) outputs[i].write(code.emit(expr), 'count')
      code.line(condition === undefined ? 'count++' : `rows[count++] = ${code.row}`)
    }
    code.block(`for (let ${code.row} = 0; ${code.row} < rowCount; ${code.row}++)`, () => {
      if (condition === undefined) write()
      else code.whenTrue(condition, write)
    })
    const columns = outputs.map((output) => output.finish('count')).join(', ')
    code.line(`return { count, args: [${columns}] }`)
    const params = [code.batch, code.clock, 'rows']
    return compile<EvaluateArguments>(code, params, undefined, 'userArguments')
  }
}

type EvaluateArguments = (
  batch: Batch,
  clock: EpochClock,
  rows: Int32Array | null,
) => { readonly count: number; readonly args: readonly Column[] }
