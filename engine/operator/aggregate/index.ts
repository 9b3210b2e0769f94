/** The list of aggregate functions. Adding one: its file, one line here, one test. */

import type { AggregateFunction } from './aggregate.ts'
import { approxCountDistinct } from './approx-count-distinct.ts'
import { approxPercentile } from './approx-percentile.ts'
import { argMax, argMin, maxBy, minBy } from './arg-extreme.ts'
import { arrayAgg } from './array-agg.ts'
import { avg } from './avg.ts'
import { boolAnd, boolOr, every } from './bool.ts'
import { count } from './count.ts'
import { max, min } from './extreme.ts'
import { firstValue, lastValue } from './first-last.ts'
import { listagg, stringAgg } from './listagg.ts'
import { sum } from './sum.ts'
import { stddev, stddevPop, stddevSamp, varianceOf, varPop, varSamp } from './variance.ts'

export const AGGREGATES: readonly AggregateFunction[] = [
  ...[count, sum, avg, min, max],
  ...[stddev, stddevPop, stddevSamp, varianceOf, varPop, varSamp],
  ...[boolAnd, every, boolOr],
  ...[argMin, argMax, minBy, maxBy],
  ...[firstValue, lastValue, arrayAgg, listagg, stringAgg],
  ...[approxCountDistinct, approxPercentile],
]

const BY_NAME = new Map(AGGREGATES.map((entry) => [entry.name, entry]))

/** The aggregate of this name, in any case; undefined if there is none. */
export const findAggregate = (name: string): AggregateFunction | undefined =>
  BY_NAME.get(name.toUpperCase())
