/** SUM. Integers give BIGINT (docs/design/0004), FLOAT and DOUBLE give DOUBLE, DECIMAL(p, s) gives
 *  DECIMAL(38, s), an interval its own type. */

import { fail } from '../../base/errors.ts'
import { BIGINT, DOUBLE, isFloating, isInteger, isInterval } from '../../batch/types.ts'
import { decimal, PRECISION_MAX } from '../../expr/decimal.ts'
import type { AggregateCode, AggregateFunction } from './aggregate.ts'
import { emitDoubleTotal } from './compensated-sum.ts'
import { emitExactTotal } from './exact-sum.ts'
import { summing } from './summing.ts'
import { emitWideTotal } from './wide-sum.ts'

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
  ...summing,
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
  return type.kind === 'interval_month'
    ? `${code.code.bind((sum: number | bigint) => months(sum, code.call), 'months')}(${total})`
    : total
}

function months(total: number | bigint, { args }: AggregateCode['call']): number {
  if (total < -(2 ** 31) || total >= 2 ** 31) {
    fail('OUT_OF_RANGE', `SUM is ${total} months, which does not fit INTERVAL YEAR TO MONTH`, {
      at: args[0]?.at,
    })
  }
  return Number(total)
}
