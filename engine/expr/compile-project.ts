/** A list of expressions as a generated function that makes columns. */

import type { EpochClock } from '../base/clock.ts'
import type { Batch } from '../batch/batch.ts'
import { Column } from '../batch/column.ts'
import type { Schema } from '../batch/schema.ts'
import { type DataType, sameType, storageOf } from '../batch/types.ts'
import { LoopCode } from './codegen.ts'
import { compile, type Generated } from './compile.ts'
import { keepsValue } from './emit-cast.ts'
import type { ColumnExpr, Expr } from './ir.ts'
import { OutputColumn } from './output-column.ts'

export type Project = (batch: Batch, clock: EpochClock) => Column[]

/** One column per expression, in order, over all rows of the batch. A bare column, also under a
 *  cast that changes nothing in memory, is passed through and shares its arrays. Raises what an
 *  expression raises. UNSUPPORTED for computing with nested types. */
export function compileProject(exprs: readonly Expr[], schema: Schema): Generated<Project> {
  const computed = exprs.filter((expr) => passed(expr) === undefined)
  const compute = compileColumns(computed, schema)
  const passes = exprs.map(passed)
  const project = (batch: Batch, clock: EpochClock) => {
    const made = computed.length === 0 ? [] : compute(batch, clock)
    let next = 0
    return exprs.map((expr, i) => {
      const column = passes[i]
      return column === undefined ? made[next++] : retyped(batch.columns[column.index], expr.type)
    })
  }
  return Object.assign(project, { source: computed.length === 0 ? '' : compute.source })
}

/** The column that the expression merely passes on. */
function passed(expr: Expr): ColumnExpr | undefined {
  if (expr.kind === 'column') return expr
  if (expr.kind !== 'cast' || expr.arg.kind !== 'column') return undefined
  const { arg, type } = expr
  const same = arg.type.kind === type.kind && storageOf(arg.type) === storageOf(type)
  return same && keepsValue(arg.type, type) ? arg : undefined
}

function retyped(column: Column, type: DataType): Column {
  return sameType(column.type, type) ? column : new Column({ ...column, type })
}

function compileColumns(exprs: readonly Expr[], schema: Schema): Generated<Project> {
  const code = new LoopCode(schema)
  code.line('const rowCount = batch.rowCount')
  const outputs = exprs.map((expr) => new OutputColumn(code, expr.type, 'rowCount'))
  code.block('for (let i = 0; i < rowCount; i++)', () => {
    for (const [i, expr] of exprs.entries()) outputs[i].write(code.emit(expr))
  })
  const columns = outputs.map((output) => output.finish('rowCount')).join(', ')
  code.line(`return [${columns}]`)
  return compile<Project>(code, ['batch', 'clock'], undefined, 'project')
}
