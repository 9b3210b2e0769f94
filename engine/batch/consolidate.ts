/** The smallest form of a changelog: every row once, with the sum of its weights (law 2). */

import { fail } from '../base/errors.ts'
import { Batch } from './batch.ts'
import { concat } from './concat.ts'
import { hashRows } from './row-hash.ts'
import { sameRow } from './same-row.ts'
import type { Schema } from './schema.ts'

/** One batch under `schema` with the net change of `batches`: weights of equal rows are summed,
 *  rows whose sum is 0 are gone, first occurrences keep their order. Batches without any weights
 *  are append-only and are only put together. null if nothing is left. */
export function consolidate(batches: readonly Batch[], schema: Schema): Batch | null {
  const filled = batches.filter((batch) => batch.rowCount > 0)
  if (filled.length === 0) return null
  const joined = concat(filled)
  const all = joined.withColumns(schema, joined.columns)
  return all.weights === null ? all : sumWeights(all, all.weights)
}

function sumWeights(batch: Batch, weights: Int32Array): Batch | null {
  const { rowCount, columns, schema } = batch
  const hashes = hashRows(columns, rowCount)
  const size = 1 << (32 - Math.clz32(rowCount * 2))
  const table = new Int32Array(size).fill(-1)
  const sums = new Float64Array(rowCount)
  for (let row = 0; row < rowCount; row++) {
    const hash = hashes[row]
    let slot = hash & (size - 1)
    let other = table[slot]
    while (other !== -1 && !(hashes[other] === hash && sameRow(batch, other, batch, row))) {
      slot = (slot + 1) & (size - 1)
      other = table[slot]
    }
    if (other === -1) table[slot] = row
    sums[other === -1 ? row : other] += weights[row]
  }
  const rows = new Int32Array(rowCount)
  let count = 0
  for (let row = 0; row < rowCount; row++) if (sums[row] !== 0) rows[count++] = row
  if (count === 0) return null
  const kept = count === rowCount ? batch : batch.keep(rows, count)
  const net = Int32Array.from({ length: count }, (_, i) => weightOf(sums[rows[i]]))
  return new Batch(schema, kept.columns, count, net)
}

function weightOf(sum: number): number {
  if (sum !== (sum | 0)) fail('OUT_OF_RANGE', `A row's weight of ${sum} is beyond 32 bits`)
  return sum
}
