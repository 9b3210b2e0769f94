/** Tables of PostgreSQL as an intake: the rows that are there and then every change, through
 *  the table's embedded log, since a slot forgets what was confirmed
 *  (docs/design/0017-postgresql.md). */

import type { Client } from 'pg'
import type { Clock } from '../../engine/base/clock.ts'
import { fail } from '../../engine/base/errors.ts'
import type { IntakeConnector, IntakeFeed } from '../../engine/source/intake.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { IntakeContext } from '../context.ts'
import { parsePosition, SNAPSHOT } from './cdc-position.ts'
import { cdcServer, postgresCdc } from './cdc-spec.ts'
import { connectPostgres, type PostgresServer, postgresError } from './connect.ts'
import { followSlot } from './replication.ts'
import { checkOutside, dropSlot, findSlot, prepareSlot, refuseLost } from './slot.ts'
import { takeSnapshot } from './snapshot.ts'

export const postgresIntake = ({ disk, clock }: IntakeContext): IntakeConnector => ({
  name: postgresCdc.name,
  check({ options }, others) {
    const same = ['hostname', 'port', 'slot.name']
    const other = others.find((table) => same.every((key) => table.options[key] === options[key]))
    if (other === undefined) return
    fail('INVALID_OPTION', `The slot ${options['slot.name']} is that of table ${other.name}`, {
      hint: `Give this table a 'slot.name' of its own.`,
    })
  },
  async run(table, feed, signal) {
    await follow(cdcServer(disk, table), table, { feed, signal, clock })
  },
  async forget(table) {
    try {
      await withClient(cdcServer(disk, table), (client) => dropSlot(client, table, clock))
    } catch {
      // A server that is away keeps its slot.
    }
  },
})

interface Life {
  readonly feed: IntakeFeed
  readonly signal: AbortSignal
  readonly clock: Clock
}

async function follow(server: PostgresServer, table: TableSpec, life: Life): Promise<void> {
  const { 'database-name': database, 'schema-name': schema, 'table-name': name } = table.options
  const metadata = { database_name: database, schema_name: schema, table_name: name }
  const parts = { server, table, metadata, ...life }
  const { feed, signal } = life
  const { from, confirmed } = await withClient(server, async (client) => {
    const found = feed.position === undefined ? undefined : parsePosition(feed.position)
    const slot = table.options['slot.name']
    await checkOutside(client, table)
    if (typeof found === 'object' && (await findSlot(client, slot)) === undefined) {
      refuseLost(slot, 'it is not there any more')
    }
    const confirmed = await prepareSlot(client, table)
    feed.connected()
    const isInitial = table.options['scan.startup.mode'] === 'initial'
    if (typeof found === 'object') return { from: found, confirmed }
    const isWanted = found === SNAPSHOT || isInitial
    const lsn = isWanted ? await takeSnapshot(client, parts) : confirmed
    return { from: { lsn, messages: 0 }, confirmed }
  })
  if (!signal.aborted) await followSlot({ ...parts, from, confirmed })
}

async function withClient<T>(
  server: PostgresServer,
  action: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connectPostgres(server)
  try {
    return await action(client)
  } catch (error) {
    throw postgresError(server.what, error)
  } finally {
    await client.end().catch(() => {})
  }
}
