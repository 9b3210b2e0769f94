/** The rows that are in a table before its first change: read as of one moment of the server, which
 *  a replication slot can begin at exactly. */

import type { Client } from 'pg'
import type { IntakeFeed } from '../../engine/source/intake.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { positionText, SNAPSHOT } from './cdc-position.ts'
import { ChangeMessages } from './change-messages.ts'
import { connectPostgres, type PostgresServer } from './connect.ts'
import { parseLsn } from './lsn.ts'
import { allStored, MessageGroups } from './message-groups.ts'
import { literal, quoted } from './names.ts'
import { outsideName } from './slot.ts'
import { tupleOf } from './tuple.ts'

export interface SnapshotParts {
  readonly server: PostgresServer
  readonly table: TableSpec
  readonly feed: IntakeFeed
  readonly signal: AbortSignal
  /** What METADATA columns say of these rows. */
  readonly metadata: Readonly<Record<string, string | null>>
}

const ROWS_AT_ONCE = 2000

/** Puts all rows, after taking back those of a reading that was not finished, and tells where the
 *  changes begin. Reads what is stored: when it dies anywhere it is simply called again. */
export async function takeSnapshot(client: Client, parts: SnapshotParts): Promise<bigint> {
  const { server, table, feed } = parts
  const names = recordColumns(table).map((column) => table.schema.fields[column].name)
  const messages = ChangeMessages.of(table, names)
  const groups = new MessageGroups(feed)
  await allStored(feed)
  for (const message of messages.takeBack(feed.stored())) {
    groups.add(message, parts.metadata)
    if (groups.isFull) await put(parts, groups, SNAPSHOT)
  }
  await put(parts, groups, SNAPSHOT)
  const exporter = await connectPostgres({
    ...server,
    config: { ...server.config, replication: 'database' } as PostgresServer['config'],
  })
  let start: bigint
  try {
    const { rows } = await exporter.query<{ consistent_point: string; snapshot_name: string }>(
      `CREATE_REPLICATION_SLOT ${quoted(`millrace_${feed.token}`)} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT`,
    )
    const [{ consistent_point, snapshot_name }] = rows
    start = parseLsn(consistent_point)
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await client.query(`SET TRANSACTION SNAPSHOT ${literal(snapshot_name)}`)
  } finally {
    // The slot goes with its connection; the transaction has the snapshot.
    await exporter.end().catch(() => {})
  }
  await client.query(
    `DECLARE millrace CURSOR FOR SELECT ${names.map(quoted).join(', ')} FROM ${outsideName(table)}`,
  )
  await readRows(client, parts, { messages, groups })
  await client.query('COMMIT')
  await put(parts, groups, positionText(start))
  return start
}

interface Reading {
  readonly messages: ChangeMessages
  readonly groups: MessageGroups
}

/** Leaves the last rows in the groups: the position behind them is another. */
async function readRows(
  client: Client,
  parts: SnapshotParts,
  { messages, groups }: Reading,
): Promise<void> {
  for (let isFirst = true; !parts.signal.aborted; isFirst = false) {
    const { rows } = await client.query<(string | null)[]>({
      text: `FETCH ${ROWS_AT_ONCE} FROM millrace`,
      rowMode: 'array',
      types: { getTypeParser: () => (text: string) => text },
    })
    if (rows.length === 0) return
    if (!isFirst) await put(parts, groups, SNAPSHOT)
    for (const row of rows) groups.add(messages.row(tupleOf(row)), parts.metadata)
  }
  parts.signal.throwIfAborted()
}

async function put({ feed, signal }: SnapshotParts, groups: MessageGroups, position: string) {
  if (feed.isFull) await feed.room()
  signal.throwIfAborted()
  groups.put(position)
}
