/** The SELECT list. */

import { schemaOf } from '../batch/schema.ts'
import { compileProject } from '../expr/compile-project.ts'
import { printExpr } from '../expr/ir.ts'
import type { ProjectNode } from './nodes.ts'
import { defineOperator, stateless } from './operator.ts'

/** One output column per expression. Stateless, O(rows). Weights and row order pass through; a bare
 *  column reference passes its arrays through. */
export const project = defineOperator<'project', ProjectNode>({
  kind: 'project',
  inputs: 1,
  check() {},
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: (_node, [input]) => input.appendOnly,
  explain: ({ fields, exprs }) =>
    `Project: ${exprs
      .map((expr, i) => {
        const text = printExpr(expr)
        return text === fields[i].name ? text : `${text} AS ${fields[i].name}`
      })
      .join(', ')}`,
  create({ exprs }, { inputs, schema, clock }) {
    const columns = compileProject(exprs, inputs[0].schema)
    return {
      ...stateless,
      batch: (_input, batch, out) => out.emit(batch.withColumns(schema, columns(batch, clock))),
    }
  },
})
