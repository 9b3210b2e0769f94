/** UNNEST: a row per element of an array or a map. */

import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { Column, gather } from '../batch/column.ts'
import { schemaOf } from '../batch/schema.ts'
import { BIGINT, storageOf, typeName } from '../batch/types.ts'
import { compileProject } from '../expr/compile-project.ts'
import { printExpr } from '../expr/ir.ts'
import type { UnnestNode } from './nodes.ts'
import { nullColumn } from './null-column.ts'
import { defineOperator, stateless } from './operator.ts'

/** Every row once per element: the input's columns, the element's columns (a map's key and value, a
 *  row's fields, else the element), and the element's 1-based position if asked for. Rows with NULL
 *  or nothing to unnest are dropped, or come once with NULLs if `outer`. Stateless,
 *  O(rows + elements); weights and watermarks go with their rows. */
export const unnest = defineOperator<'unnest', UnnestNode>({
  kind: 'unnest',
  inputs: 1,
  check({ value }) {
    if (storageOf(value.type) === 'list') return
    fail('TYPE_MISMATCH', `UNNEST takes an array or a map, not ${typeName(value.type)}`, {
      at: value.at,
    })
  },
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: (_node, [input]) => input.appendOnly,
  explain: ({ value, outer, ordinality }) =>
    `Unnest: ${printExpr(value)}${ordinality ? ' with ordinality' : ''}${outer ? ', outer' : ''}`,
  create({ value, outer, ordinality }, { inputs, schema, clock, batchRowsMax }) {
    const evaluate = compileProject([value], inputs[0].schema)
    return {
      ...stateless,
      batch(_input, batch, out) {
        const [lists] = evaluate(batch, clock)
        const plan = planRows(lists, batch.rowCount, outer)
        // One row can have any number of elements; what is emitted stays within a batch's size.
        for (let from = 0; from < plan.count; from += batchRowsMax) {
          const count = Math.min(batchRowsMax, plan.count - from)
          const rows = plan.rows.subarray(from, from + count)
          const elements = plan.elements.subarray(from, from + count)
          const added = elementColumns(lists, elements, count)
          if (ordinality) added.push(positions(lists, rows, elements, count))
          const kept: Batch = batch.keep(rows, count)
          out.emit(kept.withColumns(schema, [...kept.columns, ...added]))
        }
      },
    }
  },
})

interface RowPlan {
  readonly count: number
  /** Per output row: the input row, and the element's place in the list's children, or -1. */
  readonly rows: Int32Array
  readonly elements: Int32Array
}

function planRows(lists: Column, rowCount: number, outer: boolean): RowPlan {
  const { starts, ends } = lists
  let count = 0
  for (let row = 0; row < rowCount; row++) {
    count += Math.max(lists.isNull(row) ? 0 : ends[row] - starts[row], outer ? 1 : 0)
  }
  const rows = new Int32Array(count)
  const elements = new Int32Array(count)
  let at = 0
  for (let row = 0; row < rowCount; row++) {
    const end = lists.isNull(row) ? starts[row] : ends[row]
    if (outer && starts[row] >= end) {
      rows[at] = row
      elements[at++] = -1
    }
    for (let element = starts[row]; element < end; element++) {
      rows[at] = row
      elements[at++] = element
    }
  }
  return { count, rows, elements }
}

/** The children of the list at the elements' places; NULL where there is none. */
function elementColumns(lists: Column, elements: Int32Array, count: number): Column[] {
  const [first] = lists.children
  const isRow = lists.type.kind === 'array' && first.type.kind === 'row'
  const parts = isRow ? first.children : lists.children
  return parts.map((part) => {
    const gathered = gatherOrNull(part, elements, count)
    if (!isRow || first.validity === null) return gathered
    // A field of a row that is NULL is NULL, whatever its memory holds.
    const absent = Int32Array.from({ length: count }, (_, i) => {
      const element = elements[i]
      return element >= 0 && first.isNull(element) ? -1 : i
    })
    return gatherOrNull(gathered, absent, count)
  })
}

/** Rows of a column; -1 gives NULL. */
function gatherOrNull(column: Column, rows: Int32Array, count: number): Column {
  if (!rows.includes(-1)) return gather(column, rows, count)
  if (column.length === 0) return nullColumn(column.type, count)
  const found = gather(
    column,
    rows.map((row) => Math.max(row, 0)),
    count,
  )
  const validity = found.validity ?? new Uint8Array((count + 7) >> 3).fill(255)
  for (let i = 0; i < count; i++) if (rows[i] < 0) validity[i >> 3] &= ~(1 << (i & 7))
  return new Column({ ...found, validity })
}

/** Places in the own list, from 1. */
function positions(lists: Column, rows: Int32Array, elements: Int32Array, count: number): Column {
  const values = new BigInt64Array(count)
  for (let i = 0; i < count; i++) {
    if (elements[i] >= 0) values[i] = BigInt(elements[i] - lists.starts[rows[i]] + 1)
  }
  const column = new Column({ type: BIGINT, length: count, values })
  const own = Int32Array.from({ length: count }, (_, i) => (elements[i] < 0 ? -1 : i))
  return gatherOrNull(column, own, count)
}
