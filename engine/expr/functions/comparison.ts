/** =, <>, <, <=, >, >=, IS [NOT] DISTINCT FROM, [NOT] BETWEEN. Numbers compare by value across
 *  types; text by code point; FALSE before TRUE; arrays and rows by their first difference; JSON as
 *  text. NaN is as in IEEE 754 (and Flink): equal to nothing, not even itself; inside nested values
 *  it is the same as NaN, and NULL as NULL. */

import { BOOLEAN, type DataType, isNumeric, partsOf } from '../../batch/types.ts'
import { compareText } from '../../batch/value-order.ts'
import type { LoopCode } from '../codegen.ts'
import { meetingType } from '../common-type.ts'
import { asDecimal, powerOfTen } from '../decimal.ts'
import { type Emitted, isNested, type Slice, scalar } from '../emitted.ts'
import {
  type Apply,
  type PlainFunction,
  type ScalarFunction,
  type Signature,
  total,
} from '../function.ts'
import type { Int64 } from '../int64.ts'
import type { CallExpr, Expr, Value } from '../ir.ts'
import { bool, date, double, int, nullLiteral, text } from '../literal.ts'
import { compareSlices, encodeText, equalSlices } from '../utf8.ts'
import { totalOrder } from '../value-identity.ts'

const COMPARABLE: ReadonlySet<DataType['kind']> = new Set<DataType['kind']>([
  'boolean',
  'varchar',
  'bytes',
  'date',
  'time',
  'timestamp',
  'timestamp_ltz',
  'interval_month',
  'interval_second',
  'json',
  'array',
  'map',
  'row',
  'null',
])

/** The signature of an order: maps have none. */
export function resolveOrdered(args: readonly Expr[]): Signature | undefined {
  const signature = resolveEquality(args)
  return signature?.args.some(hasMap) ? undefined : signature
}

const hasMap = (type: DataType): boolean => type.kind === 'map' || partsOf(type).some(hasMap)

/** The types in which the two sides are compared. Exact numbers keep their own scale. */
export function resolveEquality(args: readonly Expr[]): Signature | undefined {
  if (args.length !== 2) return undefined
  const common = meetingType(args)
  if (common === undefined) return undefined
  if (common.kind === 'decimal') {
    const exact = args.map((arg) => asDecimal(arg.type) ?? common)
    return { args: exact, type: BOOLEAN }
  }
  if (!isNumeric(common) && !COMPARABLE.has(common.kind)) return undefined
  return { args: [common, common], type: BOOLEAN }
}

type Order = (a: never, b: never) => number

/** Which of two non-NULL values comes first; undefined where JavaScript's operators know. */
export function orderOf(a: DataType, b: DataType): Order | undefined {
  if (a.kind === 'varchar' || a.kind === 'json') return compareText
  // In generated code, NULL rows get here with harmless values.
  if (isNested(a)) return totalOrder(a) as Order
  if (a.kind === 'bytes') {
    return (x: Uint8Array, y: Uint8Array) => compareSlices(x, 0, x.length, y, 0, y.length)
  }
  if (a.kind !== 'decimal' || b.kind !== 'decimal' || a.scale === b.scale) return undefined
  const scale = Math.max(a.scale, b.scale)
  const [up, other] = [powerOfTen(scale - a.scale), powerOfTen(scale - b.scale)]
  return (x: Int64, y: Int64) => {
    const difference = BigInt(x) * up - BigInt(y) * other
    return difference < 0n ? -1 : difference > 0n ? 1 : 0
  }
}

const OPERATORS = {
  '=': { native: (a: Int64, b: Int64) => a === b, ordered: (o: number) => o === 0, js: '===' },
  '<>': { native: (a: Int64, b: Int64) => a !== b, ordered: (o: number) => o !== 0, js: '!==' },
  '<': { native: (a: Int64, b: Int64) => a < b, ordered: (o: number) => o < 0, js: '<' },
  '<=': { native: (a: Int64, b: Int64) => a <= b, ordered: (o: number) => o <= 0, js: '<=' },
  '>': { native: (a: Int64, b: Int64) => a > b, ordered: (o: number) => o > 0, js: '>' },
  '>=': { native: (a: Int64, b: Int64) => a >= b, ordered: (o: number) => o >= 0, js: '>=' },
} as const

