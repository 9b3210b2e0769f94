/** APPROX_PERCENTILE. */

import { fail } from '../../base/errors.ts'
import { DOUBLE, isNumeric } from '../../batch/types.ts'
import type { AggregateCall } from '../nodes.ts'
import type { AggregateFunction } from './aggregate.ts'
import { addQuantile, mergeQuantiles, quantileOf } from './quantile-sketch.ts'
import { scalarOf } from './scalar.ts'
import { doubleOf } from './variance.ts'

export const approxPercentile: AggregateFunction = {
  name: 'APPROX_PERCENTILE',
  doc: 'About the value below which the constant share p (0 to 1) of the values lies that are not NULL, within 1 % of that value; NULL if there is none.',
  example: 'APPROX_PERCENTILE(delay, 0.95)',
  result: ([value, p, ...more]) =>
    value !== undefined && p !== undefined && more.length === 0 && isNumeric(value) && isNumeric(p)
      ? DOUBLE
      : undefined,
  nullable: true,
  constantsFrom: 1,
  check(call) {
    const p = shareOf(call)
    if (p >= 0 && p <= 1) return
    fail('INVALID_ARGUMENT', 'APPROX_PERCENTILE takes a share from 0 to 1', {
      at: call.args[1].at,
      hint: 'The 95th percentile is 0.95.',
    })
  },
  slots: () => [{ name: 'sketch', kind: 'js', initial: 0 }],
  add({ code, slot, args, values, weight }) {
    const value = doubleOf(args[0], scalarOf(values[0]))
    const add = code.bind(addQuantile, 'addQuantile')
    code.line(`${slot('sketch')} = ${add}(${slot('sketch')}, ${value}, ${weight})`)
  },
  merge({ code, slot, other }) {
    const merge = code.bind(mergeQuantiles, 'mergeQuantiles')
    code.line(`${slot('sketch')} = ${merge}(${slot('sketch')}, ${other('sketch')})`)
  },
  value({ code, call, slot }) {
    const read = `${code.bind(quantileOf, 'quantile')}(${slot('sketch')}, ${shareOf(call)})`
    const value = code.constant('quantile', read)
    return { form: 'scalar', value, isNull: `${value} === undefined` }
  },
}

/** NaN unless it is a constant. */
function shareOf({ args: [, p] }: AggregateCall): number {
  if (p.kind !== 'literal' || p.value === null) return Number.NaN
  return p.type.kind === 'decimal' ? Number(p.value) / 10 ** p.type.scale : Number(p.value)
}
