/** Mathematical functions by name. Those of doubles give NaN or infinity where Java's do (SQRT(-1),
 *  LN(0)); those of exact numbers are exact and checked. */

import { type DataType, DOUBLE, INT, isInteger, isTimestamp } from '../../batch/types.ts'
import { literalInteger } from '../coerce.ts'
import { meetingType } from '../common-type.ts'
import {
  decimal as decimalType,
  fitDecimal,
  powerOfTen,
  rescale,
  roundedDecimal,
} from '../decimal.ts'
import { scalar } from '../emitted.ts'
import {
  type Apply,
  type PlainFunction,
  type ScalarFunction,
  type Signature,
  total,
} from '../function.ts'
import { canonical, checkedInt64, type Int64 } from '../int64.ts'
import type { CallExpr, Expr, LiteralExpr, Value } from '../ir.ts'
import { decimal, double, int, nullLiteral, text } from '../literal.ts'
import { checkedSmall, outOfRange } from './arithmetic-value.ts'
import { orderOf } from './comparison.ts'
import { doubles, numberType, sameNumber } from './signature.ts'
import { resolveToUnit, roundToUnit } from './time-unit.ts'

const plain = { family: 'math', nulls: 'strict' } as const

/** A function of one double that JavaScript has. */
function ofDouble(
  name: string,
  doc: string,
  js: string,
  apply: (x: number) => number,
  example: { args: readonly LiteralExpr[]; result: string },
): PlainFunction {
  return {
    ...plain,
    name,
    doc,
    syntax: [`${name}(x)`],
    examples: [example],
    resolve: doubles(1),
    evaluate: () => apply,
    emit: total(([x]) => (x.form === 'scalar' ? scalar(`${js}(${x.value})`) : undefined)),
  }
}

const abs: PlainFunction = {
  ...plain,
  name: 'ABS',
  doc: 'The absolute value, of the same type.',
  syntax: ['ABS(x)'],
  examples: [
    { args: [int(-5)], result: '5' },
    { args: [decimal('-1.50')], result: '1.50' },
  ],
  resolve: sameNumber,
  evaluate: ({ type, at }) => {
    if (type.kind === 'float' || type.kind === 'double') return Math.abs
    if (type.kind === 'decimal') return (x: Int64) => (x < 0 ? canonical(-BigInt(x)) : x)
    if (type.kind === 'bigint') return (x: Int64) => (x < 0 ? checkedInt64(-BigInt(x), at) : x)
    return (x: number) => checkedSmall(Math.abs(x), type, at)
  },
}

const sign: PlainFunction = {
  ...plain,
  name: 'SIGN',
  doc: '-1, 0 or 1 by the sign of the number, of the same type; a DECIMAL gets room for the 1.',
  syntax: ['SIGN(x)'],
  examples: [
    { args: [int(-5)], result: '-1' },
    { args: [double(0.5)], result: '1.0' },
    { args: [decimal('-0.5')], result: '-1.0' },
  ],
  resolve(args) {
    const found = sameNumber(args)
    if (found?.type.kind !== 'decimal') return found
    const { precision, scale } = found.type
    if (scale < precision) return found
    const room = precision < 38 ? { precision: precision + 1 } : { scale: scale - 1 }
    return { ...found, type: { ...found.type, ...room } }
  },
  evaluate: ({ type }) => {
    if (type.kind === 'float' || type.kind === 'double') return Math.sign
    const one =
      type.kind === 'decimal' ? (fitDecimal(powerOfTen(type.scale), type.precision) ?? 0) : 1
    return (x: Int64) => (x > 0 ? one : x < 0 ? canonical(-BigInt(one)) : 0)
  },
}

