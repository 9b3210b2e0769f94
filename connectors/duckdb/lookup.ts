/** Lookups in DuckDB databases and in files that DuckDB reads. The file is opened for each request,
 *  so that others may write it in between. */

import { SerialQueue } from '../../engine/base/serial-queue.ts'
import { type Batch, emptyBatch } from '../../engine/batch/batch.ts'
import { concat } from '../../engine/batch/concat.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { INT } from '../../engine/batch/types.ts'
import type {
  LookupAnswer,
  LookupClient,
  LookupConnector,
  LookupRequest,
} from '../../engine/source/lookup.ts'
import type { Connection, DuckdbDatabase } from '../../engine/view/duckdb.ts'
import { type DuckdbLibrary, duckdbLibrary } from '../duckdb-library.ts'
import { outsideError } from '../duckdb-rows.ts'
import { keyNames, wantedSchema } from '../lookup-rows.ts'
import { outsideTable } from './outside-table.ts'

const MEMORY_BYTES = 512 << 20
const ROWS_AT_ONCE = 8192

export const duckdbLookup: LookupConnector = {
  name: 'duckdb',
  open: (request) => new DuckdbLookup(request),
}

class DuckdbLookup implements LookupClient {
  readonly #request: LookupRequest
  readonly #queue = new SerialQueue()
  #opened: { library: DuckdbLibrary; database: DuckdbDatabase; connection: Connection } | undefined

  constructor(request: LookupRequest) {
    this.#request = request
  }

  lookup(keys: Batch, signal: AbortSignal): Promise<LookupAnswer> {
    return this.#queue.run(async () => {
      signal.throwIfAborted()
      try {
        return await this.#find(keys)
      } catch (error) {
        throw outsideError(error)
      }
    })
  }

  async #open() {
    if (this.#opened !== undefined) return this.#opened
    const loaded = await duckdbLibrary()
    const database = await loaded.DuckdbDatabase.open({
      path: ':memory:',
      memoryBytesMax: MEMORY_BYTES,
      threads: 1,
      externalAccess: true,
    })
    const connection = await database.connect()
    const { duckdbType, quoted } = loaded
    const columns = this.#keyFields().map(({ name, type }) => `${quoted(name)} ${duckdbType(type)}`)
    await connection.run(`CREATE TEMP TABLE asked (i INTEGER, ${columns.join(', ')})`)
    this.#opened = { library: loaded, database, connection }
    return this.#opened
  }

  /** The key columns under names that no other column has. */
  #keyFields() {
    const { table, keys } = this.#request
    return keys.map((column, i) => ({ ...table.schema.fields[column], name: `k${i}` }))
  }

  async #find(keys: Batch): Promise<LookupAnswer> {
    const { library: loaded, connection } = await this.#open()
    const numbers = Int32Array.from({ length: keys.rowCount }, (_, row) => row)
    await connection.run('DELETE FROM asked')
    const asked = keys.withColumns(schemaOf(this.#keyFields()), keys.columns)
    await connection.append('asked', true, (appender) =>
      loaded.appendBatch(appender, asked, { prefix: [numbers] }),
    )
    const { from, before, after } = outsideTable(this.#request.table, loaded)
    if (before !== undefined) await connection.run(before)
    try {
      return await this.#read(loaded, connection, from)
    } finally {
      if (after !== undefined) await connection.run(after)
    }
  }

  async #read(loaded: DuckdbLibrary, connection: Connection, from: string): Promise<LookupAnswer> {
    const { quoted, duckdbType, fromOutside, selectExpression, readBatches } = loaded
    const wanted = wantedSchema(this.#request)
    const found = schemaOf([{ name: 'i', type: INT, nullable: false }, ...wanted.fields])
    const list = wanted.fields.map(({ name, type }) =>
      selectExpression(fromOutside(`s.${quoted(name)}`, type), type),
    )
    const names = keyNames(this.#request)
    const on = this.#keyFields().map(
      ({ name, type }, i) =>
        `CAST(s.${quoted(names[i])} AS ${duckdbType(type)}) = asked.${quoted(name)}`,
    )
    const result = await connection.stream(
      `SELECT asked.i, ${list.join(', ')} FROM asked JOIN ${from} AS s ON ${on.join(' AND ')}`,
    )
    const batches: Batch[] = []
    for await (const batch of readBatches(result, found, ROWS_AT_ONCE)) batches.push(batch)
    if (batches.length === 0) return { rows: emptyBatch(wanted), of: [] }
    const all = concat(batches)
    const rows = all.withColumns(wanted, all.columns.slice(1))
    return { rows, of: rowsOf(all).map(([i]) => Number(i)) }
  }

  async close(): Promise<void> {
    await this.#queue.idle()
    await this.#opened?.database.close()
    this.#opened = undefined
  }
}