export type Operator = keyof typeof OPERATORS

/** `a operator b` over non-NULL values. */
export function compareBy(operator: Operator, a: DataType, b: DataType): Apply {
  const { native, ordered } = OPERATORS[operator]
  const order = orderOf(a, b)
  return order === undefined ? native : (x: never, y: never) => ordered(order(x, y))
}

/** Longest constant that is compared byte by byte in the source. */
const INLINE_BYTES_MAX = 24

/** JavaScript for `a operator b` over non-NULL or harmless values. */
function compareCode(
  operator: Operator,
  [a, b]: readonly Emitted[],
  code: LoopCode,
  [left, right]: readonly Expr[],
): string {
  const { js } = OPERATORS[operator]
  const order = orderOf(left.type, right.type)
  if (order === undefined && a.form === 'scalar' && b.form === 'scalar') {
    return `${a.value} ${js} ${b.value}`
  }
  if (left.type.kind === 'decimal') {
    return `${code.bind(order, 'compareDecimal')}(${code.asValue(a, left.type)}, ${code.asValue(b, right.type)}) ${js} 0`
  }
  const [x, y] = [code.asSlice(a), code.asSlice(b)]
  if (x === undefined || y === undefined) return compareValues(js, [a, b], code, left.type)
  if (operator === '=' || operator === '<>') {
    const equal = equalCode(x, y, [a, b], code)
    return operator === '=' ? equal : `!(${equal})`
  }
  return `${code.bind(compareSlices, 'compareSlices')}(${range(x)}, ${range(y)}) ${js} 0`
}

const range = ({ heap, start, end }: Slice): string => `${heap}, ${start}, ${end}`

function compareValues(
  js: string,
  [a, b]: readonly Emitted[],
  code: LoopCode,
  type: DataType,
): string {
  const [x, y] = [code.asValue(a, type), code.asValue(b, type)]
  if ((type.kind === 'varchar' || type.kind === 'json') && (js === '===' || js === '!=='))
    return `${x} ${js} ${y}`
  return `${code.bind(orderOf(type, type), 'compare')}(${x}, ${y}) ${js} 0`
}

/** Equality of bytes; a short constant is spelled out, so that most rows end at the length or the
 *  first byte. */
function equalCode(x: Slice, y: Slice, [a, b]: readonly Emitted[], code: LoopCode): string {
  const [constant, other] = constantBytes(b) ? [b, x] : [a, y]
  const bytes = constantBytes(constant)
  if (bytes === undefined || bytes.length > INLINE_BYTES_MAX) {
    return `${code.bind(equalSlices, 'equalSlices')}(${range(x)}, ${range(y)})`
  }
  const { heap, start, end } = other
  const tests = Array.from(
    bytes,
    (byte, i) => `${heap}[${start}${i === 0 ? '' : ` + ${i}`}] === ${byte}`,
  )
  return [`${end} - ${start} === ${bytes.length}`, ...tests].join(' && ')
}

function constantBytes(emitted: Emitted): Uint8Array | undefined {
  if (emitted.form !== 'text' || emitted.constant === undefined) return undefined
  const { constant } = emitted
  return typeof constant === 'string' ? encodeText(constant) : constant
}

function comparisonEntry(
  name: Operator,
  doc: string,
  examples: PlainFunction['examples'],
  aliases: readonly string[] = [],
): PlainFunction {
  return {
    name,
    aliases,
    family: 'comparison',
    doc,
    syntax: [`a ${name} b`],
    examples,
    resolve: name === '=' || name === '<>' ? resolveEquality : resolveOrdered,
    nulls: 'strict',
    evaluate: ({ args: [a, b] }) => compareBy(name, a.type, b.type),
    emit: total((args, code, call) => scalar(compareCode(name, args, code, call.args))),
  }
}

