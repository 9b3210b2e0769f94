/** A physical plan as text: a tree, one node a line, inputs indented below. An operator that is
 *  read several times is written out once, with a number, and referred to by it afterwards. */

import { typeName } from '../../engine/batch/types.ts'
import { operatorOf } from '../../engine/operator/index.ts'
import { hasInputs, nodesOf, type Plan } from '../../engine/plan/physical.ts'

export interface ExplainOptions {
  /** More about a node, behind its line. */
  readonly remark?: (plan: Plan) => string
  /** Lines below a node's line, before its inputs. */
  readonly below?: (plan: Plan) => readonly string[]
}

/** Ends with a line end. */
export function explainPhysical(root: Plan, options: ExplainOptions = {}): string {
  const { remark = () => '', below = () => [] } = options
  const numbers = sharedNumbers(root)
  const seen = new Set<Plan>()
  const lines: string[] = []
  const write = (plan: Plan, indent: string): void => {
    const number = numbers.get(plan)
    const isRepeated = seen.has(plan)
    seen.add(plan)
    if (isRepeated && number !== undefined) {
      lines.push(`${indent}Same as (${number}): ${line(plan)}`)
      return
    }
    const label = number === undefined ? '' : `(${number}) `
    lines.push(`${indent}${label}${line(plan)}${remark(plan)}`)
    for (const text of below(plan)) lines.push(text === '' ? '' : `${indent}    ${text}`)
    if (hasInputs(plan)) for (const input of plan.inputs) write(input, `${indent}  `)
  }
  write(root, '')
  return `${lines.join('\n')}\n`
}

/** The operators that several read, numbered from 1 in the order of the text. */
function sharedNumbers(root: Plan): Map<Plan, number> {
  const readers = new Map<Plan, number>()
  const all = [...nodesOf(root)].filter(hasInputs)
  for (const plan of all) {
    for (const input of plan.inputs) readers.set(input, (readers.get(input) ?? 0) + 1)
  }
  const shared = all.filter((plan) => (readers.get(plan) ?? 0) > 1)
  return new Map(shared.map((plan, i) => [plan, i + 1]))
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
