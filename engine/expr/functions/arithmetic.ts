/** + - * / % and unary minus: numbers, dates and times, intervals. Integers are exact and checked;
 *  division by zero of exact numbers is an error, of FLOAT and DOUBLE it is infinite or NaN. */

import { isInterval } from '../../batch/types.ts'
import { fitDecimal } from '../decimal.ts'
import { scalar } from '../emitted.ts'
import {
  type Apply,
  guarded,
  type PlainFunction,
  type ScalarFunction,
  type Signature,
} from '../function.ts'
import { checkedInt64, type Int64, type IntegerOperator } from '../int64.ts'
import type { CallExpr, Expr } from '../ir.ts'
import { bigint, date, decimal, double, int, months, seconds, timestamp } from '../literal.ts'
import { arithmeticEmit } from './arithmetic-code.ts'
import { resolveArithmetic } from './arithmetic-types.ts'
import { arithmeticValue, checkedSmall } from './arithmetic-value.ts'
import { sameNumber } from './signature.ts'

function operatorEntry(
  name: Exclude<IntegerOperator, '-'>,
  doc: string,
  examples: PlainFunction['examples'],
  extra: Partial<Pick<PlainFunction, 'aliases' | 'syntax'>> = {},
): PlainFunction {
  return {
    name,
    family: 'arithmetic',
    doc,
    syntax: [`a ${name} b`],
    ...extra,
    examples,
    resolve: (args) => resolveArithmetic(name, args),
    nulls: 'strict',
    evaluate: (call) => arithmeticValue(name, call),
    emit: arithmeticEmit(name),
  }
}

/** `-` with one argument is the negation. */
const minus: PlainFunction = {
  name: '-',
  family: 'arithmetic',
  doc: 'The difference of two numbers; a date, time or timestamp moved back by an interval; the interval between two points in time; with one argument, the negated number or interval.',
  syntax: ['a - b', '-a'],
  examples: [
    { args: [int(1), int(2)], result: '-1' },
    { args: [int(5)], result: '-5' },
    { args: [bigint(-9223372036854775808n), int(-1)], result: '-9223372036854775807' },
    { args: [timestamp('2024-03-01 00:00:00'), seconds(1)], result: '2024-02-29 23:59:59.000' },
    {
      args: [timestamp('2024-03-01 00:00:00'), timestamp('2024-02-28 12:00:00')],
      result: '+1 12:00:00.000',
    },
    { args: [date('2024-03-31'), months(1)], result: '2024-02-29' },
  ],
  resolve: (args) => (args.length === 1 ? resolveNegation(args) : resolveArithmetic('-', args)),
  nulls: 'strict',
  evaluate: (call) => (call.args.length === 1 ? negation(call) : arithmeticValue('-', call)),
  emit: guarded((args, code, call) => {
    if (call.args.length === 2) return arithmeticEmit('-').piece(args, code, call)
    const { kind } = call.type
    if (args[0].form !== 'scalar' || (kind !== 'double' && kind !== 'float')) return undefined
    return scalar(`-${args[0].value}`)
  }),
}

function resolveNegation(args: readonly Expr[]): Signature | undefined {
  const [{ type }] = args
  return isInterval(type) ? { args: [type], type } : sameNumber(args)
}

function negation({ type, at }: CallExpr): Apply {
  switch (type.kind) {
    case 'float':
    case 'double':
      return (value: number) => -value
    case 'decimal':
      return (value: Int64) => fitDecimal(-BigInt(value), type.precision) ?? null
    case 'bigint':
    case 'interval_second':
      return (value: Int64) => checkedInt64(-BigInt(value), at)
    default:
      return (value: number) => checkedSmall(0 - value, type, at)
  }
}

export const arithmetic: readonly ScalarFunction[] = [
  operatorEntry('+', 'The sum; also a date, time or timestamp moved by an interval.', [
    { args: [int(1), int(2)], result: '3' },
    { args: [bigint(9007199254740992n), bigint(1)], result: '9007199254740993' },
    { args: [decimal('1.5'), decimal('2.25')], result: '3.75' },
    { args: [timestamp('2024-02-28 23:30:00'), seconds(3600)], result: '2024-02-29 00:30:00.000' },
    { args: [date('2024-01-31'), months(1)], result: '2024-02-29' },
  ]),
  minus,
  operatorEntry('*', 'The product; also an interval times an integer.', [
    { args: [int(6), int(7)], result: '42' },
    { args: [decimal('1.5'), decimal('1.5')], result: '2.25' },
    { args: [seconds(30), int(3)], result: '+0 00:01:30.000' },
  ]),
  operatorEntry('/', 'The quotient. Of integers it is an integer, cut toward zero.', [
    { args: [int(7), int(2)], result: '3' },
    { args: [int(-7), int(2)], result: '-3' },
    { args: [double(7), int(2)], result: '3.5' },
    { args: [decimal('1.0'), decimal('3.0')], result: '0.333333' },
  ]),
  operatorEntry(
    '%',
    'The remainder; it has the sign of the dividend.',
    [
      { args: [int(7), int(3)], result: '1' },
      { args: [int(-7), int(3)], result: '-1' },
    ],
    { aliases: ['MOD'], syntax: ['a % b', 'MOD(a, b)'] },
  ),
]
