/** A physical plan as text: a tree, one node a line, inputs indented below. */

import { typeName } from '../../engine/batch/types.ts'
import { operatorOf } from '../../engine/operator/index.ts'
import type { Plan } from '../../engine/plan/physical.ts'

/** Ends with a line end. */
export function explainPhysical(plan: Plan, indent = ''): string {
  const inputs = plan.kind === 'source' || plan.kind === 'values' ? [] : plan.inputs
  const below = inputs.map((input) => explainPhysical(input, `${indent}  `))
  return `${indent}${line(plan)}\n${below.join('')}`
}

function line(plan: Plan): string {
  switch (plan.kind) {
    case 'source': {
      const { fields } = plan.table.schema
      const names = plan.columns.map((column) => fields[column].name)
      return `Source: ${plan.table.name} (${names.join(', ')}) from ${plan.table.connector}`
    }
    case 'values': {
      const columns = plan.schema.fields.map((f) => `${f.name} ${typeName(f.type)}`)
      return `Values: ${plan.rows.length} of (${columns.join(', ')})`
    }
    default:
      return operatorOf(plan.kind).explain(plan.node)
  }
}
