/** The rows of a table of PostgreSQL as one of ours has them: what statements add, replace and
 *  remove them. Rows go over as JSON texts, in which every type keeps its digits, and any number of
 *  them is one parameter. */

import { Buffer } from 'node:buffer'
import type { Client } from 'pg'
import { fail } from '../../engine/base/errors.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { columnOf } from '../../engine/batch/builder.ts'
import type { Column } from '../../engine/batch/column.ts'
import { jsonRowTexts } from '../../engine/batch/json-rows.ts'
import { valueAt } from '../../engine/batch/rows.ts'
import { type Schema, schemaOf } from '../../engine/batch/schema.ts'
import { VARCHAR } from '../../engine/batch/types.ts'
import type { SinkFrame } from '../../engine/source/sink.ts'
import { insertColumns, type TableSpec } from '../../engine/source/table.ts'
import { quoted, tableName } from './names.ts'
import { type OutsideTable, outsideColumn, outsideTable } from './outside-table.ts'

const ROWS_AT_ONCE = 5000

const UNIQUE_KEYS = `
  SELECT array_agg(a.attname::text) AS names
  FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey[0:i.indnkeyatts - 1]) AS k(attnum)
  LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
  WHERE i.indrelid = $1 AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL
  GROUP BY i.indexrelid`

/** JSON texts, by what is to become of them. */
interface Changes {
  readonly removed: readonly string[]
  readonly put: readonly string[]
}

export class TableRows {
  readonly #client: Client
  readonly #put: string
  /** undefined: rows are only added. */
  readonly #remove: string | undefined
  readonly #schema: Schema
  /** Positions in the schema. */
  readonly #keys: readonly number[] | undefined