/** FLOOR and CEIL of numbers, and of points in time to a unit. */
function toWhole(name: 'FLOOR' | 'CEIL', up: boolean, aliases: readonly string[]): PlainFunction {
  const upDown = up ? 'up' : 'down'
  return {
    ...plain,
    name,
    aliases,
    doc: `The number rounded ${upDown} to a whole one; with a unit, the date or timestamp rounded ${upDown} to it.`,
    syntax: [`${name}(x)`, `${name}(timestamp TO unit)`],
    examples: [
      { args: [double(-1.5)], result: up ? '-1.0' : '-2.0' },
      { args: [decimal('1.50')], result: up ? '2' : '1' },
    ],
    resolve(args) {
      if (args.length === 2) return resolveToUnit(args)
      const type = args.length === 1 ? numberType(args[0]) : undefined
      if (type?.kind !== 'decimal') return type && { args: [type], type }
      return { args: [type], type: decimalType(type.precision, 0) }
    },
    evaluate(call) {
      const [{ type }] = call.args
      if (isTimestamp(type) || type.kind === 'date') return roundToUnit(call, up)
      if (type.kind === 'decimal') return wholeDecimal(type.scale, up, call)
      return isInteger(type) ? (x: Int64) => x : up ? Math.ceil : Math.floor
    },
  }
}

function wholeDecimal(scale: number, up: boolean, { type, at }: CallExpr): Apply {
  const unit = powerOfTen(scale)
  const precision = type.kind === 'decimal' ? type.precision : 38
  return (x: Int64) => {
    const value = BigInt(x)
    const rest = value % unit
    let whole = value / unit
    if (rest > 0n && up) whole += 1n
    if (rest < 0n && !up) whole -= 1n
    return fitDecimal(whole, precision) ?? outOfRange(whole, type, at)
  }
}

const DIGITS_MAX = 400

function resolveRound(args: readonly Expr[]): Signature | undefined {
  const type = args.length === 1 || args.length === 2 ? numberType(args[0]) : undefined
  if (type === undefined) return undefined
  const digits = args.length === 1 ? 0n : literalInteger(args[1])
  const wanted = args.length === 1 ? [type] : [type, INT]
  if (type.kind !== 'decimal') return { args: wanted, type }
  // The scale of the result is known only with the digits.
  const scale = digits === undefined ? type.scale : Math.max(-38, Math.min(38, Number(digits)))
  return { args: wanted, type: roundedDecimal(type, scale) }
}

/** A scaled integer with `digits` behind the point kept: rounded half up, or cut. */
function keepDigits(value: bigint, scale: number, digits: number, cut: boolean): bigint {
  if (digits >= scale) return value
  const unit = powerOfTen(Math.min(scale - digits, DIGITS_MAX))
  const rounded = cut ? value / unit : rescale(value, Math.min(scale - digits, DIGITS_MAX), 0)
  return rounded * unit
}

function keepDoubleDigits(x: number, digits: number, cut: boolean): number {
  if (!Number.isFinite(x) || digits > 300) return x
  if (digits < -300) return 0
  if (digits >= 0 && digits <= 15) {
    const unit = 10 ** digits
    const scaled = Math.abs(x) * unit
    const rest = scaled - Math.floor(scaled)
    // Clear of where the product's own rounding would decide: a tie, or a whole number to cut at.
    const clear = cut ? rest > 1e-4 && rest < 0.9999 : Math.abs(rest - 0.5) > 1e-4
    if (scaled < 1e11 && clear) {
      const whole = cut || rest < 0.5 ? Math.floor(scaled) : Math.floor(scaled) + 1
      return (Math.sign(x) * whole) / unit + 0
    }
  }
  // By the decimal text, as Flink does with BigDecimal: 1.005 rounds to 1.01.
  const shifted = Number(`${x}`.includes('e') ? x * 10 ** digits : `${x}e${digits}`)
  if (!Number.isFinite(shifted)) return x
  const whole = cut ? Math.trunc(shifted) : Math.sign(shifted) * Math.round(Math.abs(shifted))
  return `${whole}`.includes('e') ? whole / 10 ** digits : Number(`${whole}e${-digits}`)
}

