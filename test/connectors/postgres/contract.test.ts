/** The connectors of PostgreSQL keep the contracts, against a real server. */

import { PostgresBroker, postgresMissing } from '../../brokers/postgres.ts'
import { type BadOptions, isLong, type TableOptions } from '../../contract/broker.ts'
import { intake } from '../../contract/intake.ts'
import { sink } from '../../contract/sink.ts'

const life = (broker: PostgresBroker) => ({
  kill: () => broker.kill(),
  restart: () => broker.restart(),
  close: () => broker.close(),
})

const BAD_SINK: readonly BadOptions[] = [
  { change: { url: undefined }, code: 'INVALID_OPTION' },
  { change: { url: 'jdbc:mysql://localhost/db' }, code: 'INVALID_OPTION' },
  { change: { url: 'postgresql://localhost' }, code: 'INVALID_OPTION' },
  { change: { url: 'postgresql://u:secret@localhost/db' }, code: 'INVALID_OPTION' },
  { change: { url: 'postgresql://localhost/db?sslmode=require' }, code: 'INVALID_OPTION' },
  { change: { 'table-name': undefined }, code: 'INVALID_OPTION' },
  { change: { table: 'x' }, code: 'UNKNOWN_OPTION' },
  { change: { 'sink.delivery-guarantee': 'maybe' }, code: 'INVALID_OPTION' },
]

interface Kind {
  readonly name: string
  readonly delivery: 'exactly-once' | 'at-least-once'
  readonly key: boolean
}

function postgresSink({ name, delivery, key }: Kind) {
  sink({
    ...{ name, delivery, missing: postgresMissing, badOptions: BAD_SINK },
    ordered: !key,
    columns: `id BIGINT NOT NULL, pad STRING${key ? ', PRIMARY KEY (id) NOT ENFORCED' : ''}`,
    async start() {
      const broker = await PostgresBroker.start()
      return {
        ...life(broker),
        async target(table) {
          const serial = key ? 'PRIMARY KEY' : ', n serial'
          await broker.run(`CREATE TABLE ${table} (pad text, id bigint ${serial})`)
          return {
            options: {
              ...{ connector: 'jdbc', url: `jdbc:${broker.url}`, 'table-name': table },
              format: undefined,
            },
            async read() {
              const order = key ? 'id' : 'n'
              const rows = await broker.query(
                `SELECT json_build_object('id', id, 'pad', pad)::text FROM ${table} ORDER BY ${order}`,
              )
              return rows.map(([text]) => text as string)
            },
          }
        },
      }
    },
  })
}

postgresSink({ name: 'jdbc, rows added', delivery: 'exactly-once', key: false })
// By key a repetition would not show: what it does is in sink.test.ts.
if (isLong) postgresSink({ name: 'jdbc, rows by key', delivery: 'exactly-once', key: true })

const BAD_SOURCE: readonly BadOptions[] = [
  { change: { hostname: undefined }, code: 'INVALID_OPTION' },
  { change: { username: undefined }, code: 'INVALID_OPTION' },
  { change: { 'slot.name': undefined }, code: 'INVALID_OPTION' },
  { change: { 'slot.name': 'No-Slot' }, code: 'INVALID_OPTION' },
  { change: { port: '0' }, code: 'INVALID_OPTION' },
  { change: { 'decoding.plugin.name': 'wal2json' }, code: 'INVALID_OPTION' },
  { change: { 'scan.startup.mode': 'earliest-offset' }, code: 'INVALID_OPTION' },
  { change: { 'slot.nam': 'x' }, code: 'UNKNOWN_OPTION' },
]

/** `id` is a text there, so that a row can come which does not fit. */
intake({
  name: 'postgres-cdc',
  missing: postgresMissing,
  badOptions: BAD_SOURCE,
  dedupes: true,
  async start() {
    const broker = await PostgresBroker.start(['wal_level = logical'])
    return {
      ...life(broker),
      async topic(name) {
        await broker.run(
          `CREATE TABLE ${name} (pad text, id text)`,
          `ALTER TABLE ${name} REPLICA IDENTITY FULL`,
        )
        return {
          options: cdcOptions(broker, name),
          async send(messages) {
            const rows = messages.map((text) => (text.endsWith('}') ? text : '{"id": "no number"}'))
            await broker.run(
              `INSERT INTO ${name} (id, pad) SELECT r.id, r.pad
               FROM json_to_recordset('[${rows.join(',')}]') AS r (id text, pad text)`,
            )
          },
        }
      },
    }
  },
})

function cdcOptions(broker: PostgresBroker, table: string): TableOptions {
  const { hostname, port, username, pathname } = new URL(broker.url)
  return {
    ...{ connector: 'postgres-cdc', format: undefined, hostname, port, username },
    ...{ 'database-name': pathname.slice(1), 'table-name': table, 'slot.name': table },
  }
}
