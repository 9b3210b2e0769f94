/** GROUPING SETS, ROLLUP and CUBE: each row once for every set of keys. */

import { assert } from '../base/assert.ts'
import { Column } from '../batch/column.ts'
import { schemaOf } from '../batch/schema.ts'
import { BIGINT } from '../batch/types.ts'
import { compileProject } from '../expr/compile-project.ts'
import { printExpr } from '../expr/ir.ts'
import type { ExpandNode } from './nodes.ts'
import { nullColumn } from './null-column.ts'
import { defineOperator, stateless } from './operator.ts'

/** Output: the input's columns, the keys (NULL where the set does not have them), the set's number.
 *  Stateless; one batch per set, whose columns are shared with the input. O(rows * sets) in rows,
 *  O(rows) in copied values. */
export const expand = defineOperator<'expand', ExpandNode>({
  kind: 'expand',
  inputs: 1,
  check({ keys, sets }) {
    assert(
      sets.every((set) => set.every((key) => key < keys.length)),
      'a grouping set names a key that is not there',
    )
  },
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: (_node, [input]) => input.appendOnly,
  explain: ({ keys, sets }) =>
    `Expand: ${sets.map((set) => `(${set.map((key) => printExpr(keys[key])).join(', ')})`).join(', ')}`,
  create({ keys, sets }, { inputs, schema, clock }) {
    const evaluate = compileProject(keys, inputs[0].schema)
    return {
      ...stateless,
      batch(_input, batch, out) {
        const { rowCount, columns } = batch
        const values = evaluate(batch, clock)
        const missing = keys.map(({ type }) => nullColumn(type, rowCount))
        sets.forEach((set, number) => {
          const own = keys.map((_, i) => (set.includes(i) ? values[i] : missing[i]))
          out.emit(batch.withColumns(schema, [...columns, ...own, numberColumn(number, rowCount)]))
        })
      },
    }
  },
})

const numberColumn = (value: number, length: number): Column =>
  new Column({ type: BIGINT, length, values: new BigInt64Array(length).fill(BigInt(value)) })