function roundValue({ args, type, at }: CallExpr, cut: boolean): Apply {
  const [{ type: from }] = args
  if (from.kind === 'decimal' && type.kind === 'decimal') {
    return (x: Int64, digits = 0) => {
      const kept = keepDigits(BigInt(x), from.scale, Number(digits), cut)
      const scaled = rescale(kept, from.scale, type.scale)
      return fitDecimal(scaled, type.precision) ?? outOfRange(scaled, type, at)
    }
  }
  if (!isInteger(type)) {
    const single = type.kind === 'float' ? Math.fround : (x: number) => x
    return (x: number, digits = 0) => single(keepDoubleDigits(x, Number(digits), cut))
  }
  return (x: Int64, digits = 0) => {
    const kept = keepDigits(BigInt(x), 0, Number(digits), cut)
    return type.kind === 'bigint' ? checkedInt64(kept, at) : checkedSmall(Number(kept), type, at)
  }
}

function rounding(name: string, cut: boolean, doc: string, example: string): PlainFunction {
  return {
    ...plain,
    name,
    doc,
    syntax: [`${name}(x)`, `${name}(x, digits)`],
    examples: [
      { args: [decimal('2.567'), int(2)], result: example },
      { args: [int(1250), int(-2)], result: cut ? '1200' : '1300' },
      { args: [double(-2.5)], result: cut ? '-2.0' : '-3.0' },
    ],
    resolve: resolveRound,
    evaluate: (call) => roundValue(call, cut),
  }
}

/** LEAST and GREATEST: NULL if an argument is NULL, as in Flink. */
function extreme(name: 'LEAST' | 'GREATEST', wanted: -1 | 1): PlainFunction {
  const word = wanted < 0 ? 'smallest' : 'largest'
  return {
    ...plain,
    name,
    doc: `The ${word} argument; NULL if one of them is NULL.`,
    syntax: [`${name}(a, b, …)`],
    examples: [
      { args: [int(3), int(1), int(2)], result: wanted < 0 ? '1' : '3' },
      { args: [text('b'), text('a')], result: wanted < 0 ? 'a' : 'b' },
      { args: [int(1), nullLiteral()], result: 'NULL' },
    ],
    resolve(args) {
      const type = args.length === 0 ? undefined : meetingType(args)
      if (type === undefined || !isOrdered(type)) return undefined
      return { args: args.map(() => type), type }
    },
    evaluate({ type }) {
      const order = orderOf(type, type) as ((a: Value, b: Value) => number) | undefined
      const before = order
        ? (a: Value, b: Value) => order(a, b) * wanted > 0
        : (a: Value, b: Value) =>
            wanted < 0 ? (a as Int64) < (b as Int64) : (a as Int64) > (b as Int64)
      return (...values: Value[]) =>
        values.reduce((best, value) => (before(value, best) ? value : best))
    },
  }
}

const UNORDERED = ['json', 'array', 'map', 'row']
const isOrdered = (type: DataType): boolean => !UNORDERED.includes(type.kind)

const power: PlainFunction = {
  ...plain,
  name: 'POWER',
  aliases: ['POW'],
  doc: 'x to the power of y, as DOUBLE.',
  syntax: ['POWER(x, y)'],
  examples: [{ args: [int(2), int(10)], result: '1024.0' }],
  resolve: doubles(2),
  evaluate: () => (x: number, y: number) => x ** y,
}

const log: PlainFunction = {
  ...plain,
  name: 'LOG',
  doc: 'The natural logarithm; with a base, the logarithm to it.',
  syntax: ['LOG(x)', 'LOG(base, x)'],
  examples: [{ args: [int(2), int(8)], result: '3.0' }],
  resolve: (args) => doubles(args.length === 2 ? 2 : 1)(args),
  evaluate: ({ args }) =>
    args.length === 1 ? Math.log : (base: number, x: number) => Math.log(x) / Math.log(base),
}

