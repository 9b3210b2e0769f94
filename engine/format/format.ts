/** The contract of a format: bytes into a batch, pure. */

import type { Batch } from '../batch/batch.ts'
import type { Schema } from '../batch/schema.ts'

/** Where columns lie in a JSON record that are no members of it by their own names, by column:
 *  names of members, positions of elements. */
export type JsonPaths = Readonly<Record<string, readonly (string | number)[]>>

export interface DecodeOptions {
  /** Fields of a record that the schema does not have. */
  readonly unknownFields: 'ignore' | 'fail'
  /** Columns that a record does not have; a NOT NULL column always needs one. */
  readonly missingFields: 'null' | 'fail'
  /** Of JSON: what a number is that stands for a timestamp, since 1970. Absent: milliseconds. */
  readonly epoch?: 'seconds' | 'millis' | undefined
  readonly paths?: JsonPaths | undefined
  /** Of a format that can take rows back: columns that are enough to do so. Absent: all are
   *  needed. */
  readonly key?: readonly number[] | undefined
}

export interface Format {
  /** As `'format' = '…'` and `?format=…` name it. */
  readonly name: string
  readonly mediaTypes: readonly string[]
  /** All records of `body` under `schema`, or BAD_RECORD for the first that does not fit. Records
   *  that take rows back have weight -1. */
  decodeRows(body: Uint8Array, schema: Schema, options: DecodeOptions): { batch: Batch }
}
