/** AVG. Integers keep their type, truncated toward zero, as in Flink; FLOAT and DOUBLE give
 *  DOUBLE. */

import { DOUBLE, isFloating, isInteger } from '../../batch/types.ts'
import type { AggregateFunction } from './aggregate.ts'
import {
  DOUBLE_SUM_SLOTS,
  emitDoubleAdd,
  emitDoubleMerge,
  emitDoubleTotal,
} from './compensated-sum.ts'
import { emitExactAdd, emitExactAverage, emitExactMerge, SUM_SLOTS } from './exact-sum.ts'
import { scalarOf } from './scalar.ts'

export const avg: AggregateFunction = {
  name: 'AVG',
  doc: 'The mean of the values that are not NULL; NULL if there is none. Over integers it is an integer, truncated toward zero: cast to DOUBLE for a fraction.',
  example: 'AVG(CAST(delay AS DOUBLE))',
  result([arg, ...more]) {
    if (arg === undefined || more.length > 0) return undefined
    if (isFloating(arg)) return DOUBLE
    return isInteger(arg) ? arg : undefined
  },
  nullable: true,
  retractable: true,
  slots: ([arg]) => [
    { name: 'count', kind: 'f64', initial: 0 },
    ...(isFloating(arg) ? DOUBLE_SUM_SLOTS : SUM_SLOTS),
  ],
  add(add) {
    const value = scalarOf(add.values[0])
    add.code.line(`${add.slot('count')} += ${add.weight}`)
    if (isFloating(add.args[0])) emitDoubleAdd(add, value)
    else emitExactAdd(add, value)
  },
  merge(merge) {
    merge.code.line(`${merge.slot('count')} += ${merge.other('count')}`)
    if (isFloating(merge.args[0])) emitDoubleMerge(merge)
    else emitExactMerge(merge)
  },
  value(code) {
    const count = code.slot('count')
    const value = isFloating(code.args[0])
      ? `${emitDoubleTotal(code)} / ${count}`
      : emitExactAverage(code, count)
    return { form: 'scalar', value, isNull: `${count} === 0` }
  },
}