  private constructor(client: Client, outside: OutsideTable, table: TableSpec) {
    const given = insertColumns(table)
    const { fields } = table.schema
    this.#client = client
    this.#schema = schemaOf(given.map((column) => fields[column]))
    this.#keys = table.primaryKey?.map((column) => given.indexOf(column))
    const into = tableName(table.options['table-name'])
    const typed = (at: readonly number[]) =>
      at
        .map((i) => this.#schema.fields[i].name)
        .map((name) => `${quoted(name)} ${outside.columns.get(name)!.type}`)
        .join(', ')
    const all = this.#schema.fields.map((_, i) => i)
    const names = this.#schema.fields.map(({ name }) => quoted(name))
    const add = `INSERT INTO ${into} (${names.join(', ')}) SELECT ${names.join(', ')}
      FROM json_to_recordset($1::json) AS r(${typed(all)})`
    const keys = this.#keys
    this.#put = keys === undefined ? add : `${add} ${onConflict(names, keys)}`
    if (keys === undefined) return
    const same = keys.map((i) => `t.${names[i]} = r.${names[i]}`)
    this.#remove = `DELETE FROM ${into} AS t
      USING json_to_recordset($1::json) AS r(${typed(keys)}) WHERE ${same.join(' AND ')}`
  }

  /** Looks whether the table is as ours says: UNKNOWN_TABLE, UNKNOWN_COLUMN, TYPE_MISMATCH;
   *  INVALID_ARGUMENT if nothing there keeps the PRIMARY KEY unique. */
  static async open(client: Client, table: TableSpec): Promise<TableRows> {
    const name = table.options['table-name']
    const outside = await outsideTable(client, tableName(name), name)
    const given = insertColumns(table)
    for (const column of given) outsideColumn(outside, table.schema.fields[column], 'written')
    if (table.primaryKey !== undefined) {
      const keys = table.primaryKey.map((column) => table.schema.fields[column].name)
      const { rows } = await client.query<{ names: string[] }>(UNIQUE_KEYS, [outside.oid])
      const isUnique = rows.some(({ names }) => isSameSet(names, keys))
      if (!isUnique) {
        fail('INVALID_ARGUMENT', `PostgreSQL's table ${name} may have two rows with one key`, {
          hint: `CREATE UNIQUE INDEX ON ${tableName(name)} (${keys.map(quoted).join(', ')})`,
        })
      }
    }
    return new TableRows(client, outside, table)
  }

  /** Writes the results of all frames, in the transaction that is open. */
  async write(frames: readonly SinkFrame[]): Promise<void> {
    const { removed, put } = this.#keys === undefined ? this.#added(frames) : this.#last(frames)
    // Removed first: what is put may take the place of another row in some other unique index.
    if (this.#remove !== undefined) await this.#run(this.#remove, removed)
    await this.#run(this.#put, put)
  }

  async #run(text: string, rows: readonly string[]): Promise<void> {
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      const values = [`[${rows.slice(at, at + ROWS_AT_ONCE).join(',')}]`]
      await this.#client.query({ text, values })
    }
  }

  #added(frames: readonly SinkFrame[]): Changes {
    const put = frames.flatMap(({ batch }) => {
      const texts = this.#texts(batch)
      const { weights } = batch
      if (weights === null) return texts
      return texts.flatMap((text, row) => new Array<string>(Math.max(0, weights[row])).fill(text))
    })
    return { removed: [], put }
  }

  /** What each key has in the end: within a result its row counts, whatever is taken back. */
  #last(frames: readonly SinkFrame[]): Changes {
    const last = new Map<string, { readonly row: string | undefined }>()
    for (const { batch } of frames) {
      const rows = this.#texts(batch)
      const keys = this.#keyTexts(batch)
      const isThere = (row: number) => batch.weights === null || batch.weights[row] > 0
      for (const [row, key] of keys.entries()) if (!isThere(row)) last.set(key, { row: undefined })
      for (const [row, key] of keys.entries()) if (isThere(row)) last.set(key, { row: rows[row] })
    }
    const removed: string[] = []
    const put: string[] = []
    for (const [key, { row }] of last) {
      if (row === undefined) removed.push(key)
      else put.push(row)
    }
    return { removed, put }
  }

  #texts(batch: Batch): string[] {
    return jsonRowTexts(batch.withColumns(...hexBytes(this.#schema, batch.columns)))
  }

  #keyTexts(batch: Batch): string[] {
    const keys = this.#keys!
    const schema = schemaOf(keys.map((i) => this.#schema.fields[i]))
    const columns = keys.map((i) => batch.columns[i])
    return jsonRowTexts(batch.withColumns(...hexBytes(schema, columns)))
  }
}

function onConflict(names: readonly string[], keys: readonly number[]): string {
  const target = keys.map((i) => names[i]).join(', ')
  const others = names.filter((_, i) => !keys.includes(i))
  if (others.length === 0) return `ON CONFLICT (${target}) DO NOTHING`
  const set = others.map((name) => `${name} = EXCLUDED.${name}`).join(', ')
  return `ON CONFLICT (${target}) DO UPDATE SET ${set}`
}

/** An expression in an index has no name. */
const isSameSet = (names: readonly (string | null)[], keys: readonly string[]): boolean =>
  names.length === keys.length && keys.every((key) => names.includes(key))

/** BYTES in the form that PostgreSQL reads from a text. */
function hexBytes(schema: Schema, columns: readonly Column[]): [Schema, Column[]] {
  const isBytes = (i: number) => schema.fields[i].type.kind === 'bytes'
  const fields = schema.fields.map((field, i) => (isBytes(i) ? { ...field, type: VARCHAR } : field))
  return [schemaOf(fields), columns.map((column, i) => (isBytes(i) ? hexTexts(column) : column))]
}

function hexTexts(column: Column): Column {
  const texts = Array.from({ length: column.length }, (_, row) => {
    const value = valueAt(column, row)
    return value === null ? null : `\\x${Buffer.from(value as Uint8Array).toString('hex')}`
  })
  return columnOf(VARCHAR, texts)
}
