/** The contract of a source connector: where records come from, in splits that can be read again
 *  from any offset. Connectors bring bytes or columns; decoding, batching, watermarks, retries and
 *  checkpoints are the engine's, once for all. */

import type { SqlError } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import type { Column } from '../batch/column.ts'
import type { MessageKeys } from './keyed-messages.ts'
import type { TableSpec } from './table.ts'

/** A position in a split: the offset of the next record to read. Opaque outside its connector,
 *  except that '' means the split's beginning as the table's options define it. */
export type Offset = string

export interface Split {
  readonly id: string
  /** The split ends before this offset, whatever is behind it. */
  readonly stop?: Offset | undefined
}

/** What one poll brought: the records [from, to) of one split. */
export type Chunk = {
  readonly from: Offset
  readonly to: Offset
  readonly rowCount: number
  /** The split has ended after this chunk; there will be no more. */
  readonly end: boolean
  /** What METADATA columns ask for, by the connector's key; a value for every row. A reader need
   *  only bring the keys that the table names. */
  readonly metadata?: Readonly<Record<string, Column>> | undefined
  /** The offset of record `index`, for reports; absent if it can't be told. */
  readonly offsetOf?: ((index: number) => Offset) | undefined
} & (
  | {
      /** Rows already in columns: those of the record (`recordColumns`), in order. */
      readonly batch: Batch
    }
  | {
      /** Messages to decode by the table's format: message i is bytes[starts[i], ends[i]). The
       *  bytes never change afterwards: columns are views on them. */
      readonly bytes: Uint8Array
      readonly starts: Int32Array
      readonly ends: Int32Array
      /** Where their keys are, for a table that reads columns from them. A message without a value
       *  then has -1 in `starts`: the row of its key is no more. */
      readonly keys?: MessageKeys | undefined
    }
)

export interface PollLimit {
  readonly rowsMax: number
  readonly bytesMax: number
  /** Stop exactly here: a replay reads what the journal says was read. */
  readonly until?: Offset | undefined
}

export interface SplitReader {
  /** The next records at hand, or null if there are none now. Never blocks. A replay (`until`
   *  given) may answer null until the records have arrived, but never skips any. */
  poll(limit: PollLimit): Chunk | null
  /** `callback` is called whenever a poll may bring something. */
  onReady(callback: () => void): void
  /** The split's end as far as it is known: the offset after its last record. A bounded query
   *  reads up to here. undefined if the connector can't tell; if it never will, it raises why. */
  end(): Offset | undefined
  /** Records known to be in the split after our position; undefined if it can't be told. */
  lagRows(): number | undefined
  /** Why nothing comes for now: the connection is lost and being made again. undefined: all is
   *  well. What no retry can help is raised by `poll`. */
  trouble?(): SqlError | undefined
  /** The effect of all records before `offset` is in every checkpoint that is kept: no recovery
   *  needs them (law 6). */
  commit(offset: Offset): Promise<void>
  /** It is in the newest checkpoint: for those who watch how far the reading has come. */
  checkpointed?(offset: Offset): void
  close(): Promise<void>
}

export interface SourceConnector {
  readonly name: string
  /** 'offset': any offset can be read again. 'log': it cannot, so its records go through the
   *  embedded log first. */
  readonly replay: 'offset' | 'log'
  listSplits(table: TableSpec): readonly Split[]
  /** Connects in the background if need be: `poll` answers null until there are records. */
  open(table: TableSpec, split: Split, from: Offset): SplitReader
}

/** A connector whose tables have splits that are found while the server runs. */
export interface GrowingConnector {
  readonly name: string
  readonly replay: 'offset'
  read(table: TableSpec): GrowingTable
}

export type AnySource = SourceConnector | GrowingConnector

/** One reading of a table whose splits are found while the server runs. */
export interface GrowingTable {
  /** Begins to look for splits in the background, now and from time to time; called once. `known`:
   *  those that the reading has. undefined: it has never looked, and the table's options say where
   *  to begin; in a split that comes later one begins with its first record. */
  watch(known: readonly string[] | undefined): void
  /** Looks again now. */
  refresh(): void
  /** What was found since the last call; undefined: nothing new. The first look answers even if
   *  there is no split. What no retry can help is raised. */
  found(): FoundSplits | undefined
  /** Connects in the background if need be: `poll` answers null until there are records. */
  open(split: Split, from: Offset): SplitReader
  /** `callback` is called whenever `found` may bring something, or `trouble` changed. */
  onReady(callback: () => void): void
  /** Why nothing can be found for now; it is tried again. */
  trouble(): SqlError | undefined
  close(): Promise<void>
}

export interface FoundSplits {
  readonly splits: readonly FoundSplit[]
  /** No more will be found. */
  readonly complete: boolean
}

/** A split and where to begin in it; never ''. */
export interface FoundSplit extends Split {
  readonly from: Offset
}
