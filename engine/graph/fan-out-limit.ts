/** How many rows of each table a query takes at a time: fewer where rows become very many, as
 *  where a key of a join has a hundred thousand partners. A burst of such rows would fill one
 *  epoch with more results than a second can tell, or memory can hold (law 8). */

import type { Operator } from '../operator/operator.ts'
import type { OperatorPlan, Plan } from '../plan/physical.ts'

/** Rows that an epoch should make of those of one table, at most. */
const MADE_MAX = 4_000_000
/** Fewer rows at a time would cost more than they spare: most rows have few partners. */
const ROWS_MIN = 64

/** An operator on the way from a table to the result. */
interface Step {
  readonly operator: Operator
  readonly input: number
}

interface Way {
  readonly tableId: string
  readonly steps: readonly Step[]
}

export class FanOutLimit {
  readonly #ways: readonly Way[]

  constructor(root: Plan, operatorAt: (part: OperatorPlan) => Operator) {
    this.#ways = [...waysTo(root, [], operatorAt)]
  }

  /** The rows to take of a table. */
  rowsMax(tableId: string): number {
    let most = 1
    for (const way of this.#ways) {
      if (way.tableId === tableId) most = Math.max(most, madeOf(way))
    }
    return Math.max(ROWS_MIN, Math.floor(MADE_MAX / most))
  }
}

function* waysTo(
  plan: Plan,
  steps: readonly Step[],
  operatorAt: (part: OperatorPlan) => Operator,
): Generator<Way> {
  if (plan.kind === 'values') return
  if (plan.kind === 'source') {
    if (steps.length > 0) yield { tableId: plan.table.id, steps }
    return
  }
  const operator = operatorAt(plan)
  // However many rows there were, an aggregate says once per epoch what it comes to.
  const gathers = plan.kind === 'aggregate' || plan.kind === 'window-aggregate'
  const after = gathers ? [] : steps
  for (const [input, part] of plan.inputs.entries()) {
    const more = operator.fanOut === undefined ? [] : [{ operator, input }]
    yield* waysTo(part, [...more, ...after], operatorAt)
  }
}

/** How many rows one row of the table becomes. */
function madeOf({ steps }: Way): number {
  let rows = 1
  for (const { operator, input } of steps) rows *= Math.max(1, operator.fanOut?.(input) ?? 1)
  return rows
}
