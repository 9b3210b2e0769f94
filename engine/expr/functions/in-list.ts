/** x [NOT] IN (a, b, …). With constants it is one look-up, whatever the length of the list. */

import { BOOLEAN, type DataType } from '../../batch/types.ts'
import type { LoopCode } from '../codegen.ts'
import { meetingType } from '../common-type.ts'
import { type Emitted, isByteLike, isNested } from '../emitted.ts'
import { type PlainFunction, type ScalarFunction, total } from '../function.ts'
import type { CallExpr, Expr, Value } from '../ir.ts'
import { int, nullLiteral, text } from '../literal.ts'
import { decodeText } from '../utf8.ts'
import { identityOf } from '../value-identity.ts'

function contains(type: DataType, x: Value, list: readonly Value[]): Value {
  if (x === null) return null
  const key = identityOf(type)
  // NaN equals nothing, though a Set would find it.
  if (Number.isNaN(x)) return list.includes(null) ? null : false
  const wanted = key(x)
  if (list.some((value) => value !== null && key(value) === wanted)) return true
  return list.includes(null) ? null : false
}

/** The list as a set if it is constant. */
function constantSet({ args: [x, ...list] }: CallExpr): Set<unknown> | undefined {
  const key = identityOf(x.type)
  const set = new Set<unknown>()
  for (const item of list) {
    if (item.kind !== 'literal') return undefined
    if (item.value !== null && !Number.isNaN(item.value)) set.add(key(item.value))
  }
  return set
}

function emitIn(args: readonly Emitted[], code: LoopCode, call: CallExpr): Emitted | undefined {
  const set = constantSet(call)
  const { type } = call.args[0]
  if (set === undefined || type.kind === 'bytes' || isNested(type)) return undefined
  const x = args[0]
  if (x.isNull === 'true') return { form: 'scalar', value: 'false', isNull: 'true' }
  // A slice of a heap becomes a text only for the look-up; short ones come from the cache.
  const value =
    x.form === 'slice' && isByteLike(type)
      ? `${code.bind(decodeText, 'decodeText')}(${x.heap}, ${x.start}, ${x.end})`
      : code.asValue(x, type)
  const found = code.constant('v', `${code.bind(set, 'list')}.has(${value})`)
  const listHasNull = call.args.slice(1).some((item) => isNullLiteral(item))
  const tests = [x.isNull, listHasNull ? `!${found}` : 'false'].filter((test) => test !== 'false')
  const isNull = tests.length === 0 ? 'false' : code.constant('n', tests.join(' || '))
  return { form: 'scalar', value: found, isNull }
}

const isNullLiteral = (expr: Expr): boolean => expr.kind === 'literal' && expr.value === null

const inEntry: PlainFunction = {
  name: 'IN',
  family: 'comparison',
  doc: 'Whether the list has an equal value. NULL if x is NULL, or if it is not found and the list has a NULL.',
  syntax: ['x IN (a, b, …)'],
  examples: [
    { args: [int(2), int(1), int(2)], result: 'TRUE' },
    { args: [text('x'), text('a'), text('b')], result: 'FALSE' },
    { args: [int(2), int(1), nullLiteral()], result: 'NULL' },
  ],
  resolve(args) {
    if (args.length < 2) return undefined
    const type = meetingType(args)
    if (type === undefined) return undefined
    return { args: args.map(() => type), type: BOOLEAN }
  },
  nulls: 'custom',
  evaluate({ args: [x] }) {
    return (value: Value, ...list: Value[]) => contains(x.type, value, list)
  },
  emit: total((args, code, call) => emitIn(args, code, call)),
}

export const inList: readonly ScalarFunction[] = [
  inEntry,
  {
    name: 'NOT IN',
    family: 'comparison',
    doc: 'NOT (x IN (a, b, …)).',
    syntax: ['x NOT IN (a, b, …)'],
    examples: [{ args: [int(2), int(1), int(3)], result: 'TRUE' }],
    nulls: 'macro',
    arity: [2, Number.POSITIVE_INFINITY],
    expand: (args, { call }) => call('NOT', call('IN', ...args)),
  },
]
