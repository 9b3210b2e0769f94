/** What an ordering operator says at the end of an epoch: rows that go and rows that come. */

import { Batch } from '../../batch/batch.ts'
import { concat } from '../../batch/concat.ts'
import { consolidate } from '../../batch/consolidate.ts'
import type { Output } from '../operator.ts'

/** Emits the retraction of `gone` and the insertion of `come`, without pairs that say nothing. Both
 *  may have rows more than once. */
export function emitDifference(
  gone: Batch | null,
  come: Batch | null,
  out: Pick<Output, 'emit'>,
): void {
  const isGone = gone !== null && gone.rowCount > 0
  const isCome = come !== null && come.rowCount > 0
  if (!isGone) {
    if (isCome) out.emit(come)
    return
  }
  const both = concat(isCome ? [gone, come] : [gone])
  const weights = new Int32Array(both.rowCount).fill(1).fill(-1, 0, gone.rowCount)
  const all = new Batch(both.schema, both.columns, both.rowCount, weights)
  const net = isCome ? consolidate([all], both.schema) : all
  if (net !== null) out.emit(net)
}
