/** Lookups in PostgreSQL: the keys of a request in one statement, so that an index on them is used.
 *  Keys go in and rows come out as JSON texts, in which every type keeps its digits. */

import type { Client } from 'pg'
import type { Disk } from '../../engine/base/disk.ts'
import { fail, type SqlError } from '../../engine/base/errors.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { jsonRowTexts } from '../../engine/batch/json-rows.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { type DataType, typeName } from '../../engine/batch/types.ts'
import type {
  LookupAnswer,
  LookupClient,
  LookupConnector,
  LookupRequest,
} from '../../engine/source/lookup.ts'
import { jsonAnswer, keyNames, wantedSchema } from '../lookup-rows.ts'
import { connectPostgres, type PostgresServer, postgresError } from './connect.ts'
import { jdbc, jdbcServer } from './jdbc-spec.ts'
import { literal, quoted, tableName } from './names.ts'

export const postgresLookup = (disk: Disk): LookupConnector => ({
  name: jdbc.name,
  open: (request) => new PostgresLookup(request, jdbcServer(disk, request.table)),
})

class PostgresLookup implements LookupClient {
  readonly #request: LookupRequest
  readonly #server: PostgresServer
  readonly #sql: string
  #client: Promise<Client> | undefined

  constructor(request: LookupRequest, server: PostgresServer) {
    this.#request = request
    this.#server = server
    this.#sql = statementOf(request)
  }

  async lookup(keys: Batch, signal: AbortSignal): Promise<LookupAnswer> {
    const client = await this.#connected()
    signal.throwIfAborted()
    const asked = jsonRowTexts(keys.withColumns(schemaOf(keyFields(this.#request)), keys.columns))
    const numbered = asked.map((text, i) => `{"i":${i},${text.slice(1)}`)
    const values = [`[${numbered.join(',')}]`]
    try {
      const { rows } = await client.query<[number, string]>({
        name: 'millrace-lookup',
        text: this.#sql,
        values,
        rowMode: 'array',
      })
      return jsonAnswer(
        wantedSchema(this.#request),
        rows.map(([of, json]) => ({ of, json: Buffer.from(json) })),
      )
    } catch (error) {
      throw this.#outside(error)
    }
  }

  /** A lost connection is made anew by the next try. */
  #outside(error: unknown): SqlError {
    const found = postgresError(this.#server.what, error)
    if (found.retry !== 'never') this.#drop()
    return found
  }

  #connected(): Promise<Client> {
    this.#client ??= connectPostgres(this.#server, () => this.#drop()).catch((error) => {
      this.#client = undefined
      throw error
    })
    return this.#client
  }

  #drop(): void {
    const client = this.#client
    this.#client = undefined
    client?.then((lost) => lost.end()).catch(() => {})
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    await client?.end().catch(() => {})
  }
}

/** The key columns under names that no other column has. */
const keyFields = ({ table, keys }: LookupRequest) =>
  keys.map((column, i) => ({ ...table.schema.fields[column], name: `k${i}` }))

/** One statement for any number of keys, which are its only parameter. UNSUPPORTED for a key type
 *  that has no JSON form in PostgreSQL. */
function statementOf(request: LookupRequest): string {
  const { table } = request
  const names = keyNames(request)
  const asked = keyFields(request).map(({ name, type }) => `${name} ${keyType(type)}`)
  const on = names.map((name, i) => `t.${quoted(name)} = asked.k${i}`)
  const columns = wantedSchema(request).fields.flatMap(({ name, type }) => {
    const column = `t.${quoted(name)}`
    return [literal(name), type.kind === 'bytes' ? `encode(${column}, 'base64')` : column]
  })
  const from = tableName(table.options['table-name'])
  return `SELECT asked.i, json_build_object(${columns.join(', ')})::text
    FROM json_to_recordset($1::json) AS asked(i int, ${asked.join(', ')})
    JOIN ${from} AS t ON ${on.join(' AND ')}`
}

function keyType(type: DataType): string {
  switch (type.kind) {
    case 'boolean':
      return 'boolean'
    case 'tinyint':
    case 'smallint':
      return 'smallint'
    case 'int':
      return 'integer'
    case 'bigint':
      return 'bigint'
    case 'float':
      return 'real'
    case 'double':
      return 'double precision'
    case 'decimal':
      return 'numeric'
    case 'varchar':
      return 'text'
    case 'date':
      return 'date'
    case 'time':
      return 'time'
    case 'timestamp':
      return 'timestamp'
    case 'timestamp_ltz':
      return 'timestamptz'
    default:
      return fail('UNSUPPORTED', `A lookup in PostgreSQL by a ${typeName(type)}`)
  }
}
