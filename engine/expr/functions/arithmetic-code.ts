/** Inline JavaScript for + - * / %: the usual case on numbers, and a bound function for results
 *  beyond 2^53 and for errors. That function is only called from a branch of its own, so V8 keeps
 *  the numbers in registers as long as it never runs. */

import { isInterval } from '../../batch/types.ts'
import type { LoopCode } from '../codegen.ts'
import { type Emitted, type Piece, scalar } from '../emitted.ts'
import { type Emit, guarded, total } from '../function.ts'
import type { IntegerOperator } from '../int64.ts'
import type { CallExpr, Expr } from '../ir.ts'
import { arithmeticValue, divisionByZero } from './arithmetic-value.ts'

type Build = (a: string, b: string, code: LoopCode, call: CallExpr) => string | undefined

/** Functions of two scalars as text. */
const inline =
  (build: Build): Emit['piece'] =>
  ([a, b]: readonly Emitted[], code: LoopCode, call: CallExpr): Piece | undefined => {
    if (a?.form !== 'scalar' || b?.form !== 'scalar') return undefined
    const value = build(a.value, b.value, code, call)
    return value === undefined ? undefined : scalar(value)
  }

/** The emitter of `operator`. */
export const arithmeticEmit = (operator: IntegerOperator): Emit => {
  const checked = guarded(inline((a, b, code, call) => checkedCode(operator, a, b, code, call)))
  const free = total(inline((a, b, _, call) => freeCode(operator, a, b, call)))
  return {
    total: false,
    piece: (args, code, call) => free.piece(args, code, call) ?? checked.piece(args, code, call),
  }
}

/** Most decimal digits that a number holds exactly. */
const DIGITS_MAX = 15

/** Operations that never raise. */
function freeCode(
  operator: IntegerOperator,
  a: string,
  b: string,
  { type, args }: CallExpr,
): string | undefined {
  if (type.kind === 'double') return `${a} ${operator} ${b}`
  if (type.kind === 'float') return `Math.fround(${a} ${operator} ${b})`
  const [x, y] = args.map((arg) => arg.type)
  if (type.kind !== 'decimal' || x.kind !== 'decimal' || y.kind !== 'decimal') return undefined
  if (type.precision > DIGITS_MAX) return undefined
  if (operator === '*') return `${a} * ${b} + 0`
  if (operator !== '+' && operator !== '-') return undefined
  const scaled = (value: string, scale: number) =>
    scale === type.scale ? value : `${value} * ${10 ** (type.scale - scale)}`
  return `${scaled(a, x.scale)} ${operator} ${scaled(b, y.scale)}`
}

/** Operations that may raise, or leave the numbers. */
function checkedCode(
  operator: IntegerOperator,
  a: string,
  b: string,
  code: LoopCode,
  call: CallExpr,
): string | undefined {
  const { type, args, at } = call
  if (operator === '/' || operator === '%') {
    const raise = code.bind(() => divisionByZero(at), 'divisionByZero')
    const [divisor] = [args[1]]
    const isZero = divisor.kind === 'literal' && divisor.value !== 0 ? undefined : `${b} === 0`
    if (isZero && isIntegerLike(call)) code.line(`if (${isZero}) ${raise}()`)
  }
  switch (type.kind) {
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'interval_month':
      return smallCode(operator, a, b, code, call)
    case 'bigint':
    case 'interval_second':
      return args[0].type.kind === 'date' ? undefined : wideCode(operator, a, b, code, call)
    case 'timestamp':
    case 'timestamp_ltz':
      return args.some((arg) => keepsPrecision(arg, type.precision))
        ? wideCode(operator, a, b, code, call)
        : undefined
    case 'decimal':
      return isPlainDecimal(operator, call) ? wideCode(operator, a, b, code, call) : undefined
    default:
      return undefined
  }
}

/** Whether the scaled integers are added or multiplied as they are. A result below 2^53 has at most
 *  16 digits, so with that precision it fits. */
