/** Generated code for CAST: nothing where the value stays the same, inline for the numeric cases,
 *  else the bound conversion. */

import { type DataType, isInteger, sameType } from '../batch/types.ts'
import { castFunction } from './cast.ts'
import type { LoopCode } from './codegen.ts'
import { type Emitted, harmless, isByteLike, type Piece, scalar, text } from './emitted.ts'
import type { CastExpr } from './ir.ts'

const NO_BYTES = new Uint8Array(0)

export function emitCast(expr: CastExpr, code: LoopCode): Emitted {
  const { arg, type, safe, at } = expr
  const from = code.emit(arg)
  if (from.isNull === 'true') {
    if (!isByteLike(type)) return { form: 'scalar', value: harmless(type), isNull: 'true' }
    return { ...code.bytesConstant(NO_BYTES), isNull: 'true' }
  }
  if (keepsValue(arg.type, type)) return from
  const widened = inlineTotal(from, arg.type, type)
  if (widened !== undefined) {
    return { ...scalar(code.constant('v', widened)), isNull: from.isNull }
  }
  const cast = castFunction(arg.type, type, safe, at)
  return code.unlessNull(type, from.isNull, () => {
    const checked = safe ? undefined : inlineChecked(from, arg.type, type, code, cast)
    if (checked !== undefined) return checked
    const call = `${code.bind(cast, 'cast')}(${code.asValue(from, arg.type)})`
    const wrap = isByteLike(type) ? text : scalar
    if (!safe) return wrap(code.constant('v', call))
    const raw = code.constant('r', call)
    const isNull = code.constant('n', `${raw} === null`)
    const none = type.kind === 'bytes' ? code.bind(NO_BYTES, 'noBytes') : harmless(type)
    return { ...wrap(code.constant('v', `${isNull} ? ${none} : ${raw}`)), isNull }
  })
}

const INTEGER_RANK = ['tinyint', 'smallint', 'int', 'bigint']
const rank = (type: DataType): number => INTEGER_RANK.indexOf(type.kind)

/** Whether the value in memory is the same for both types. */
export function keepsValue(from: DataType, to: DataType): boolean {
  if (isInteger(from)) {
    if (isInteger(to)) return rank(from) <= rank(to)
    const digits = [3, 5, 10, 19][rank(from)]
    return to.kind === 'decimal' && to.scale === 0 && to.precision >= digits
  }
  switch (to.kind) {
    case 'varchar':
      if (from.kind === 'json') return to.length === undefined
      if (from.kind !== 'varchar') return false
      return to.length === undefined || (from.length !== undefined && from.length <= to.length)
    case 'timestamp':
    case 'timestamp_ltz':
      return (
        (from.kind === 'timestamp' || from.kind === 'timestamp_ltz') &&
        from.precision <= to.precision
      )
    case 'time':
      return from.kind === 'time' && from.precision <= to.precision
    case 'decimal':
      return from.kind === 'decimal' && from.scale === to.scale && from.precision <= to.precision
    default:
      return sameType(from, to)
  }
}

/** Conversions to FLOAT and DOUBLE, which always succeed. */
function inlineTotal(from: Piece, type: DataType, to: DataType): string | undefined {
  if (from.form !== 'scalar') return undefined
  const { value } = from
  const small = isInteger(type) && type.kind !== 'bigint'
  if (to.kind === 'double') {
    if (small || type.kind === 'float') return value
    if (type.kind === 'bigint') return `typeof ${value} === 'number' ? ${value} : Number(${value})`
  }
  if (to.kind === 'float' && (small || type.kind === 'double')) return `Math.fround(${value})`
  return undefined
}

const NARROW: Partial<Record<DataType['kind'], (value: string) => string>> = {
  tinyint: (value) => `${value} << 24 >> 24`,
  smallint: (value) => `${value} << 16 >> 16`,
  int: (value) => `${value} | 0`,
}

/** Narrower integers: a test for the usual case, and the bound conversion to raise the error. */
function inlineChecked(
  from: Piece,
  type: DataType,
  to: DataType,
  code: LoopCode,
  cast: unknown,
): Piece | undefined {
  const narrow = NARROW[to.kind]
  if (from.form !== 'scalar' || narrow === undefined) return undefined
  if (!isInteger(type) && type.kind !== 'double') return undefined
  const { value } = from
  const whole = type.kind === 'double' ? code.constant('w', `Math.trunc(${value})`) : value
  const narrowed = narrow(whole)
  const result = code.variable(
    'v',
    type.kind === 'bigint' ? `typeof ${whole} === 'number' ? ${narrowed} : 0` : narrowed,
  )
  code.line(`if (${result} !== ${whole}) ${result} = ${code.bind(cast, 'cast')}(${value})`)
  return scalar(result)
}
