/** What the server keeps for a table that we follow: its publication and its replication slot; and
 *  whether it can be followed at all. */

import type { Client } from 'pg'
import { type Clock, pause } from '../../engine/base/clock.ts'
import { fail } from '../../engine/base/errors.ts'
import { recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { publicationOf } from './cdc-spec.ts'
import { refuseIdentity } from './change-messages.ts'
import { parseLsn } from './lsn.ts'
import { literal, quoted } from './names.ts'
import { outsideColumn, outsideTable } from './outside-table.ts'

/** The table's name in statements. */
export const outsideName = ({ options }: TableSpec): string =>
  `${quoted(options['schema-name'])}.${quoted(options['table-name'])}`

interface Identity {
  readonly kind: string
  readonly identity: string
  readonly columns: readonly string[] | null
}

const IDENTITY = `
  SELECT c.relkind AS kind, c.relreplident AS identity,
    (SELECT array_agg(a.attname::text) FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
      WHERE i.indrelid = c.oid AND
        CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END) AS columns
  FROM pg_class c WHERE c.oid = $1`

/** Whether the table there is as ours says, and tells which rows its changes are about.
 *  UNKNOWN_TABLE, UNKNOWN_COLUMN, TYPE_MISMATCH, UNSUPPORTED. */
export async function checkOutside(client: Client, table: TableSpec): Promise<void> {
  const { options, schema, primaryKey } = table
  const where = `${options['schema-name']}.${options['table-name']}`
  const outside = await outsideTable(client, outsideName(table), where)
  for (const column of recordColumns(table)) outsideColumn(outside, schema.fields[column], 'read')
  const { rows } = await client.query<Identity>(IDENTITY, [outside.oid])
  const { kind, identity, columns } = rows[0]
  if (kind !== 'r') {
    fail('UNSUPPORTED', `${where} is no plain table`, {
      hint: 'Views have no changes of their own; of a partitioned table, name a partition.',
    })
  }
  if (identity === 'f') return
  const keys = primaryKey?.map((column) => schema.fields[column].name)
  const isTold = keys?.every((name) => columns?.includes(name)) === true
  if (!isTold) refuseIdentity(where, keys !== undefined)
}

/** Makes the publication and the slot, unless they are there. Resolves to where the slot stands.
 *  INVALID_OPTION if one is there and is not for this table; GONE. */
export async function prepareSlot(client: Client, table: TableSpec): Promise<bigint> {
  const { options } = table
  const slot = options['slot.name']
  // Changes from before a publication cannot be read through it: it comes first.
  await preparePublication(client, table)
  let found = await findSlot(client, slot)
  if (found === undefined) {
    if (options['scan.startup.mode'] === 'committed-offset') refuseSlot(slot, 'is not there')
    await client.query('SELECT pg_create_logical_replication_slot($1, $2)', [slot, 'pgoutput'])
    found = await findSlot(client, slot)
  }
  const { plugin = null, database, status, confirmed } = found ?? {}
  if (plugin !== 'pgoutput') refuseSlot(slot, `is one of ${plugin ?? 'physical replication'}`)
  if (database !== options['database-name']) refuseSlot(slot, `is one of database ${database}`)
  if (status === 'lost') refuseLost(slot, 'the server has removed what it kept for it')
  return parseLsn(confirmed ?? '0/0')
}

interface Slot {
  readonly plugin: string | null
  readonly database: string | null
  readonly status: string | null
  readonly confirmed: string | null
}

/** undefined: there is none. */
export async function findSlot(client: Client, slot: string): Promise<Slot | undefined> {
  const { rows } = await client.query<Slot>(
    `SELECT plugin, database, wal_status AS status, confirmed_flush_lsn AS confirmed
     FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  )
  return rows[0]
}

function refuseSlot(slot: string, what: string): never {
  fail('INVALID_OPTION', `The replication slot ${slot} ${what}`, {
    hint: `Give another 'slot.name': without 'committed-offset' the slot is made.`,
  })
}

/** GONE. */
export function refuseLost(slot: string, why: string): never {
  fail('GONE', `Changes behind the replication slot ${slot} are lost: ${why}`, {
    hint: 'Drop the table and create it again.',
  })
}

async function preparePublication(client: Client, table: TableSpec): Promise<void> {
  const { options } = table
  const name = publicationOf(table)
  const has = async (from: string, more: readonly string[] = []) => {
    const { rows } = await client.query(`SELECT 1 FROM ${from}`, [name, ...more])
    return rows.length > 0
  }
  if (!(await has('pg_publication WHERE pubname = $1'))) {
    await client.query(`CREATE PUBLICATION ${quoted(name)} FOR TABLE ${outsideName(table)}`)
    return
  }
  const its = 'pg_publication_tables WHERE pubname = $1 AND schemaname = $2 AND tablename = $3'
  if (await has(its, [options['schema-name'], options['table-name']])) return
  fail('INVALID_OPTION', `The publication ${name} does not have the table`, {
    hint: `ALTER PUBLICATION ${quoted(name)} ADD TABLE ${outsideName(table)}`,
  })
}

const DROP_TRIES = 20
const DROP_PAUSE_MS = 100

/** Removes what was made for the table; whoever still reads the slot has a moment to let it go. */
export async function dropSlot(client: Client, table: TableSpec, clock: Clock): Promise<void> {
  const { options } = table
  const slot = options['slot.name']
  for (let tries = 1; ; tries++) {
    try {
      await client.query(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ${literal(slot)}`,
      )
      break
    } catch (error) {
      const isInUse = (error as { code?: unknown }).code === '55006'
      if (!isInUse || tries === DROP_TRIES) throw error
      await pause(clock, DROP_PAUSE_MS, new AbortController().signal)
    }
  }
  if (options['publication.name'] !== undefined) return
  await client.query(`DROP PUBLICATION IF EXISTS ${quoted(slot)}`)
}
