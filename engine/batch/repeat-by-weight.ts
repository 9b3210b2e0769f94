/** Rows that count several times, each as often as it counts. */

import type { Batch } from './batch.ts'

/** A row of weight n, n times, and none of a row that is taken back; without weights. The
 *  batch's own columns when every weight is 1. */
export function repeatByWeight(batch: Batch): Batch {
  const { weights, rowCount } = batch
  if (weights === null || weights.every((weight) => weight === 1)) return batch.withoutWeights()
  const rows: number[] = []
  for (let row = 0; row < rowCount; row++) {
    for (let copy = 0; copy < weights[row]; copy++) rows.push(row)
  }
  return batch.keep(Int32Array.from(rows), rows.length).withoutWeights()
}
