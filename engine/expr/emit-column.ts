/** Generated code that reads a column's value in the current row. */

import { valueAt } from '../batch/rows.ts'
import { type DataType, storageOf } from '../batch/types.ts'
import type { ColumnPath, LoopCode } from './codegen.ts'
import { type Emitted, type Piece, scalar } from './emitted.ts'
import { loadInt64, loadInt128 } from './int64.ts'
import type { ColumnExpr } from './ir.ts'

export function emitColumn(expr: ColumnExpr, code: LoopCode): Emitted {
  const piece = emitLoad([expr.index], expr.type, code.row, code)
  return { ...piece, isNull: emitNullTest(expr, code) }
}

/** Whether the column is NULL in the current row. */
export function emitNullTest({ index, nullable }: ColumnExpr, code: LoopCode): string {
  if (!nullable && !code.schema.fields[index].nullable) return 'false'
  return code.constant('n', nullTest([index], code.row, code))
}

/** JavaScript for "the value of the column at `row` is NULL". */
export function nullTest(path: ColumnPath, row: string, code: LoopCode): string {
  const bits = code.column(path, 'validity')
  return `${bits} !== null && (${bits}[${row} >> 3] >> (${row} & 7) & 1) === 0`
}

/** The value of the column (or of one inside it) at `row`, whether or not it is NULL. Nested values
 *  are made as `Value`s. */
export function emitLoad(path: ColumnPath, type: DataType, row: string, code: LoopCode): Piece {
  switch (storageOf(type)) {
    case 'bytes':
      return {
        form: 'slice',
        heap: code.column(path, 'values'),
        start: code.constant('s', `${code.column(path, 'starts')}[${row}]`),
        end: code.constant('e', `${code.column(path, 'ends')}[${row}]`),
      }
    case 'i64':
      return scalar(emitInt64(path, row, code))
    case 'i128':
      return scalar(emitInt128(path, row, code))
    case 'bool':
      return scalar(code.constant('v', `${code.column(path, 'values')}[${row}] === 1`))
    case 'list':
    case 'struct': {
      const read = code.bind(valueAt, 'valueAt')
      return scalar(code.constant('v', `${read}(${code.column(path, 'self')}, ${row})`))
    }
    default:
      return scalar(code.constant('v', `${code.column(path, 'values')}[${row}]`))
  }
}

/** Two 32-bit lanes make a number unless the value needs more than 53 bits. The slow call is in a
 *  branch of its own: while it never runs, V8 keeps the value in a register. */
function emitInt64(path: ColumnPath, row: string, code: LoopCode): string {
  const lanes = code.column(path, 'lanes')
  const high = code.constant('h', `${lanes}[2 * ${row} + 1]`)
  const value = code.variable('v', `${high} * 4294967296 + (${lanes}[2 * ${row}] >>> 0)`)
  const slow = `${code.bind(loadInt64, 'loadInt64')}(${code.column(path, 'values')}, ${row})`
  code.line(`if (${high} < -2097152 || ${high} >= 2097152) ${value} = ${slow}`)
  return value
}

function emitInt128(path: ColumnPath, row: string, code: LoopCode): string {
  const lanes = code.column(path, 'lanes')
  const high = code.constant('h', `${lanes}[4 * ${row} + 1]`)
  const value = code.variable('v', `${high} * 4294967296 + (${lanes}[4 * ${row}] >>> 0)`)
  const slow = `${code.bind(loadInt128, 'loadInt128')}(${code.column(path, 'values')}, ${row})`
  const sign = `${high} >> 31`
  const narrow = `${lanes}[4 * ${row} + 2] === (${sign}) && ${lanes}[4 * ${row} + 3] === (${sign})`
  code.line(`if (${high} < -2097152 || ${high} >= 2097152 || !(${narrow})) ${value} = ${slow}`)
  return value
}
