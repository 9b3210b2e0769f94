/** SUM. Integers give BIGINT (docs/design/0004), FLOAT and DOUBLE give DOUBLE. */

import { BIGINT, DOUBLE, isFloating, isInteger } from '../../batch/types.ts'
import type { AggregateFunction } from './aggregate.ts'
import {
  DOUBLE_SUM_SLOTS,
  emitDoubleAdd,
  emitDoubleMerge,
  emitDoubleTotal,
} from './compensated-sum.ts'
import { emitExactAdd, emitExactMerge, emitExactTotal, SUM_SLOTS } from './exact-sum.ts'
import { scalarOf } from './scalar.ts'

export const sum: AggregateFunction = {
  name: 'SUM',
  doc: 'The sum of the values that are not NULL; NULL if there is none.',
  example: 'SUM(distance)',
  result([arg, ...more]) {
    if (arg === undefined || more.length > 0) return undefined
    if (isFloating(arg)) return DOUBLE
    return isInteger(arg) ? BIGINT : undefined
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
    const value = isFloating(code.args[0]) ? emitDoubleTotal(code) : emitExactTotal(code)
    return { form: 'scalar', value, isNull: `${code.slot('count')} === 0` }
  },
}
