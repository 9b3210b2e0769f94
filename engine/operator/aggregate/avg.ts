/** AVG. Integers keep their type, truncated toward zero, FLOAT and DOUBLE give DOUBLE, DECIMAL(p,
 *  s) gives DECIMAL(38, max(6, s)), all as in Flink. */

import { DOUBLE, isFloating, isInteger } from '../../batch/types.ts'
import { decimal, PRECISION_MAX } from '../../expr/decimal.ts'
import type { AggregateCode, AggregateFunction } from './aggregate.ts'
import { emitDoubleTotal } from './compensated-sum.ts'
import { emitExactAverage } from './exact-sum.ts'
import { scalarOf } from './scalar.ts'
import { SUMMING, summingOf } from './sum.ts'
import { emitWideAverage } from './wide-sum.ts'

const SCALE_MIN = 6

export const avg: AggregateFunction = {
  name: 'AVG',
  doc: 'The mean of the values that are not NULL; NULL if there is none. Over integers it is an integer, truncated toward zero: cast to DOUBLE for a fraction.',
  example: 'AVG(CAST(delay AS DOUBLE))',
  result([arg, ...more]) {
    if (arg === undefined || more.length > 0) return undefined
    if (isFloating(arg)) return DOUBLE
    if (arg.kind === 'decimal') return decimal(PRECISION_MAX, Math.max(SCALE_MIN, arg.scale))
    return isInteger(arg) ? arg : undefined
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
    value: meanOf(code),
    isNull: `${code.slot('count')} === 0`,
  }),
}

function meanOf(code: AggregateCode): string {
  const [type] = code.args
  const count = code.slot('count')
  if (isFloating(type)) return `${emitDoubleTotal(code)} / ${count}`
  if (type.kind !== 'decimal') return emitExactAverage(code, count)
  return emitWideAverage(code, count, Math.max(SCALE_MIN, type.scale) - type.scale)
}
