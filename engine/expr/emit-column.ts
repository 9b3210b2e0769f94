/** Generated code that reads a column's value in the current row. */

import { storageOf } from '../batch/types.ts'
import type { LoopCode } from './codegen.ts'
import { type Emitted, type Piece, scalar } from './emitted.ts'
import { loadInt64, loadInt128 } from './int64.ts'
import type { ColumnExpr } from './ir.ts'
import { refuseNested } from './refuse-nested.ts'

/** UNSUPPORTED for nested types. */
export function emitColumn(expr: ColumnExpr, code: LoopCode): Emitted {
  refuseNested(expr.type, `Column ${expr.name}`)
  const piece = emitLoad(expr, code)
  return { ...piece, isNull: emitNullTest(expr, code) }
}

/** Whether the column is NULL in the current row; works for every type. */
export function emitNullTest({ index, nullable }: ColumnExpr, code: LoopCode): string {
  if (!nullable && !code.schema.fields[index].nullable) return 'false'
  const bits = code.column(index, 'validity')
  const { row } = code
  return code.constant('n', `${bits} !== null && (${bits}[${row} >> 3] >> (${row} & 7) & 1) === 0`)
}

function emitLoad({ index, type }: ColumnExpr, code: LoopCode): Piece {
  const { row } = code
  switch (storageOf(type)) {
    case 'bytes':
      return {
        form: 'slice',
        heap: code.column(index, 'values'),
        start: code.constant('s', `${code.column(index, 'starts')}[${row}]`),
        end: code.constant('e', `${code.column(index, 'ends')}[${row}]`),
      }
    case 'i64':
      return scalar(emitInt64(index, code))
    case 'i128':
      return scalar(emitInt128(index, code))
    case 'bool':
      return scalar(code.constant('v', `${code.column(index, 'values')}[${row}] === 1`))
    default:
      return scalar(code.constant('v', `${code.column(index, 'values')}[${row}]`))
  }
}

/** Two 32-bit lanes make a number unless the value needs more than 53 bits. The slow call is in a
 *  branch of its own: while it never runs, V8 keeps the value in a register. */
function emitInt64(index: number, code: LoopCode): string {
  const lanes = code.column(index, 'lanes')
  const high = code.constant('h', `${lanes}[2 * ${code.row} + 1]`)
  const value = code.variable('v', `${high} * 4294967296 + (${lanes}[2 * ${code.row}] >>> 0)`)
  const slow = `${code.bind(loadInt64, 'loadInt64')}(${code.column(index, 'values')}, ${code.row})`
  code.line(`if (${high} < -2097152 || ${high} >= 2097152) ${value} = ${slow}`)
  return value
}

function emitInt128(index: number, code: LoopCode): string {
  const lanes = code.column(index, 'lanes')
  const high = code.constant('h', `${lanes}[4 * ${code.row} + 1]`)
  const value = code.variable('v', `${high} * 4294967296 + (${lanes}[4 * ${code.row}] >>> 0)`)
  const slow = `${code.bind(loadInt128, 'loadInt128')}(${code.column(index, 'values')}, ${code.row})`
  const sign = `${high} >> 31`
  const narrow = `${lanes}[4 * ${code.row} + 2] === (${sign}) && ${lanes}[4 * ${code.row} + 3] === (${sign})`
  code.line(`if (${high} < -2097152 || ${high} >= 2097152 || !(${narrow})) ${value} = ${slow}`)
  return value
}
