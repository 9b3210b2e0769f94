/** The tables that a plan looks rows up in, in processing time: what is there should be known
 *  before the first row asks for it. */

import { hasInputs, nodesOf, type Plan } from './physical.ts'

/** Ids of tables that are only read for such lookups. */
export function lookedUpTables(root: Plan): ReadonlySet<string> {
  const asked = new Set<string>()
  const others = new Set<string>()
  const visit = (plan: Plan, into: Set<string>): void => {
    if (plan.kind === 'source') into.add(plan.table.id)
    if (!hasInputs(plan)) return
    const isLookup = plan.kind === 'temporal-join' && plan.node.time.kind === 'processing'
    for (const [i, input] of plan.inputs.entries()) {
      visit(input, isLookup && i === 1 ? asked : into)
    }
  }
  const isAsked = [...nodesOf(root)].some(
    (plan) => plan.kind === 'temporal-join' && plan.node.time.kind === 'processing',
  )
  if (!isAsked) return asked
  visit(root, others)
  return new Set([...asked].filter((table) => !others.has(table)))
}
