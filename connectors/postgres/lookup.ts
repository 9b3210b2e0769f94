/** Lookups in PostgreSQL: the keys of a request in one statement, so that an index on them is used.
 *  Keys go in and rows come out as JSON texts, in which every type keeps its digits. */

import type { Client, ClientConfig } from 'pg'
import { fail, SqlError } from '../../engine/base/errors.ts'
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
import { postgresUrl } from './jdbc-spec.ts'

export const postgresLookup: LookupConnector = {
  name: 'jdbc',
  open: (request) => new PostgresLookup(request),
}

class PostgresLookup implements LookupClient {
  readonly #request: LookupRequest
  readonly #sql: string
  #client: Promise<Client> | undefined

  constructor(request: LookupRequest) {
    this.#request = request
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

  /** What the server refuses is refused again; a lost connection is made anew by the next try. */
  #outside(error: unknown): unknown {
    const state = (error as { code?: unknown }).code
    if (error instanceof SqlError) return error
    const message = error instanceof Error ? error.message : String(error)
    // Classes 22 (data), 28 (login), 42 (names and rights): no retry helps.
    if (typeof state === 'string' && /^(22|28|42)/.test(state)) {
      return new SqlError('INVALID_ARGUMENT', message, { cause: error })
    }
    this.#drop()
    return new SqlError('CONNECTOR_FAILED', message, { cause: error })
  }

  #connected(): Promise<Client> {
    this.#client ??= this.#connect().catch((error) => {
      this.#client = undefined
      throw this.#outside(error)
    })
    return this.#client
  }

  async #connect(): Promise<Client> {
    const { default: pg } = await import('pg')
    const { username, password } = this.#request.table.options
    const config: ClientConfig = {
      connectionString: postgresUrl(this.#request.table),
      ...(username === undefined ? {} : { user: username }),
      ...(password === undefined ? {} : { password }),
      application_name: 'millrace',
    }
    const client = new pg.Client(config)
    // A connection that is lost while nobody asks.
    client.on('error', () => this.#drop())
    await client.connect()
    return client
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

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

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
  const from = table.options['table-name'].split('.').map(quoted).join('.')
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
