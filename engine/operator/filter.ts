/** WHERE, HAVING and every other condition on rows. */

import { fail } from '../base/errors.ts'
import { typeName } from '../batch/types.ts'
import { compileFilter } from '../expr/compile-filter.ts'
import { printExpr } from '../expr/ir.ts'
import type { FilterNode } from './nodes.ts'
import { defineOperator, stateless } from './operator.ts'

/** Keeps the rows whose predicate is TRUE; FALSE and NULL are dropped. Stateless, O(rows). Weights,
 *  schema and row order pass through unchanged. */
export const filter = defineOperator<'filter', FilterNode>({
  kind: 'filter',
  inputs: 1,
  check({ predicate }) {
    if (predicate.type.kind !== 'boolean') {
      fail('TYPE_MISMATCH', `A condition must be BOOLEAN, not ${typeName(predicate.type)}`, {
        at: predicate.at,
      })
    }
  },
  schema: (_node, [input]) => input,
  appendOnly: (_node, [input]) => input.appendOnly,
  explain: ({ predicate }) => `Filter: ${printExpr(predicate)}`,
  create({ predicate }, { inputs, batchRowsMax, clock }) {
    const select = compileFilter(predicate, inputs[0].schema)
    const rows = new Int32Array(batchRowsMax)
    return {
      ...stateless,
      batch(_input, batch, out) {
        const count = select(batch, rows, clock)
        if (count === batch.rowCount) out.emit(batch)
        else if (count > 0) out.emit(batch.keep(rows, count))
      },
    }
  },
})
