/** The code that each operator of a plan would generate, for EXPLAIN CODE. Some code is made when
 *  the first batch of its kind comes, so every operator is built and shown empty ones. */

import { Batch, emptyBatch } from '../batch/batch.ts'
import type { Schema } from '../batch/schema.ts'
import { sourcesOf } from '../expr/compile.ts'
import { operatorOf } from '../operator/index.ts'
import type { Output } from '../operator/operator.ts'
import { infoOf } from './info.ts'
import { hasInputs, nodesOf, type OperatorPlan, type Plan } from './physical.ts'

/** Sources by node, in the order in which they were made; nodes without code have none. */
export function generatedCode(root: Plan): Map<Plan, readonly string[]> {
  const operators = [...nodesOf(root)].filter(hasInputs)
  return new Map(operators.map((plan) => [plan, codeOf(plan)]))
}

function codeOf(plan: OperatorPlan): string[] {
  const inputs = plan.inputs.map(infoOf)
  const { schema } = infoOf(plan)
  const sources = sourcesOf(() => {
    const operator = operatorOf(plan.kind).create(plan.node, {
      inputs,
      schema,
      batchRowsMax: 1,
      clock: { epoch: 0, nowUs: 0, seed: 0 },
      late: () => {},
    })
    inputs.forEach((input, i) => {
      operator.batch(i, emptyBatch(input.schema), NOWHERE)
      if (!input.appendOnly) operator.batch(i, emptyChanges(input.schema), NOWHERE)
    })
    operator.epoch(NOWHERE)
    inputs.forEach((_, i) => {
      operator.watermark(i, Infinity, NOWHERE)
    })
    operator.epoch(NOWHERE)
  })
  return [...new Set(sources)]
}

const emptyChanges = (schema: Schema): Batch =>
  new Batch(schema, emptyBatch(schema).columns, 0, new Int32Array(0))

const NOWHERE: Output = { emit: () => {}, watermark: () => {} }
