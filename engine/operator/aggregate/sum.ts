/** SUM. Integers give BIGINT (docs/design/0004), FLOAT and DOUBLE give DOUBLE, DECIMAL(p, s) gives
 *  DECIMAL(38, s), an interval its own type. */

import { fail } from '../../base/errors.ts'
import {
  BIGINT,
  type DataType,
  DOUBLE,
  isFloating,
  isInteger,
  isInterval,
} from '../../batch/types.ts'
import { decimal, PRECISION_MAX } from '../../expr/decimal.ts'
import type { AggregateCode, AggregateFunction } from './aggregate.ts'
import {
  DOUBLE_SUM_SLOTS,
  emitDoubleAdd,
  emitDoubleMerge,
  emitDoubleTotal,
} from './compensated-sum.ts'
import { emitExactAdd, emitExactMerge, emitExactTotal, SUM_SLOTS } from './exact-sum.ts'
import { scalarOf } from './scalar.ts'
import { emitWideAdd, emitWideMerge, emitWideTotal, WIDE_SUM_SLOTS } from './wide-sum.ts'

/** How values of a type are summed. SUM and AVG agree on it. */
export const SUMMING = {
  double: { slots: DOUBLE_SUM_SLOTS, add: emitDoubleAdd, merge: emitDoubleMerge },
  exact: { slots: SUM_SLOTS, add: emitExactAdd, merge: emitExactMerge },
  wide: { slots: WIDE_SUM_SLOTS, add: emitWideAdd, merge: emitWideMerge },
} as const

export function summingOf(type: DataType): keyof typeof SUMMING {
  if (isFloating(type)) return 'double'
  return type.kind === 'decimal' ? 'wide' : 'exact'
}

export const sum: AggregateFunction = {
  name: 'SUM',
  doc: 'The sum of the values that are not NULL; NULL if there is none.',
  example: 'SUM(distance)',
  result([arg, ...more]) {
    if (arg === undefined || more.length > 0) return undefined
    if (isFloating(arg)) return DOUBLE
    if (arg.kind === 'decimal') return decimal(PRECISION_MAX, arg.scale)
    if (isInterval(arg)) return arg
    return isInteger(arg) ? BIGINT : undefined
  },
  nullable: true,
  retractable: true,
  slots: ([arg]) => [{ name: 'count', kind: 'f64', initial: 0 }, ...SUMMING[summingOf(arg)].slots],
  add(add) {
    add.code.line(`${add.slot('count')} += ${add.weight}`)
    SUMMING[summingOf(add.args[0])].add(add, scalarOf(add.values[0]))
  },
  merge(merge) {
    merge.code.line(`${merge.slot('count')} += ${merge.other('count')}`)
    SUMMING[summingOf(merge.args[0])].merge(merge)
  },
  value: (code) => ({
    form: 'scalar',
    value: totalOf(code),
    isNull: `${code.slot('count')} === 0`,
  }),
}

function totalOf(code: AggregateCode): string {
  const [type] = code.args
  if (isFloating(type)) return emitDoubleTotal(code)
  if (type.kind === 'decimal') return emitWideTotal(code, 'SUM')
  const total = emitExactTotal(code)
  return type.kind === 'interval_month' ? `${code.code.bind(months, 'months')}(${total})` : total
}

function months(total: number | bigint): number {
  if (total < -(2 ** 31) || total >= 2 ** 31) {
    fail('OUT_OF_RANGE', `SUM is ${total} months, which does not fit INTERVAL YEAR TO MONTH`)
  }
  return Number(total)
}
