/** What a plan's output looks like. */

import { schemaOf } from '../batch/schema.ts'
import { operatorOf } from '../operator/index.ts'
import type { InputInfo } from '../operator/operator.ts'
import { isAppendOnly } from '../source/table.ts'
import type { Plan } from './physical.ts'

const known = new WeakMap<Plan, InputInfo>()

/** Raises the errors of the operators' `check`. */
export function infoOf(plan: Plan): InputInfo {
  const info = known.get(plan) ?? workOut(plan)
  known.set(plan, info)
  return info
}

function workOut(plan: Plan): InputInfo {
  if (plan.kind === 'source') {
    const { schema } = plan.table
    const fields = plan.columns.map((c) => schema.fields[c])
    return { schema: schemaOf(fields), appendOnly: isAppendOnly(plan.table) }
  }
  if (plan.kind === 'values') return { schema: plan.schema, appendOnly: true }
  const definition = operatorOf(plan.kind)
  const inputs = plan.inputs.map(infoOf)
  definition.check(plan.node, inputs)
  const schemas = inputs.map((input) => input.schema)
  return {
    schema: definition.schema(plan.node, schemas),
    appendOnly: definition.appendOnly(plan.node, inputs),
  }
}
