/** The contract of encoding rows as records: the way out of a sink. */

import type { Batch } from '../batch/batch.ts'

export interface EncodedRows {
  /** Texts are UTF-8 when they are sent. */
  readonly records: readonly (string | Uint8Array)[]
  /** The row that each record came from, for what a sink takes from the row beside the record; of a
   *  record that holds several rows, the first. null: record i is row i. */
  readonly rows: Int32Array | null
}

/** Made once per writer. Only the encoders of changelog formats may be given retractions. */
export type RowEncoder = (batch: Batch) => EncodedRows

/** The row of each copy, in order: of a row of weight n there are n, and none of one that goes.
 *  null: one of each row. */
export function rowsByWeight({ weights }: Batch): Int32Array | null {
  if (weights === null) return null
  const rows: number[] = []
  for (const [row, weight] of weights.entries()) {
    for (let n = weight; n > 0; n--) rows.push(row)
  }
  return Int32Array.from(rows)
}

/** One record a row, of which a row of weight n has n copies. Rows of no positive weight have
 *  none. */
export function recordPerRow(batch: Batch, records: readonly (string | Uint8Array)[]): EncodedRows {
  const rows = rowsByWeight(batch)
  return { records: rows === null ? records : Array.from(rows, (row) => records[row]), rows }
}
