/** `"s$dead_letters"`: the records of a table that could not be decoded, as they came, with where
 *  and why. The engine writes it; it is read like any stream of the embedded queue. */

import { type Schema, schemaOf } from '../batch/schema.ts'
import { BYTES, TIMESTAMP_LTZ, VARCHAR } from '../batch/types.ts'
import type { SideSuffix } from './side-table.ts'
import type { Offset } from './source.ts'
import type { TableSpec } from './table.ts'

/** One record that does not fit. */
export interface DeadLetter {
  readonly split: string
  /** Of the record itself if the source can tell, else of the chunk with the record's number. */
  readonly offset: Offset
  readonly error: string
  readonly record: Uint8Array
}

const SUFFIX: SideSuffix = '$dead_letters'

/** Of a table's id, and likewise of its name. */
export const deadLettersName = (of: string): string => `${of}${SUFFIX}`

export const isDeadLetters = (name: string): boolean => name.endsWith(SUFFIX)

export const DEAD_LETTERS: Schema = schemaOf([
  { name: 'split', type: VARCHAR, nullable: false },
  { name: 'offset', type: VARCHAR, nullable: false },
  { name: 'error', type: VARCHAR, nullable: false },
  { name: 'record', type: BYTES, nullable: false },
  { name: 'arrived', type: TIMESTAMP_LTZ, nullable: false },
])

/** The dead letters of a table as a table: append-only, without a watermark. */
export const deadLetterTable = ({ id, name }: TableSpec): TableSpec => ({
  id: deadLettersName(id),
  name: deadLettersName(name),
  schema: DEAD_LETTERS,
  storedCount: DEAD_LETTERS.fields.length,
  computed: [],
  connector: 'log',
  options: {},
})
