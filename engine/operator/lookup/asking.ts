/** What an operator that asks outside has to do with those who ask for it. Its questions and the
 *  answers are plain data: the answers go through the journal. */

import type { Batch } from '../../batch/batch.ts'

/** Answers on their way to the operator that asked: plain data, as it is in the journal. */
export interface Answers {
  /** Of the keys that are answered, as `Pending` numbered them. */
  readonly ids: readonly number[]
  /** How many rows each of them has; the rows follow each other in that order. */
  readonly counts: readonly number[]
  /** The rows as an encoded batch (batch/ipc.ts); null: there are none. */
  readonly rows: Uint8Array | null
}

/** Keys that an operator has yet to get an answer for. */
export interface Pending {
  readonly ids: readonly number[]
  /** A row for each. */
  readonly keys: Batch
}

/** An operator that asks outside. */
export interface Asking {
  /** The keys with a number above `after`, in order; null: there are none. */
  pending(after: number): Pending | null
  /** Takes answers; what comes of them comes out at the end of the epoch. */
  answer(answers: Answers): void
  /** Rows that wait for an answer. */
  readonly waiting: number
}
