/** The contract of a lookup: the rows of a table outside that have given keys, asked for whenever a
 *  query meets such a key. What is answered is written to the journal before the query sees it, so
 *  a replay asks nobody (law 1). */

import type { Batch } from '../batch/batch.ts'
import type { OptionTable } from './option.ts'
import type { TableSpec } from './table.ts'

/** What a query wants of a table. */
export interface LookupRequest {
  readonly table: TableSpec
  /** The stored columns that it knows. */
  readonly keys: readonly number[]
  /** The stored columns that it wants; keys may be among them. */
  readonly columns: readonly number[]
}

export interface LookupAnswer {
  /** Of the wanted columns, in their order; in any order of rows. */
  readonly rows: Batch
  /** Per row: which of the keys it answers. */
  readonly of: ArrayLike<number>
}

export interface LookupClient {
  /** The rows that have one of these keys: `keys` has a column for each key column, no NULL, and no
   *  two equal rows. Several may be under way at once. When `signal` aborts nobody waits for the
   *  answer. What it raises with retry 'never' ends the query; anything else is tried again. */
  lookup(keys: Batch, signal: AbortSignal): Promise<LookupAnswer>
  close(): Promise<void>
}

export interface LookupConnector {
  readonly name: string
  /** Connects when it is first asked. INVALID_OPTION. */
  open(request: LookupRequest): LookupClient
}

/** What a connector can be looked up by. */
export interface LookupSpec {
  /** 'any': any columns. 'primary': all columns of the table's PRIMARY KEY. */
  readonly keys: 'any' | 'primary'
  /** Whether a table with these options is looked up. Absent: always. */
  readonly when?: ((options: Readonly<Record<string, string>>) => boolean) | undefined
  /** Such a table can be read as a stream too, where a query does not look rows up in it. */
  readonly isRead?: boolean | undefined
}

/** The options of every connector with a lookup; the names are Flink's where Flink has them. */
export const LOOKUP_OPTIONS: OptionTable = {
  'lookup.cache': {
    kind: 'enum',
    values: ['NONE', 'PARTIAL'],
    default: 'NONE',
    doc: 'NONE: every row asks. PARTIAL: what was answered is kept for later rows with that key.',
  },
  'lookup.partial-cache.max-rows': {
    kind: 'integer',
    min: 1,
    default: '100000',
    doc: 'Beyond so many rows the oldest answers are forgotten.',
  },
  'lookup.partial-cache.expire-after-write': {
    kind: 'duration',
    min: 1,
    doc: 'After so long an answer is asked for again. Absent: never.',
  },
  'lookup.partial-cache.cache-missing-key': {
    kind: 'boolean',
    default: 'true',
    doc: 'Whether it is also kept that a key has no row.',
  },
  'lookup.max-retries': {
    kind: 'integer',
    min: 0,
    default: '3',
    doc: 'How often a request that failed is repeated before the query fails.',
  },
  'lookup.async': {
    kind: 'boolean',
    default: 'true',
    doc: 'Whether several requests may be under way at once.',
  },
  'lookup.timeout': {
    kind: 'duration',
    min: 1,
    default: '30 s',
    doc: 'A request that takes longer has failed.',
  },
}
