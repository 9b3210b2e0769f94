/** PostgreSQL's logical replication: inserted rows by pgoutput, from a slot that is made before. */

import type { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import { LogicalReplicationService } from 'pg-logical-replication'
import { PostgresBroker, postgresMissing } from '../../test/brokers/postgres.ts'
import type { ConsumeAdapter } from './adapter.ts'
import type { Texts } from './texts.ts'

const ROWS_AT_ONCE = 5000
const INSERT = 'I'.charCodeAt(0)
const COLUMNS = `auction bigint, bidder bigint, price bigint, channel text, url text,
  "dateTime" timestamp, extra text`

export const postgresConsume: ConsumeAdapter = {
  name: 'postgres-cdc',
  missing: postgresMissing,
  messagesMax: 300_000,
  async start() {
    const broker = await PostgresBroker.start(['wal_level = logical', 'max_wal_size = 4GB'])
    await broker.run(
      `CREATE TABLE bids (${COLUMNS})`,
      'ALTER TABLE bids REPLICA IDENTITY FULL',
      'CREATE PUBLICATION bench FOR TABLE bids',
    )
    const { hostname, port, username, pathname } = new URL(broker.url)
    const fill = async (messages: Texts) => {
      await broker.run(
        'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots',
        'TRUNCATE bids',
        `SELECT pg_create_logical_replication_slot('bench', 'pgoutput')`,
      )
      for (let at = 0; at < messages.length; at += ROWS_AT_ONCE) {
        const rows = messages
          .slice(at, at + ROWS_AT_ONCE)
          .join(',')
          .replaceAll("'", "''")
        await broker.run(
          `INSERT INTO bids SELECT * FROM json_to_recordset('[${rows}]') AS r (${COLUMNS})`,
        )
      }
    }
    return {
      options: {
        ...{ connector: 'postgres-cdc', format: 'changelog-json', hostname, port, username },
        ...{ 'database-name': pathname.slice(1), 'table-name': 'bids', 'slot.name': 'bench' },
        ...{ 'publication.name': 'bench', 'scan.startup.mode': 'committed-offset' },
      },
      send: fill,
      refill: fill,
      bare: (count, seen) => readBare(broker.url, count, seen),
      close: () => broker.close(),
    }
  },
}

async function readBare(
  url: string,
  count: number,
  seen: (messages: number) => void,
): Promise<void> {
  const service = new LogicalReplicationService(
    { connectionString: url },
    { acknowledge: { auto: false, timeoutSeconds: 0 } },
  )
  let total = 0
  await new Promise<void>((resolve, reject) => {
    const plugin = {
      ...{ name: 'pgoutput', options: {} },
      parse(message: Buffer) {
        if (message[0] !== INSERT) return
        seen(1)
        if (++total === count) resolve()
      },
      start: (client: Client, slot: string, lsn: string) =>
        client.query(
          `START_REPLICATION SLOT "${slot}" LOGICAL ${lsn} (proto_version '1', publication_names 'bench')`,
        ),
    }
    service.on('error', reject)
    service.subscribe(plugin, 'bench').catch(reject)
  })
  await service.destroy()
}
