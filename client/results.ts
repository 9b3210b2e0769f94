/** What the server answers, as types. JSON all the way: BIGINT and DECIMAL beyond 2^53 are strings,
 *  times are ISO-8601 UTC. */

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** One result row: column name to value. SQL NULL is null. */
export type Row = Readonly<Record<string, JsonValue>>

export interface ResultColumn {
  readonly name: string
  /** The SQL type, e.g. `TIMESTAMP(3)`. */
  readonly type: string
}

/** The result of one statement. */
export type SqlResult =
  | {
      readonly kind: 'rows'
      readonly columns: readonly ResultColumn[]
      readonly rows: readonly Row[]
    }
  | { readonly kind: 'ok'; readonly message: string; readonly warnings?: readonly string[] }

/** A continuous query or materialized view. */
export interface QueryInfo {
  readonly name: string
  readonly sql: string
  /** running, paused, ended, failed, … */
  readonly state: string
  readonly [detail: string]: JsonValue | undefined
}

/** A stream of the embedded queue, or another table. */
export interface StreamInfo {
  readonly name: string
  readonly [detail: string]: JsonValue | undefined
}

/** The records of one request: stored and on disk. `first` and `last` are offsets, inclusive. */
export interface ProducedRange {
  readonly split: number
  readonly first: number
  readonly last: number
}

export interface ProduceResult {
  /** Records stored. */
  readonly count: number
  /** Requests it took. */
  readonly requests: number
  readonly offsets: readonly ProducedRange[]
}