function isPlainDecimal(operator: IntegerOperator, { type, args }: CallExpr): boolean {
  const [x, y] = args.map((arg) => arg.type)
  if (type.kind !== 'decimal' || x.kind !== 'decimal' || y.kind !== 'decimal') return false
  if (type.precision < 16) return false
  if (operator === '*') return x.scale + y.scale === type.scale
  return (operator === '+' || operator === '-') && x.scale === type.scale && y.scale === type.scale
}

/** Whether it is an interval that keeps timestamps within the precision: at 6 digits any does, else
 *  a constant may. */
function keepsPrecision(by: Expr, precision: number): boolean {
  if (by.type.kind !== 'interval_second') return false
  if (precision === 6) return true
  const us = by.kind === 'literal' ? by.value : null
  return typeof us === 'number' && us % 10 ** (6 - precision) === 0
}

const isIntegerLike = ({ type }: CallExpr): boolean =>
  type.kind !== 'decimal' && type.kind !== 'float' && type.kind !== 'double'

const NARROW = {
  tinyint: '<< 24 >> 24',
  smallint: '<< 16 >> 16',
  int: '| 0',
  interval_month: '| 0',
}

/** Up to 32 bits: the sum or product is an exact double or far out of range. */
function smallCode(
  operator: IntegerOperator,
  a: string,
  b: string,
  code: LoopCode,
  call: CallExpr,
): string | undefined {
  const { type, args } = call
  // INT % BIGINT has a wide first argument.
  if (args.some((arg) => arg.type.kind === 'bigint')) return undefined
  if (operator === '%') return `${a} % ${b} + 0`
  const exact = operator === '/' ? `Math.trunc(${a} / ${b}) + 0` : `${a} ${operator} ${b} + 0`
  const result = code.constant('v', exact.replace(/^(.* [+-] .*) \+ 0$/, '$1'))
  const narrow = NARROW[type.kind as keyof typeof NARROW]
  const again = code.bind(arithmeticValue(operator, call), 'checked')
  code.line(`if ((${result} ${narrow}) !== ${result}) ${again}(${a}, ${b})`)
  return result
}

/** 64 bits: as numbers while the result stays below 2^53. */
function wideCode(
  operator: IntegerOperator,
  a: string,
  b: string,
  code: LoopCode,
  call: CallExpr,
): string {
  const numbers = [numberTest(a, call.args[0]), numberTest(b, call.args[1])]
    .filter(Boolean)
    .join(' && ')
  const fast = fastWide(operator, a, b)
  const result = code.variable('v', numbers === '' ? fast : `${numbers} ? ${fast} : NaN`)
  const slow = code.bind(arithmeticValue(operator, call), 'slow')
  // -2^53 may be a rounded -2^53 - 1. Also true for NaN.
  const exact = `${result} > -9007199254740992 && ${result} < 9007199254740992`
  code.line(`if (!(${exact})) ${result} = ${slow}(${a}, ${b})`)
  return result
}

function fastWide(operator: IntegerOperator, a: string, b: string): string {
  switch (operator) {
    case '+':
    case '-':
      return `${a} ${operator} ${b}`
    case '*':
      return `${a} * ${b} + 0`
    case '/':
      return `Math.trunc(${a} / ${b}) + 0`
    case '%':
      // The quotient is exact below 2^53; V8's own % on doubles is a slow call.
      return `${a} - Math.trunc(${a} / ${b}) * ${b}`
  }
}

/** What must hold for the value to be a number and not a bigint; '' if it always is. */
function numberTest(value: string, { type, kind }: Expr): string {
  if (kind === 'literal') return /^\(?-?\d/.test(value) ? '' : `typeof ${value} === 'number'`
  const wide = type.kind === 'bigint' || type.kind === 'time' || isInterval(type)
  if (type.kind === 'interval_month') return ''
  if (type.kind === 'decimal' && type.precision > DIGITS_MAX) return `typeof ${value} === 'number'`
  return wide || type.kind.startsWith('timestamp') ? `typeof ${value} === 'number'` : ''
}