const distinctEntry = (name: string, negated: boolean): PlainFunction => ({
  name,
  family: 'comparison',
  doc: negated
    ? 'Whether two values are the same, where NULL is the same as NULL. Never NULL.'
    : 'Whether two values differ, where NULL does not differ from NULL. Never NULL.',
  syntax: [`a ${name} b`],
  examples: [
    { args: [int(1), nullLiteral()], result: negated ? 'FALSE' : 'TRUE' },
    { args: [nullLiteral(), nullLiteral()], result: negated ? 'TRUE' : 'FALSE' },
    { args: [text('a'), text('a')], result: negated ? 'TRUE' : 'FALSE' },
  ],
  resolve: resolveEquality,
  nulls: 'custom',
  nullable: 'never',
  evaluate({ args: [a, b] }) {
    const same = compareBy('=', a.type, b.type) as (x: Value, y: Value) => boolean
    return (x: Value, y: Value) => {
      const equal = x === null || y === null ? x === y : same(x, y)
      return equal === negated
    }
  },
  emit: total((args, code, call) => scalar(distinctCode(args, code, call, negated))),
})

function distinctCode(
  args: readonly Emitted[],
  code: LoopCode,
  { args: exprs }: CallExpr,
  negated: boolean,
): string {
  const [a, b] = args.map((arg) => arg.isNull)
  const [same, sign] = negated ? ['===', ''] : ['!==', '!']
  if (a === 'true' || b === 'true') return `(${a}) ${same} (${b})`
  const values = `${sign}(${compareCode('=', args, code, exprs)})`
  if (a === 'false' && b === 'false') return values
  return `(${a}) || (${b}) ? (${a}) ${same} (${b}) : ${values}`
}

export const comparison: readonly ScalarFunction[] = [
  comparisonEntry(
    '=',
    'Equal. NULL if a side is NULL.',
    [
      { args: [int(1), int(1)], result: 'TRUE' },
      { args: [text('a'), text('A')], result: 'FALSE' },
      { args: [int(1), nullLiteral()], result: 'NULL' },
    ],
    ['=='],
  ),
  comparisonEntry(
    '<>',
    'Not equal. NULL if a side is NULL.',
    [{ args: [int(1), double(1.5)], result: 'TRUE' }],
    ['!='],
  ),
  comparisonEntry('<', 'Less than.', [
    { args: [text('Z'), text('a')], result: 'TRUE' },
    { args: [date('2024-02-29'), date('2024-03-01')], result: 'TRUE' },
  ]),
  comparisonEntry('<=', 'Less than or equal.', [{ args: [int(2), int(2)], result: 'TRUE' }]),
  comparisonEntry('>', 'Greater than.', [{ args: [bool(true), bool(false)], result: 'TRUE' }]),
  comparisonEntry('>=', 'Greater than or equal.', [{ args: [int(1), int(2)], result: 'FALSE' }]),
  distinctEntry('IS DISTINCT FROM', false),
  distinctEntry('IS NOT DISTINCT FROM', true),
  {
    name: 'BETWEEN',
    family: 'comparison',
    doc: 'low <= x AND x <= high.',
    syntax: ['x BETWEEN low AND high'],
    examples: [{ args: [int(2), int(1), int(3)], result: 'TRUE' }],
    nulls: 'macro',
    arity: [3, 3],
    expand: ([x, low, high], { call }) => call('AND', call('>=', x, low), call('<=', x, high)),
  },
  {
    name: 'NOT BETWEEN',
    family: 'comparison',
    doc: 'x < low OR x > high.',
    syntax: ['x NOT BETWEEN low AND high'],
    examples: [{ args: [int(2), int(1), int(3)], result: 'FALSE' }],
    nulls: 'macro',
    arity: [3, 3],
    expand: ([x, low, high], { call }) => call('OR', call('<', x, low), call('>', x, high)),
  },
  {
    name: 'BETWEEN SYMMETRIC',
    family: 'comparison',
    doc: 'Between the two bounds, whichever of them is the lower one.',
    syntax: ['x BETWEEN SYMMETRIC a AND b'],
    examples: [{ args: [int(2), int(3), int(1)], result: 'TRUE' }],
    nulls: 'macro',
    arity: [3, 3],
    expand: ([x, a, b], { call }) => call('OR', call('BETWEEN', x, a, b), call('BETWEEN', x, b, a)),
  },
]
