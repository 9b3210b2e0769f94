/** PostgreSQL as a sink: every write is one transaction, which also moves the job's position
 *  (exactly once) unless the table does without. What a connection was in the middle of when it was
 *  lost is found out by the next one. */

import type { Client } from 'pg'
import type { SinkConnector, SinkFrame, SinkJob, SinkWriter } from '../../engine/source/sink.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { SinkContext } from '../context.ts'
import { writesByKey } from '../writes-by-key.ts'
import { connectPostgres, type PostgresServer, postgresError } from './connect.ts'
import { jdbc, jdbcServer } from './jdbc-spec.ts'
import { JobPosition } from './job-position.ts'
import { TableRows } from './table-rows.ts'

export const postgresSink = ({ disk }: SinkContext): SinkConnector => ({
  name: jdbc.name,
  delivery: 'exactly-once',
  takesChangelog: writesByKey,
  async open(table, job) {
    const writer = new PostgresWriter(jdbcServer(disk, table), table, job)
    await writer.connect()
    return writer
  },
})

interface Session {
  readonly client: Client
  readonly rows: TableRows
  /** undefined: the server keeps it. */
  readonly position: JobPosition | undefined
}

class PostgresWriter implements SinkWriter {
  readonly #server: PostgresServer
  readonly #table: TableSpec
  readonly #job: SinkJob
  #session: Session | undefined
  appliedSeq: number | undefined

  constructor(server: PostgresServer, table: TableSpec, job: SinkJob) {
    this.#server = server
    this.#table = table
    this.#job = job
  }

  async connect(): Promise<Session> {
    const client = await connectPostgres(this.#server, () => this.#disconnect())
    try {
      const { options } = this.#table
      const rows = await TableRows.open(client, this.#table)
      const keepsPosition = options['sink.delivery-guarantee'] === 'exactly-once'
      const position = keepsPosition
        ? await JobPosition.open(client, options['sink.position-table'], this.#job)
        : undefined
      this.appliedSeq = position?.seq
      this.#session = { client, rows, position }
      return this.#session
    } catch (error) {
      client.end().catch(() => {})
      throw postgresError(this.#server.what, error)
    }
  }

  async write(frames: readonly SinkFrame[]): Promise<void> {
    const session = this.#session ?? (await this.connect())
    const { client, rows, position } = session
    const missing = frames.filter(({ seq }) => position === undefined || seq > position.seq)
    const last = missing.at(-1)
    if (last === undefined) return
    try {
      await client.query('BEGIN')
      await position?.move(last.seq)
      await rows.write(missing)
      await client.query('COMMIT')
    } catch (error) {
      this.#disconnect()
      throw postgresError(this.#server.what, error)
    }
    if (position === undefined) return
    position.seq = last.seq
    this.appliedSeq = last.seq
  }

  #disconnect(): void {
    this.#session?.client.end().catch(() => {})
    this.#session = undefined
  }

  async close(): Promise<void> {
    const { client } = this.#session ?? {}
    this.#session = undefined
    await client?.end().catch(() => {})
  }
}
