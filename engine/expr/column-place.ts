/** Parts of columns that are columns themselves: a field of a ROW column is read where it lies,
 *  without making the row. */

import type { DataType } from '../batch/types.ts'
import type { ColumnPath, LoopCode } from './codegen.ts'
import { emitNullTest, nullTest } from './emit-column.ts'
import { fieldIndex } from './field.ts'
import type { Expr } from './ir.ts'

/** A column, or one inside it, at the current row. */
export interface Place {
  readonly path: ColumnPath
  readonly type: DataType
  readonly isNull: string
}

/** Where the expression's value lies, if it is a column or a field of one. */
export function placeOf(expr: Expr, code: LoopCode): Place | undefined {
  if (expr.kind === 'column') {
    if (code.readColumn !== undefined) return undefined
    return { path: [expr.index], type: expr.type, isNull: emitNullTest(expr, code) }
  }
  if (expr.kind !== 'call' || expr.name !== '.') return undefined
  const [row, name] = expr.args
  const around = placeOf(row, code)
  if (around === undefined || row.type.kind !== 'row' || name.kind !== 'literal') return undefined
  const path: ColumnPath = [...around.path, fieldIndex(row.type.fields, name.value as string)]
  const own = nullTest(path, code.row, code)
  const tests = around.isNull === 'false' ? own : `${around.isNull} || ${own}`
  return { path, type: expr.type, isNull: code.constant('n', tests) }
}
