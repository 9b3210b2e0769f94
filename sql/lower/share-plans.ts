/** Equal parts of a physical plan become one object, which the engine runs once: a view that is
 *  read twice, a common table, the two halves of "the rows with the most of …". Parts are equal if
 *  they give the same rows; what their columns are called does not count, because operators know
 *  columns by position. RAND and its kin carry their place in the statement as an argument, so two
 *  of them are never equal. */

import { hasInputs, type Plan } from '../../engine/plan/physical.ts'

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
    const text = [textOf(plan), ...inputs.map(({ id }) => id)].join(' ')
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    const own = hasInputs(plan) ? { ...plan, inputs: inputs.map((input) => input.plan) } : plan
    const fresh = { plan: own as Plan, id: this.#byText.size }
    this.#byText.set(text, fresh)
    return fresh
  }
}

/** What a part does, its inputs aside. */
function textOf(plan: Plan): string {
  switch (plan.kind) {
    case 'source':
      return JSON.stringify(['source', plan.table.id, plan.columns])
    case 'values':
      return spelled(['values', plan.schema.fields.map(({ type }) => type), plan.rows])
    default:
      return spelled([plan.kind, plan.node])
  }
}

const spelled = (value: unknown): string => JSON.stringify(value, replace)

/** JSON for every value that a plan can hold. Leaves out names of columns and places in the
 *  statement. */
function replace(this: unknown, key: string, value: unknown): unknown {
  if (key === 'at' || (key === 'name' && isColumn(this))) return undefined
  if (typeof value === 'bigint') return { bigint: String(value) }
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { number: numberText(value) }
  }
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') }
  return value
}

const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

/** A column expression, or a field of a node's output: those of a ROW type are in their type. */
function isColumn(holder: unknown): boolean {
  const { kind, nullable, type, args } = holder as Record<string, unknown>
  if (kind !== undefined) return kind === 'column'
  return typeof nullable === 'boolean' && type !== undefined && args === undefined
}
