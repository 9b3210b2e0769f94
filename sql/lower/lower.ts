/** Logical plan -> the engine's physical plan. Each operator's own `check` has the last word on
 *  what it can run, and its `schema` must be what the logical plan says. */

import { assert } from '../../engine/base/assert.ts'
import { sameShape, schemaText } from '../../engine/batch/schema.ts'
import { operatorOf } from '../../engine/operator/index.ts'
import type { EmitPolicy } from '../../engine/operator/nodes.ts'
import type { InputInfo } from '../../engine/operator/operator.ts'
import type { OperatorPlan, Plan } from '../../engine/plan/physical.ts'
import type { LogicalNode } from '../logical/node.ts'
import { fieldsOf } from '../logical/node.ts'

export interface Lowered extends InputInfo {
  readonly plan: Plan
}

/** The plan that runs a logical plan. Raises what an operator's `check` raises. */
export function lower(node: LogicalNode): Lowered {
  const { schema } = node
  switch (node.kind) {
    case 'scan': {
      const { table, columns } = node
      return { plan: { kind: 'source', table, columns }, schema, appendOnly: true }
    }
    case 'values':
      return { plan: { kind: 'values', schema, rows: node.rows }, schema, appendOnly: true }
    default: {
      const input = lower(node.input)
      return checked(operatorPlan(node, input.plan), input, node)
    }
  }
}

type Operating = Exclude<LogicalNode, { kind: 'scan' | 'values' }>

const CLOSE: EmitPolicy = { kind: 'close' }

function operatorPlan(node: Operating, input: Plan): OperatorPlan {
  const inputs = [input]
  const fields = fieldsOf(node)
  switch (node.kind) {
    case 'filter':
      return { kind: 'filter', node: { predicate: node.predicate }, inputs }
    case 'project':
      return { kind: 'project', node: { fields, exprs: node.exprs }, inputs }
    case 'window': {
      const { window, timeColumn } = node
      return { kind: 'window', node: { window, timeColumn }, inputs }
    }
    case 'aggregate': {
      const { keys, aggregates } = node
      return { kind: 'aggregate', node: { keys, aggregates, fields }, inputs }
    }
    case 'window-aggregate': {
      const { window, timeColumn, keys, aggregates, windowColumns, emit = CLOSE } = node
      return {
        kind: 'window-aggregate',
        node: { window, timeColumn, keys, aggregates, windowColumns, fields, emit },
        inputs,
      }
    }
    case 'sort': {
      const { keys, limit, offset } = node
      return { kind: 'sort', node: { keys, limit, offset }, inputs }
    }
  }
}

function checked(plan: OperatorPlan, input: InputInfo, node: LogicalNode): Lowered {
  const operator = operatorOf(plan.kind)
  operator.check(plan.node, [input])
  const schema = operator.schema(plan.node, [input.schema])
  assert(
    sameShape(schema, node.schema),
    `${plan.kind} gives ${schemaText(schema)}, planned was ${schemaText(node.schema)}`,
  )
  return { plan, schema, appendOnly: operator.appendOnly(plan.node, [input]) }
}
