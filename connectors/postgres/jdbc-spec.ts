/** The jdbc connector as data: PostgreSQL, under the name and the options that Flink has for it. */

import type { Disk } from '../../engine/base/disk.ts'
import { fail } from '../../engine/base/errors.ts'
import type { ConnectorSpec } from '../../engine/source/connector-spec.ts'
import { LOOKUP_OPTIONS } from '../../engine/source/lookup.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { TLS_OPTIONS, tlsSettings } from '../tls-options.ts'
import type { PostgresServer } from './connect.ts'

/** Where the table is. INVALID_OPTION for another database, and for a file that cannot be read. */
export function jdbcServer(
  disk: Disk,
  { options, name }: Pick<TableSpec, 'options' | 'name'>,
): PostgresServer {
  const url = jdbcUrl({ options, name })
  const { username: user = decodeURIComponent(url.username), password } = options
  const ssl = tlsSettings(disk, options)
  return {
    what: `PostgreSQL at ${url.host}`,
    config: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 5432),
      database: decodeURIComponent(url.pathname.slice(1)),
      ...(user !== '' && { user }),
      ...(password !== undefined && { password }),
      ssl: ssl ?? false,
    },
  }
}

function jdbcUrl({ options, name }: Pick<TableSpec, 'options' | 'name'>): URL {
  const text = options.url.replace(/^jdbc:/, '')
  const hint = 'jdbc:postgresql://host:5432/database'
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    fail('INVALID_OPTION', `${name}: 'url' must be that of a PostgreSQL database`, { hint })
  }
  const url = new URL(text)
  if (url.pathname.length < 2 || url.hostname === '') {
    fail('INVALID_OPTION', `${name}: 'url' must name a host and a database`, { hint })
  }
  if (url.password !== '') {
    fail('INVALID_OPTION', `${name}: 'url' has a password in it`, {
      hint: `Options are shown, except 'password'.`,
    })
  }
  if (url.search !== '' || url.hash !== '') {
    fail('INVALID_OPTION', `${name}: 'url' has parameters, which are not read`, {
      hint: `Encryption is 'tls.enabled', a schema stands in 'table-name'.`,
    })
  }
  return url
}

export const jdbc: ConnectorSpec = {
  name: 'jdbc',
  doc: 'A table of PostgreSQL. Written: with a PRIMARY KEY its rows are inserted, replaced and removed as results change, else rows are added. Looked up by joins: as it is at that moment.',
  options: {
    url: {
      kind: 'string',
      required: true,
      doc: 'The database: `jdbc:postgresql://host:5432/database`.',
    },
    'table-name': {
      kind: 'string',
      required: true,
      doc: 'The table, or a view to look up: `name` or `schema.name`, in upper and lower case as it is. To be written it needs a unique index on the columns of the PRIMARY KEY.',
    },
    username: { kind: 'string', doc: 'User name.' },
    password: { kind: 'string', secret: true, doc: 'Password of `username`.' },
    ...TLS_OPTIONS,
    'sink.delivery-guarantee': {
      kind: 'enum',
      values: ['exactly-once', 'at-least-once'],
      default: 'exactly-once',
      doc: 'exactly-once: how far the results have come is written in the same transaction, into `sink.position-table`. at-least-once: results may be written again after a failure, which changes nothing in a table with a PRIMARY KEY; nothing but the table itself is written.',
    },
    'sink.position-table': {
      kind: 'string',
      default: 'millrace_positions',
      doc: 'For exactly-once: the table that has a row for each job, `(job text PRIMARY KEY, query text, seq bigint)`. It is made if it is not there.',
    },
    'sink.flush-interval': {
      kind: 'duration',
      default: '0 ms',
      doc: 'Results of so long are written together; what comes while a write is under way is so anyway.',
    },
    'sink.buffer-flush.interval': {
      kind: 'duration',
      aliasOf: 'sink.flush-interval',
      doc: 'As `sink.flush-interval`.',
    },
    ...LOOKUP_OPTIONS,
  },
  sink: {
    option: 'sink.delivery-guarantee',
    of: {
      'exactly-once': { delivery: 'exactly-once' },
      'at-least-once': { delivery: 'at-least-once' },
    },
  },
  lookup: { keys: 'any' },
  check: (table) => void jdbcUrl(table),
}