/** A number without arguments. */
const numberEntry = (name: string, doc: string, value: number, result: string): PlainFunction => ({
  ...plain,
  name,
  doc,
  syntax: [`${name}()`],
  examples: [{ args: [], result }],
  resolve: (args) => (args.length === 0 ? { args: [], type: DOUBLE } : undefined),
  evaluate: () => () => value,
})

const atan2: PlainFunction = {
  ...plain,
  name: 'ATAN2',
  doc: 'The angle of the point (x, y) in radians.',
  syntax: ['ATAN2(y, x)'],
  examples: [{ args: [int(0), int(1)], result: '0.0' }],
  resolve: doubles(2),
  evaluate: () => Math.atan2,
}

const cot = (x: number): number => 1 / Math.tan(x)

const at = (value: number, result: string) => ({ args: [double(value)], result })

export const math: readonly ScalarFunction[] = [
  abs,
  sign,
  toWhole('FLOOR', false, []),
  toWhole('CEIL', true, ['CEILING']),
  rounding(
    'ROUND',
    false,
    'The number rounded half up to a number of digits behind the point (default 0; negative: before it).',
    '2.57',
  ),
  rounding(
    'TRUNCATE',
    true,
    'The number cut to a number of digits behind the point (default 0).',
    '2.56',
  ),
  extreme('LEAST', -1),
  extreme('GREATEST', 1),
  power,
  log,
  atan2,
  ofDouble('SQRT', 'The square root.', 'Math.sqrt', Math.sqrt, at(9, '3.0')),
  ofDouble('EXP', 'e to the power of x.', 'Math.exp', Math.exp, at(0, '1.0')),
  ofDouble('LN', 'The natural logarithm.', 'Math.log', Math.log, at(1, '0.0')),
  ofDouble('LOG10', 'The logarithm to base 10.', 'Math.log10', Math.log10, at(100, '2.0')),
  ofDouble('LOG2', 'The logarithm to base 2.', 'Math.log2', Math.log2, at(8, '3.0')),
  ofDouble('SIN', 'The sine of an angle in radians.', 'Math.sin', Math.sin, at(0, '0.0')),
  ofDouble('COS', 'The cosine of an angle in radians.', 'Math.cos', Math.cos, at(0, '1.0')),
  ofDouble('TAN', 'The tangent of an angle in radians.', 'Math.tan', Math.tan, at(0, '0.0')),
  ofDouble('ASIN', 'The arc sine in radians.', 'Math.asin', Math.asin, at(0, '0.0')),
  ofDouble('ACOS', 'The arc cosine in radians.', 'Math.acos', Math.acos, at(1, '0.0')),
  ofDouble('ATAN', 'The arc tangent in radians.', 'Math.atan', Math.atan, at(0, '0.0')),
  ofDouble(
    'COT',
    'The cotangent of an angle in radians.',
    '1 / Math.tan',
    cot,
    at(Math.PI / 4, '1.0000000000000002'),
  ),
  ofDouble('CBRT', 'The cube root.', 'Math.cbrt', Math.cbrt, at(27, '3.0')),
  ofDouble('SINH', 'The hyperbolic sine.', 'Math.sinh', Math.sinh, at(0, '0.0')),
  ofDouble('COSH', 'The hyperbolic cosine.', 'Math.cosh', Math.cosh, at(0, '1.0')),
  ofDouble('TANH', 'The hyperbolic tangent.', 'Math.tanh', Math.tanh, at(0, '0.0')),
  ofDouble(
    'DEGREES',
    'Radians as degrees.',
    '180 / Math.PI * ',
    (x) => (180 / Math.PI) * x,
    at(0, '0.0'),
  ),
  ofDouble(
    'RADIANS',
    'Degrees as radians.',
    'Math.PI / 180 * ',
    (x) => (Math.PI / 180) * x,
    at(0, '0.0'),
  ),
  numberEntry('PI', 'The number pi.', Math.PI, '3.141592653589793'),
  numberEntry('E', 'The base of the natural logarithm.', Math.E, '2.718281828459045'),
]
