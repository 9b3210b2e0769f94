/** Parts of physical plans as texts that are equal if the parts give the same rows from the same
 *  tables. What columns are called does not count, because operators know them by position. RAND
 *  and its kin carry their place in the statement as an argument, so two of them are never
 *  equal. */

import { columnIds } from '../source/layout.ts'
import { hasInputs, type Plan, type SourcePlan } from './physical.ts'

/** A number for every part of the plans: the same for equal parts, with all below them. */
export function partNumbers(...roots: readonly Plan[]): Map<Plan, number> {
  const numbers = new Map<Plan, number>()
  const byText = new Map<string, number>()
  const visit = (plan: Plan): number => {
    const known = numbers.get(plan)
    if (known !== undefined) return known
    const inputs = hasInputs(plan) ? plan.inputs.map(visit) : []
    const text = [partText(plan), ...inputs].join(' ')
    const number = byText.get(text) ?? byText.size
    byText.set(text, number)
    numbers.set(plan, number)
    return number
  }
  for (const root of roots) visit(root)
  return numbers
}

/** Whether both plans give the same rows. */
export function samePlan(a: Plan, b: Plan): boolean {
  const numbers = partNumbers(a, b)
  return numbers.get(a) === numbers.get(b)
}

/** A column keeps its number when its table is altered. */
function columnNumbers({ table, columns }: SourcePlan): number[] {
  const ids = columnIds(table)
  return columns.map((column) => ids[column])
}

/** What a part does, its inputs aside. */
export function partText(plan: Plan): string {
  switch (plan.kind) {
    case 'source':
      return JSON.stringify(['source', plan.table.id, columnNumbers(plan)])
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
