/** ARG_MIN and ARG_MAX: the value of one expression in the row where another is least or greatest.
 *  Of rows that tie, the one with the least value, so that the answer does not depend on the order
 *  of the rows. */

import { storageOf } from '../../batch/types.ts'
import type { Value } from '../../batch/value.ts'
import { compareValues } from '../../batch/value-order.ts'
import {
  addCount,
  type Compare,
  greatestOf,
  leastOf,
  mergeCounts,
} from '../../state/ordered-counts.ts'
import type { AddCode, AggregateForm, AggregateFunction } from './aggregate.ts'
import { isFlat } from './item-code.ts'

type Pair = readonly [value: NonNullable<Value>, by: NonNullable<Value>]

const byLeast: Compare<Pair> = (a, b) => compareValues(a[1], b[1]) || compareValues(a[0], b[0])
/** The greatest pair is the one with the greatest key, and of those the one of the least value. */
const byGreatest: Compare<Pair> = (a, b) => compareValues(a[1], b[1]) || compareValues(b[0], a[0])

const pairOf = ({ code, values, args }: AddCode): string =>
  `[${values.map((value, i) => code.asValue(value, args[i])).join(', ')}]`

function argExtreme(name: string, isMax: boolean, doc: string): AggregateFunction {
  const order = isMax ? byGreatest : byLeast
  const isBetter = (best: Pair | undefined, pair: Pair): boolean =>
    best === undefined || (isMax ? order(pair, best) > 0 : order(pair, best) < 0)
  const better = (best: Pair | undefined, pair: Pair | undefined): Pair | undefined =>
    pair !== undefined && isBetter(best, pair) ? pair : best
  return {
    name,
    doc,
    example: `${name}(origin, delay)`,
    result: ([value, by, ...more]) =>
      by !== undefined && more.length === 0 && isFlat(by) ? value : undefined,
    nullable: true,
    ignoresDistinct: true,
    overChanges: overChanges(isMax, order),
    slots: () => [{ name: 'best', kind: 'js', initial: 0 }],
    add(add) {
      const { code, slot } = add
      code.line(`${slot('best')} = ${code.bind(better, 'better')}(${slot('best')}, ${pairOf(add)})`)
    },
    merge({ code, slot, other }) {
      code.line(
        `${slot('best')} = ${code.bind(better, 'better')}(${slot('best')}, ${other('best')})`,
      )
    },
    value: ({ slot, args }) => ({
      form: storageOf(args[0]) === 'bytes' ? 'text' : 'scalar',
      value: `${slot('best')}[0]`,
      isNull: `${slot('best')} === undefined`,
    }),
  }
}

function overChanges(isMax: boolean, order: Compare<Pair>): AggregateForm {
  return {
    slots: () => [{ name: 'pairs', kind: 'js', initial: 0 }],
    add(add) {
      const { code, slot, weight } = add
      const [take, by] = [code.bind(addCount, 'addCount'), code.bind(order, 'order')]
      code.line(`${slot('pairs')} = ${take}(${slot('pairs')}, ${pairOf(add)}, ${weight}, ${by})`)
    },
    merge({ code, slot, other }) {
      const [take, by] = [code.bind(mergeCounts, 'mergeCounts'), code.bind(order, 'order')]
      code.line(`${slot('pairs')} = ${take}(${slot('pairs')}, ${other('pairs')}, ${by})`)
    },
    value({ code, slot, args }) {
      const read = code.bind(isMax ? greatestOf : leastOf, 'best')
      const best = code.constant('best', `${read}(${slot('pairs')})`)
      const form = storageOf(args[0]) === 'bytes' ? 'text' : 'scalar'
      return { form, value: `${best}[0]`, isNull: `${best} === undefined` }
    },
  }
}

const docOf = (extreme: string): string =>
  `The first argument in the row where the second is ${extreme}; rows where either is NULL do not count. Of rows that tie, the least first argument. NULL if there is none.`

export const argMin = argExtreme('ARG_MIN', false, docOf('least'))
export const argMax = argExtreme('ARG_MAX', true, docOf('greatest'))
export const minBy: AggregateFunction = {
  ...argMin,
  name: 'MIN_BY',
  doc: 'The same as ARG_MIN.',
  example: 'MIN_BY(origin, delay)',
}
export const maxBy: AggregateFunction = {
  ...argMax,
  name: 'MAX_BY',
  doc: 'The same as ARG_MAX.',
  example: 'MAX_BY(origin, delay)',
}
