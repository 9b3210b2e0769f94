/** Evaluates expressions both ways, for the tests: by the interpreter and by generated code. */

import { SqlError } from '../../../engine/base/errors.ts'
import { Batch } from '../../../engine/batch/batch.ts'
import { columnOf } from '../../../engine/batch/builder.ts'
import { valueAt } from '../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../engine/batch/schema.ts'
import type { DataType } from '../../../engine/batch/types.ts'
import { compileProject } from '../../../engine/expr/compile-project.ts'
import { EPOCH_ZERO, interpret } from '../../../engine/expr/interpret.ts'
import type { ColumnExpr, Expr, Value } from '../../../engine/expr/ir.ts'

export const column = (index: number, type: DataType, nullable = true): ColumnExpr => ({
  kind: 'column',
  index,
  name: `c${index}`,
  type,
  nullable,
})

/** A batch of rows given as arrays of values. */
export function batchOf(types: readonly DataType[], rows: readonly (readonly Value[])[]): Batch {
  const fields: Field[] = types.map((type, i) => ({ name: `c${i}`, type, nullable: true }))
  const columns = types.map((type, i) =>
    columnOf(
      type,
      rows.map((row) => row[i]),
    ),
  )
  return new Batch(schemaOf(fields), columns, rows.length)
}

/** A value, or the error that came instead. */
export type Outcome = { readonly value: Value } | { readonly error: string; readonly at: string }

export function outcomeOf(run: () => Value): Outcome {
  try {
    return { value: plain(run()) }
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    return { error: error.code, at: JSON.stringify(error.at) }
  }
}

/** Bytes as a plain array, so that views and copies compare equal. */
const plain = (value: Value): Value => {
  if (value instanceof Uint8Array) return Array.from(value)
  return Array.isArray(value) ? value.map(plain) : value
}

export const interpretRow = (expr: Expr, row: readonly Value[]): Outcome =>
  outcomeOf(() => interpret(expr, row))

/** The outcomes of generated code: of all rows at once if none of them raises, else row by row. */
export function generatedRows(expr: Expr, batch: Batch): Outcome[] {
  const project = compileProject([expr], batch.schema)
  const one = (part: Batch): Value[] => {
    const [made] = project(part, EPOCH_ZERO)
    return Array.from({ length: part.rowCount }, (_, row) => plain(valueAt(made, row)))
  }
  try {
    return one(batch).map((value) => ({ value }))
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    return Array.from({ length: batch.rowCount }, (_, row) =>
      outcomeOf(() => one(batch.slice(row, row + 1))[0]),
    )
  }
}
