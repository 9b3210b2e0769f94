/** What the OVER operator keeps, in one of two ways: a changelog (`over-changes.ts`), or rows that
 *  wait for the watermark and come once (`over-time.ts`). */

import type { Batch } from '../../batch/batch.ts'
import type { Output, Section, StateSize } from '../operator.ts'

export interface OverState {
  add(batch: Batch): void
  watermark(watermarkUs: number, out: Output): void
  /** Ends the epoch. */
  emit(out: Output): void
  /** The watermark at which rows come without new ones; Infinity if none wait. */
  actsAtUs(): number
  /** The epoch clock at which partitions without news should be forgotten. */
  dueUs(): number
  snapshot(): readonly Section[]
  restore(sections: readonly Section[]): void
  stateSize(): StateSize
}
