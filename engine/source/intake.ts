/** The contract of an intake: a source that cannot be read twice. Its connector runs in the main
 *  thread and hands over messages as they are; the server writes them to the table's embedded log,
 *  from where the engine reads and decodes them like any other source. Only what is in the log is
 *  acknowledged (law 6). */

import type { SqlError } from '../base/errors.ts'
import { type Field, type Schema, schemaOf } from '../batch/schema.ts'
import { BYTES, VARCHAR } from '../batch/types.ts'
import type { Value } from '../batch/value.ts'
import type { TableSpec } from './table.ts'

export interface IntakeMessage {
  /** As they came. `put` copies them. */
  readonly bytes: Uint8Array
  /** By the connector's key, of that key's type; what is absent is NULL. Only the keys in
   *  `IntakeFeed.keys` are looked at. */
  readonly metadata?: Readonly<Record<string, Value>> | undefined
}

/** Messages that are stored together or not at all, in this order. */
export interface IntakeGroup {
  readonly messages: readonly IntakeMessage[]
  /** Names the group for good: a group whose id was stored lately is not stored again, and counts
   *  as stored. */
  readonly id?: string | undefined
  /** Where the connector goes on after the group: comes back as `IntakeFeed.position`. A connector
   *  gives ids or positions, not both. */
  readonly position?: string | undefined
  /** Called once: when the group is on the disk, or with an error when it never will be. In the
   *  order of the groups. A group with it is given up when its `run` ends: whoever waits for an
   *  acknowledgement will bring it again. A group without it is kept. */
  readonly stored?: ((error?: SqlError) => void) | undefined
}

/** Where a connector puts what it receives. */
export interface IntakeFeed {
  /** The metadata that the table asks for. */
  readonly keys: ReadonlySet<string>
  /** Tells the table from those of other servers and from earlier tables, for good: 16 hexadecimal
   *  digits. */
  readonly token: string
  /** The table is being dropped, if the signal has aborted: what the source keeps for it can go. */
  readonly isDropped: boolean
  /** That of the last group put, also before a restart; undefined: there was none. */
  readonly position: string | undefined
  /** The messages that are stored, from the first on. GONE if retention has removed some. */
  stored(): Iterable<Uint8Array>
  /** Takes a group. Never blocks and never refuses, so look at `isFull`. */
  put(group: IntakeGroup): void
  /** Enough waits for the disk: stop reading (law 8). */
  readonly isFull: boolean
  /** Resolves when it is not full, or the intake ends. */
  room(): Promise<void>
  /** Resolves when everything that was put is stored, or after four seconds: for an orderly end,
   *  which leaves nothing unacknowledged. */
  settled(): Promise<void>
  /** The connection stands: messages may come. */
  connected(): void
  /** The connector had to drop so many messages, because their source does not wait. */
  lost(count: number): void
}

export interface IntakeConnector {
  readonly name: string
  /** What CREATE TABLE must refuse in view of the connector's other tables. */
  readonly check?: ((table: TableSpec, others: readonly TableSpec[]) => void) | undefined
  /** Connects and puts messages until `signal` aborts: then takes no more (what is put is refused),
   *  acknowledges what is stored (`settled`), lets go of everything and resolves. When the
   *  connection fails it rejects (or resolves) and is run again after a pause. An error
   *  that is the user's fault (INVALID_OPTION, UNSUPPORTED) is final. */
  run(table: TableSpec, feed: IntakeFeed, signal: AbortSignal): Promise<void>
  /** Removes what the source keeps for a table that was dropped, as well as it can now. Called when
   *  `run` is over, however that ended, unless it never connected: then what is there may be
   *  somebody else's. Never rejects. */
  forget?(table: TableSpec): Promise<void>
}

/** How an intake is doing. */
export interface IntakeStatus {
  /** failed: it will not be tried again. */
  readonly state: 'connecting' | 'connected' | 'waiting' | 'failed'
  /** What ended the last connection, or keeps messages from being stored; null: nothing since. */
  readonly error: SqlError | null
  /** Times that it connected, since the server started. */
  readonly connections: number
  /** Messages stored, since the server started. */
  readonly messages: number
  /** Messages that came again and were recognised. */
  readonly duplicates: number
  /** Messages that came when the disk could not take them and could not be held back. */
  readonly lost: number
}

const MESSAGE = 'message'
const MARK = 'mark'

/** The rows of an intake's log: the message, a column for each metadata key that the table asks
 *  for (once, in the order of the table), and the mark: the group's id or position in its last
 *  row. */
export function intakeSchema({ schema, metadata = [] }: TableSpec): Schema {
  const fields = new Map<string, Field>()
  for (const { column, key } of metadata) {
    fields.set(key, { name: key, type: schema.fields[column].type, nullable: true })
  }
  return schemaOf([
    { name: MESSAGE, type: BYTES, nullable: false },
    ...fields.values(),
    { name: MARK, type: VARCHAR, nullable: true },
  ])
}

/** The metadata keys among the fields of an `intakeSchema`, in order. */
export const intakeKeys = ({ fields }: Schema): string[] =>
  fields.slice(1, -1).map(({ name }) => name)

const INSTANT_MS_MAX = 253_402_300_799_999

/** Milliseconds since 1970 as a TIMESTAMP_LTZ; NULL for what is no instant of the years 1970 to
 *  9999, whoever sent it. */
export const instantOf = (ms: unknown): number | null =>
  typeof ms === 'number' && ms >= 0 && ms <= INSTANT_MS_MAX ? Math.floor(ms) * 1000 : null
