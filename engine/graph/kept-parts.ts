/** Which parts of a query's plan can go on in another plan: operators over the same inputs have the
 *  same state. What is new above them must know what they have said so far, so they are kept only
 *  where they can say it again; and a table is read from one place, so nothing is kept over a table
 *  that another part has to read from its beginning. */

import { stateless } from '../operator/operator.ts'
import { hasInputs, nodesOf, type Plan, type QueryPlan } from '../plan/physical.ts'
import { partNumbers } from '../plan/plan-text.ts'
import type { Pipeline } from './pipeline.ts'

/** Parts of the new plan, each with that of the old one whose state it takes over. */
export type KeptParts = ReadonlyMap<Plan, Plan>

/** Nothing, or all that can be kept: with every part also those below it. */
export function keptParts(before: Pipeline, plan: QueryPlan): KeptParts {
  const numbers = partNumbers(before.plan.root, plan.root)
  const old = new Map([...nodesOf(before.plan.root)].map((part) => [numbers.get(part), part]))
  const readers = readersOf(plan.root)
  const kept = new Map<Plan, Plan>()
  const drop = (part: Plan) => {
    if (!kept.delete(part)) return
    for (const reader of readers.get(part) ?? []) if (reader !== null) drop(reader)
  }
  for (const part of nodesOf(plan.root)) {
    const known = old.get(numbers.get(part))
    if (known !== undefined) kept.set(part, known)
  }
  for (const [part, known] of [...kept]) {
    if (before.operatorAt(known)?.asking !== undefined) drop(part)
  }
  for (;;) {
    const culprit = firstUnfit(before, plan.root, kept, readers)
    if (culprit === undefined) break
    drop(culprit)
  }
  const hasState = [...kept.values()].some((part) => keepsState(before, part))
  return hasState ? kept : new Map()
}

/** Who reads each part; null: the result itself. */
function readersOf(root: Plan): Map<Plan, (Plan | null)[]> {
  const readers = new Map<Plan, (Plan | null)[]>([[root, [null]]])
  for (const plan of nodesOf(root)) {
    if (!hasInputs(plan)) continue
    for (const input of plan.inputs) readers.set(input, [...(readers.get(input) ?? []), plan])
  }
  return readers
}

function firstUnfit(
  before: Pipeline,
  root: Plan,
  kept: KeptParts,
  readers: ReadonlyMap<Plan, readonly (Plan | null)[]>,
): Plan | undefined {
  const anew = new Set<string>()
  for (const part of nodesOf(root)) {
    if (part.kind === 'source' && !kept.has(part)) anew.add(part.table.id)
  }
  for (const [part, old] of kept) {
    if (part.kind === 'source' && anew.has(part.table.id)) return part
    const isEdge = readers.get(part)!.some((reader) => reader === null || !kept.has(reader))
    if (isEdge && !canTell(before, old)) return part
  }
  return undefined
}

/** Whether the rows that the part has given so far can be said again. */
export function canTell(pipeline: Pipeline, part: Plan): boolean {
  if (!hasInputs(part)) return part.kind === 'values'
  if (passesOn(pipeline, part)) return part.inputs.every((input) => canTell(pipeline, input))
  return pipeline.operatorAt(part)!.holdsAll?.() === true
}

/** Whether the part only depends on the rows that it is given, one by one. */
export const passesOn = (pipeline: Pipeline, part: Plan): boolean =>
  part.kind === 'union' || pipeline.operatorAt(part)?.snapshot === stateless.snapshot

/** Whether the part has rows to lose. */
export const keepsState = (pipeline: Pipeline, part: Plan): boolean =>
  hasInputs(part) && !passesOn(pipeline, part)
