/** The list of aggregate functions. Adding one: its file, one line here, one test. */

import type { AggregateFunction } from './aggregate.ts'
import { avg } from './avg.ts'
import { count } from './count.ts'
import { max, min } from './extreme.ts'
import { sum } from './sum.ts'

export const AGGREGATES: readonly AggregateFunction[] = [count, sum, avg, min, max]

const BY_NAME = new Map(AGGREGATES.map((entry) => [entry.name, entry]))

/** The aggregate of this name, in any case; undefined if there is none. */
export const findAggregate = (name: string): AggregateFunction | undefined =>
  BY_NAME.get(name.toUpperCase())
