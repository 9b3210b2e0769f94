/** ORDER BY, OFFSET and LIMIT of a bounded query. */

import { fail } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { concat } from '../batch/concat.ts'
import { consolidate } from '../batch/consolidate.ts'
import { valueAt } from '../batch/rows.ts'
import { schemaOf } from '../batch/schema.ts'
import { compareValues } from '../batch/value-order.ts'
import { compileProject } from '../expr/compile-project.ts'
import { printExpr, type Value } from '../expr/ir.ts'
import type { SortKey, SortNode } from './nodes.ts'
import { defineOperator, type Output, stateless } from './operator.ts'

/** Keeps all rows and emits them in order in the epoch in which the input ends. Rows with equal
 *  keys keep the order in which they came. Memory: all rows. Bounded runs only. */
export const sort = defineOperator<'sort', SortNode>({
  kind: 'sort',
  inputs: 1,
  check({ limit, offset }) {
    if ((limit ?? 0) < 0 || (offset ?? 0) < 0) {
      fail('INVALID_ARGUMENT', 'LIMIT and OFFSET must not be negative')
    }
  },
  schema: (_node, [input]) => input,
  appendOnly: () => true,
  explain: ({ keys, limit, offset }) =>
    `Sort: ${keys.map((k) => `${printExpr(k.expr)}${k.descending ? ' DESC' : ''}`).join(', ')}` +
    `${limit === undefined ? '' : ` limit ${limit}`}${offset ? ` offset ${offset}` : ''}`,
  create({ keys, limit, offset = 0 }, { inputs, schema, clock }) {
    const evaluate = compileProject(
      keys.map((key) => key.expr),
      inputs[0].schema,
    )
    const batches: Batch[] = []
    let ended = false
    const emitAll = (out: Output) => {
      if (batches.length === 0) return
      const rows = inputs[0].appendOnly ? concat(batches) : consolidate(batches, schema)
      if (rows === null) return
      const keyBatch = new Batch(
        schemaOf(keys.map((key, i) => ({ name: `${i}`, type: key.expr.type, nullable: true }))),
        evaluate(rows, clock),
        rows.rowCount,
      )
      const order = sortedRows(keyBatch, keys, rows.weights)
      const wanted = order.slice(offset, limit === undefined ? undefined : offset + limit)
      out.emit(rows.withoutWeights().keep(Int32Array.from(wanted), wanted.length))
    }
    return {
      ...stateless,
      batch(_input, batch) {
        batches.push(batch)
      },
      // The epoch that ends the input may still bring rows: the inputs' own epochs come first.
      watermark(_input, watermarkUs) {
        ended = watermarkUs === Infinity
      },
      epoch(out) {
        if (!ended) return
        emitAll(out)
        batches.length = 0
        out.watermark(Infinity)
      },
    }
  },
})

/** Row numbers in order; a row of weight n comes n times. */
function sortedRows(batch: Batch, keys: readonly SortKey[], weights: Int32Array | null): number[] {
  const values = keys.map((_, k) =>
    Array.from({ length: batch.rowCount }, (_, row) => valueAt(batch.columns[k], row)),
  )
  const compare = (a: number, b: number): number => {
    for (let k = 0; k < keys.length; k++) {
      const order = compareKeys(values[k][a], values[k][b], keys[k])
      if (order !== 0) return order
    }
    return a - b
  }
  const rows: number[] = []
  for (let row = 0; row < batch.rowCount; row++) {
    for (let n = weights === null ? 1 : weights[row]; n > 0; n--) rows.push(row)
  }
  return rows.sort(compare)
}

function compareKeys(a: Value, b: Value, { descending, nullsFirst }: SortKey): number {
  if (a === null || b === null) {
    if (a === b) return 0
    return (a === null) === nullsFirst ? -1 : 1
  }
  const order = compareValues(a, b)
  return descending ? -order : order
}
