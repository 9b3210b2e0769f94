/** Equal parts of a physical plan become one object, which the engine runs once: a view that is
 *  read twice, a common table, the two halves of "the rows with the most of …". */

import { hasInputs, type Plan } from '../../engine/plan/physical.ts'
import { partText } from '../../engine/plan/plan-text.ts'

/** The same plan with equal parts shared. */
export function sharePlans(plan: Plan): Plan {
  return new Sharing().shared(plan).plan
}

interface Shared {
  readonly plan: Plan
  /** The same for equal parts. */
  readonly id: number
}

class Sharing {
  readonly #byText = new Map<string, Shared>()

  shared(plan: Plan): Shared {
    const inputs = hasInputs(plan) ? plan.inputs.map((input) => this.shared(input)) : []
    const text = [partText(plan), ...inputs.map(({ id }) => id)].join(' ')
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    const own = hasInputs(plan) ? { ...plan, inputs: inputs.map((input) => input.plan) } : plan
    const fresh = { plan: own as Plan, id: this.#byText.size }
    this.#byText.set(text, fresh)
    return fresh
  }
}
