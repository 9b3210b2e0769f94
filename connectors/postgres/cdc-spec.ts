/** The postgres-cdc connector as data. The names are those of Flink CDC. */

import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import { TIMESTAMP_LTZ, VARCHAR } from '../../engine/batch/types.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { FORMAT_OPTIONS } from '../../engine/source/format-options.ts'
import { LOG_KEEPING_OPTIONS } from '../../engine/source/log-options.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { TLS_OPTIONS, tlsSettings } from '../tls-options.ts'
import type { PostgresServer } from './connect.ts'
import { TEXT_SETTINGS } from './value-json.ts'

/** Where the table is. INVALID_OPTION for a file that cannot be read. */
export function cdcServer(disk: Disk, { options }: TableSpec): PostgresServer {
  const { hostname: host, port, username: user, password, 'database-name': database } = options
  return {
    what: `PostgreSQL at ${host}:${port}`,
    config: {
      ...{ host, port: Number(port), user, database },
      ...(password !== undefined && { password }),
      ssl: tlsSettings(disk, options) ?? false,
      options: TEXT_SETTINGS.map((setting) => `-c ${setting}`).join(' '),
    },
  }
}

export const publicationOf = ({ options }: TableSpec): string =>
  options['publication.name'] ?? options['slot.name']

export const postgresCdc: ConnectorSpec = {
  name: 'postgres-cdc',
  doc: 'The rows of a table of PostgreSQL and all their changes, by logical replication: first what is there, then every transaction. The server needs `wal_level = logical`, the user the right to replicate. With a PRIMARY KEY rows replace each other by it; without one the table there needs `REPLICA IDENTITY FULL`.',
  options: {
    hostname: { kind: 'string', required: true, doc: 'The host of the server.' },
    port: { kind: 'integer', min: 1, max: 65_535, default: '5432', doc: 'Its port.' },
    username: { kind: 'string', required: true, doc: 'A user with the REPLICATION attribute.' },
    password: { kind: 'string', secret: true, doc: 'Password of `username`.' },
    ...TLS_OPTIONS,
    'database-name': { kind: 'string', required: true, doc: 'The database.' },
    'schema-name': { kind: 'string', default: 'public', doc: 'The schema of the table.' },
    'table-name': {
      kind: 'string',
      required: true,
      doc: 'The table, in upper and lower case as it is.',
    },
    'slot.name': {
      kind: 'string',
      required: true,
      doc: 'The replication slot, for this table alone. It is made if it is not there, and dropped with the table; while it is there, the server keeps what was not read.',
    },
    'publication.name': {
      kind: 'string',
      doc: 'The publication that has the table. It is made if it is not there. Absent: called as the slot is, and dropped with it.',
    },
    'decoding.plugin.name': {
      kind: 'enum',
      values: ['pgoutput'],
      default: 'pgoutput',
      doc: 'The form in which the server sends changes.',
    },
    'scan.startup.mode': {
      kind: 'enum',
      values: ['initial', 'latest-offset', 'committed-offset'],
      default: 'initial',
      doc: 'initial: the rows that are there, and every change since. latest-offset: the changes since the slot was made. committed-offset: those since a slot stopped that must be there already.',
    },
    format: {
      kind: 'enum',
      values: ['changelog-json'],
      default: 'changelog-json',
      doc: 'How changes are kept in the embedded log.',
    },
    'bad-records': FORMAT_OPTIONS['bad-records'],
    ...LOG_KEEPING_OPTIONS,
  },
  metadata: {
    op_ts: TIMESTAMP_LTZ,
    database_name: VARCHAR,
    schema_name: VARCHAR,
    table_name: VARCHAR,
  },
  source: { replay: 'log', delivery: 'exactly-once' },
  keyed: true,
  check: checkCdc,
}

function checkCdc({ options }: TableSpec): void {
  const slot = options['slot.name']
  if (!/^[a-z0-9_]{1,63}$/.test(slot)) {
    fail('INVALID_OPTION', `'${slot}' is no name of a slot`, {
      hint: 'Lower-case letters, digits and underscores, at most 63.',
    })
  }
}
