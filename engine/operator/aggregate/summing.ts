/** What SUM and AVG share: the sum so far, and how many values are in it. */

import { type DataType, isFloating } from '../../batch/types.ts'
import type { AggregateFunction } from './aggregate.ts'
import { DOUBLE_SUM_SLOTS, emitDoubleAdd, emitDoubleMerge } from './compensated-sum.ts'
import { emitExactAdd, emitExactMerge, SUM_SLOTS } from './exact-sum.ts'
import { scalarOf } from './scalar.ts'
import { emitWideAdd, emitWideMerge, WIDE_SUM_SLOTS } from './wide-sum.ts'

/** How values of a type are summed. */
const SUMMING = {
  double: { slots: DOUBLE_SUM_SLOTS, add: emitDoubleAdd, merge: emitDoubleMerge },
  exact: { slots: SUM_SLOTS, add: emitExactAdd, merge: emitExactMerge },
  wide: { slots: WIDE_SUM_SLOTS, add: emitWideAdd, merge: emitWideMerge },
} as const

function summingOf(type: DataType): keyof typeof SUMMING {
  if (isFloating(type)) return 'double'
  return type.kind === 'decimal' ? 'wide' : 'exact'
}

/** The members of an aggregate that keeps a sum; its `value` says what it makes of it. */
export const summing: Pick<AggregateFunction, 'nullable' | 'slots' | 'add' | 'merge'> = {
  nullable: true,
  slots: ([arg]) => [{ name: 'count', kind: 'f64', initial: 0 }, ...SUMMING[summingOf(arg)].slots],
  add(add) {
    add.code.line(`${add.slot('count')} += ${add.weight}`)
    SUMMING[summingOf(add.args[0])].add(add, scalarOf(add.values[0]))
  },
  merge(merge) {
    merge.code.line(`${merge.slot('count')} += ${merge.other('count')}`)
    SUMMING[summingOf(merge.args[0])].merge(merge)
  },
}
