/** Changes on their way into a table with a primary key: a row takes the place of its key's, so
 *  that the old one need not be removed before. */

import type { Batch } from '../engine/batch/batch.ts'
import { textOf } from '../engine/batch/json-rows.ts'
import { sameValue } from '../engine/batch/same-row.ts'

/** The rows in their order, without tombstones that a row of the same key follows at once. */
export function withoutReplaced(batch: Batch, key: readonly number[]): Batch {
  const { weights, rowCount, columns } = batch
  if (weights === null) return batch
  const sameKey = (row: number) =>
    key.every((column) => sameValue(columns[column], row, columns[column], row + 1))
  const isReplaced = (row: number) =>
    weights[row] < 0 && row + 1 < rowCount && weights[row + 1] > 0 && sameKey(row)
  return kept(batch, (row) => !isReplaced(row))
}

/** One epoch's changes of a result in which the key is unique, as rows and tombstones in any
 *  order. */
export function asUpserts(batch: Batch, key: readonly number[]): Batch {
  const { weights, columns, rowCount } = batch
  if (weights === null) return batch
  const texts = key.map((column) => textOf(columns[column]))
  const keyOf = (row: number) => texts.map((text) => text(row)).join(',')
  const written = new Set<string>()
  for (let row = 0; row < rowCount; row++) if (weights[row] > 0) written.add(keyOf(row))
  return kept(batch, (row) => weights[row] > 0 || !written.has(keyOf(row)))
}

function kept(batch: Batch, keeps: (row: number) => boolean): Batch {
  const rows: number[] = []
  for (let row = 0; row < batch.rowCount; row++) if (keeps(row)) rows.push(row)
  if (rows.length === batch.rowCount) return batch
  const left = batch.keep(Int32Array.from(rows), rows.length)
  return left.weights?.every((weight) => weight === 1) ? left.withoutWeights() : left
}
