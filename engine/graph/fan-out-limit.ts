/** How many rows of each table a query takes at a time: fewer where rows become very many, as
 *  where a key of a join has a hundred thousand partners. A burst of such rows would fill one
 *  epoch with more results than a second can tell, or memory can hold (law 8). */

import type { Operator } from '../operator/operator.ts'
import type { OperatorPlan, Plan } from '../plan/physical.ts'

/** Rows that an epoch should make of those of one table, at most. */
const MADE_MAX = 4_000_000

/** An operator on the way from a table to the result. */
interface Step {
  readonly operator: Operator
  readonly input: number
  /** Many rows become few again. */
  readonly gathers: boolean
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
      if (way.tableId === tableId) most = Math.max(most, mostOf(way))
    }
    return Math.max(1, Math.floor(MADE_MAX / most))
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
  const gathers = plan.kind === 'aggregate' || plan.kind === 'window-aggregate'
  const matters = gathers || operator.fanOut !== undefined
  for (const [input, part] of plan.inputs.entries()) {
    yield* waysTo(part, matters ? [{ operator, input, gathers }, ...steps] : steps, operatorAt)
  }
}

/** How many rows one row of the table becomes where it becomes the most. */
function mostOf({ steps }: Way): number {
  let [rows, most] = [1, 1]
  for (const { operator, input, gathers } of steps) {
    rows = gathers ? 1 : rows * Math.max(1, operator.fanOut?.(input) ?? 1)
    most = Math.max(most, rows)
  }
  return most
}
