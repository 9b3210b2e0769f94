/** How far a job's results have come, as a row in PostgreSQL that moves in the transactions which
 *  write them: whatever is lost in between, the row says what is there. */

import type { Client } from 'pg'
import { SqlError } from '../../engine/base/errors.ts'
import type { SinkJob } from '../../engine/source/sink.ts'
import { postgresError } from './connect.ts'
import { tableName } from './names.ts'

export class JobPosition {
  readonly #client: Client
  readonly #table: string
  readonly #job: string
  /** The last result that is written; -1: none. */
  seq: number

  private constructor(client: Client, table: string, job: string, seq: number) {
    this.#client = client
    this.#table = table
    this.#job = job
    this.seq = seq
  }

  /** Finds the job's row, and makes it, and the table, if they are not there. */
  static async open(
    client: Client,
    name: string,
    { token, queryId }: Pick<SinkJob, 'token' | 'queryId'>,
  ): Promise<JobPosition> {
    const table = tableName(name)
    await makeTable(client, table, name)
    await client.query(
      `INSERT INTO ${table} (job, query, seq) VALUES ($1, $2, -1) ON CONFLICT (job) DO NOTHING`,
      [token, queryId],
    )
    // A process that died may have left a transaction that is about to end: wait for it.
    const { rows } = await client.query<{ seq: string }>(
      `SELECT seq FROM ${table} WHERE job = $1 FOR UPDATE`,
      [token],
    )
    return new JobPosition(client, table, token, Number(rows[0].seq))
  }

  /** Moves to `seq`, in the transaction that is open. CONNECTOR_FAILED if it is no longer where we
   *  know it to be: then somebody else writes for this job, or did until just now. */
  async move(seq: number): Promise<void> {
    const { rowCount } = await this.#client.query(
      `UPDATE ${this.#table} SET seq = $2 WHERE job = $1 AND seq = $3`,
      [this.#job, seq, this.seq],
    )
    if (rowCount === 1) return
    throw new SqlError('CONNECTOR_FAILED', `Another process wrote results of job ${this.#job}`)
  }
}

/** Two that make it at once: the one that is refused finds it there. */
async function makeTable(client: Client, table: string, name: string): Promise<void> {
  if (await isThere(client, table)) return
  try {
    await client.query(
      `CREATE TABLE ${table} (job text PRIMARY KEY, query text NOT NULL, seq bigint NOT NULL)`,
    )
  } catch (error) {
    if (await isThere(client, table)) return
    const { code, message } = postgresError(`The table ${name} of positions`, error)
    throw new SqlError(code, message, {
      hint: `Somebody with the right may make it (job text PRIMARY KEY, query text, seq bigint), or do without: 'sink.delivery-guarantee' = 'at-least-once'.`,
      cause: error,
    })
  }
}

async function isThere(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ is: boolean }>('SELECT to_regclass($1) IS NOT NULL AS is', [
    table,
  ])
  return rows[0].is
}
