/** What the reader of a folder needs of one file, whatever is in it. */

import type { Batch } from '../../engine/batch/batch.ts'
import type { PollLimit } from '../../engine/source/source.ts'

export type Records =
  | { readonly batch: Batch }
  | { readonly bytes: Uint8Array; readonly starts: Int32Array; readonly ends: Int32Array }

export const NO_RECORDS: Records = {
  bytes: new Uint8Array(0),
  starts: new Int32Array(0),
  ends: new Int32Array(0),
}

export interface ReadLimit extends Omit<PollLimit, 'until'> {
  /** A place in this file. */
  readonly until: number | undefined
}

export interface Read {
  /** The place after what was read; the same as before if there is nothing. */
  readonly to: number
  readonly rowCount: number
  readonly records: Records
}

export interface FileContent {
  /** More may be written to the file. */
  growing: boolean
  /** The place after the last record. */
  end(): number
  read(from: number, limit: ReadLimit): Read
  close(): void
}
