/** AVG. Integers keep their type, truncated toward zero, FLOAT and DOUBLE give DOUBLE, DECIMAL(p,
 *  s) gives DECIMAL(38, max(6, s)), all as in Flink. */

import { DOUBLE, isFloating, isInteger } from '../../batch/types.ts'
import { decimal, PRECISION_MAX } from '../../expr/decimal.ts'
import type { AggregateCode, AggregateFunction } from './aggregate.ts'
import { emitDoubleTotal } from './compensated-sum.ts'
import { emitExactAverage } from './exact-sum.ts'
import { summing } from './summing.ts'
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
  ...summing,
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
