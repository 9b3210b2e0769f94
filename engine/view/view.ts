/** Materialized views: one DuckDB table each, which follows the result log of the view's query. How
 *  far it has followed is stored in the same transaction as the rows, so that after a crash every
 *  result is applied exactly once. */

import { assert } from '../base/assert.ts'
import { crashPoint } from '../base/crash-point.ts'
import { SerialQueue } from '../base/serial-queue.ts'
import type { Batch } from '../batch/batch.ts'
import { decodeBatch } from '../batch/ipc.ts'
import type { Schema } from '../batch/schema.ts'
import { applyAppends, applyByKey, applyByValue, type Frame } from './apply.ts'
import { type Connection, DuckdbDatabase, literal, quoted } from './duckdb.ts'
import { duckdbType } from './duckdb-type.ts'
import { readBatches, selectExpression } from './vector-reader.ts'

export interface ViewSpec {
  /** The id of the view's query; never reused. */
  readonly id: string
  readonly schema: Schema
  /** No retraction will ever come. */
  readonly appendOnly: boolean
  /** Columns that are unique among the current rows, if any are known. */
  readonly key?: readonly number[] | undefined
}

/** A result to apply: see ResultFrame. */
export interface ViewFrame {
  readonly seq: number
  readonly payload: Uint8Array
}

export interface ViewRows {
  /** The last result that is in the rows; -1 before the first. */
  readonly seq: number
  readonly batches: readonly Batch[]
}

export interface ViewStoreOptions {
  /** The DuckDB file; ':memory:' for a store that is not kept. */
  readonly path: string
  readonly memoryBytesMax: number
  readonly threads: number
}

/** Rows per batch that `read` gives. */
const READ_ROWS = 16384

const APPLIED =
  'CREATE TABLE IF NOT EXISTS "applied" ("view" VARCHAR NOT NULL, "seq" BIGINT NOT NULL)'

/** All views of a server. Writes go one after another, reads likewise beside them; a read sees the
 *  rows of exactly one seq. */
export class ViewStore {
  readonly #database: DuckdbDatabase
  readonly #writer: Connection
  readonly #reader: Connection
  readonly #writes = new SerialQueue()
  readonly #reads = new SerialQueue()
  readonly #views = new Map<string, ViewSpec>()

  private constructor(database: DuckdbDatabase, writer: Connection, reader: Connection) {
    this.#database = database
    this.#writer = writer
    this.#reader = reader
  }

  /** Errors: DATA_IN_USE, DATA_DAMAGED, DISK_FULL. */
  static async open(options: ViewStoreOptions): Promise<ViewStore> {
    const database = await DuckdbDatabase.open({ ...options, externalAccess: false })
    try {
      const writer = await database.connect()
      await writer.run(APPLIED)
      return new ViewStore(database, writer, await database.connect())
    } catch (error) {
      await database.close()
      throw error
    }
  }

  /** Makes the view known, and its table if there is none yet. */
  create(view: ViewSpec): Promise<void> {
    this.#views.set(view.id, view)
    return this.#writes.run(() =>
      this.#writer.transaction(async () => {
        const columns = view.schema.fields.map(
          ({ type }, i) => `${quoted(`c${i}`)} ${duckdbType(type)}`,
        )
        await this.#writer.run(
          `CREATE TABLE IF NOT EXISTS ${tableOf(view)} (${columns.join(', ')})`,
        )
        if ((await this.#seqOf(this.#writer, view.id)) !== undefined) return
        await this.#writer.run(`INSERT INTO "applied" VALUES (${literal(view.id)}, -1)`)
      }),
    )
  }

  /** Applies results in one transaction. Those applied before are passed over; a gap is an
   *  internal error. A failure changes nothing. */
  apply(viewId: string, frames: readonly ViewFrame[]): Promise<void> {
    const view = this.#spec(viewId)
    return this.#writes.run(() =>
      this.#writer.transaction(async () => {
        const applied = await this.#seqOf(this.#writer, viewId)
        assert(applied !== undefined, `view ${viewId} has no applied seq`)
        const fresh = frames.filter(({ seq }) => seq > applied)
        const last = fresh.at(-1)
        if (last === undefined) return
        assert(
          fresh.every(({ seq }, i) => seq === applied + 1 + i),
          `view ${viewId} is at result ${applied} and was given ${fresh[0].seq} to ${last.seq}`,
        )
        await this.#applyRows(
          view,
          fresh.map(({ payload }) => decodeBatch(payload, view.schema)),
        )
        await this.#writer.run(
          `UPDATE "applied" SET "seq" = ${last.seq} WHERE "view" = ${literal(viewId)}`,
        )
        crashPoint('view.rows-written')
      }),
    )
  }

  #applyRows(view: ViewSpec, frames: readonly Frame[]): Promise<void> {
    const target = { connection: this.#writer, table: tableOf(view), schema: view.schema }
    if (view.appendOnly) return applyAppends(target, frames)
    if (view.key !== undefined && view.key.length > 0) return applyByKey(target, view.key, frames)
    return applyByValue(target, frames)
  }

  /** The last result that is in the view; -1 before the first. */
  async appliedSeq(viewId: string): Promise<number> {
    this.#spec(viewId)
    const seq = await this.#reads.run(() => this.#seqOf(this.#reader, viewId))
    return seq ?? -1
  }

  /** The view's rows and the seq they are at, of one moment. No weights: every row counts once. */
  read(viewId: string): Promise<ViewRows> {
    const { schema } = this.#spec(viewId)
    const columns = schema.fields.map(({ type }, i) => selectExpression(quoted(`c${i}`), type))
    return this.#reads.run(() =>
      this.#reader.transaction(async () => {
        const seq = (await this.#seqOf(this.#reader, viewId)) ?? -1
        const sql = `SELECT ${columns.join(', ')} FROM ${tableOf({ id: viewId })}`
        const batches: Batch[] = []
        for await (const batch of readBatches(await this.#reader.stream(sql), schema, READ_ROWS)) {
          batches.push(batch)
        }
        return { seq, batches }
      }),
    )
  }

  /** Forgets the view and removes its rows. */
  drop(viewId: string): Promise<void> {
    this.#views.delete(viewId)
    return this.#writes.run(() =>
      this.#writer.transaction(async () => {
        await this.#writer.run(`DROP TABLE IF EXISTS ${tableOf({ id: viewId })}`)
        await this.#writer.run(`DELETE FROM "applied" WHERE "view" = ${literal(viewId)}`)
      }),
    )
  }

  /** Removes the rows of all views but these: a crash can come between dropping a view and dropping
   *  its rows. */
  async keepOnly(viewIds: readonly string[]): Promise<void> {
    const known = await this.#reads.run(() => this.#reader.texts('SELECT "view" FROM "applied"'))
    for (const id of known) if (!viewIds.includes(id)) await this.drop(id)
  }

  /** Runs `action` while the file holds everything applied so far and nothing writes to it. */
  still<T>(action: () => Promise<T>): Promise<T> {
    return this.#writes.run(async () => {
      await this.#writer.run('CHECKPOINT')
      return action()
    })
  }

  /** Waits for what was asked for before, then closes the file; what comes later is UNAVAILABLE. */
  async close(): Promise<void> {
    await Promise.all([this.#writes.idle(), this.#reads.idle()])
    await this.#database.close()
  }

  #seqOf(connection: Connection, viewId: string): Promise<number | undefined> {
    return connection.number(`SELECT "seq" FROM "applied" WHERE "view" = ${literal(viewId)}`)
  }

  #spec(viewId: string): ViewSpec {
    const view = this.#views.get(viewId)
    assert(view !== undefined, `view ${viewId} was not created`)
    return view
  }
}

const tableOf = ({ id }: { readonly id: string }): string => quoted(`view_${id}`)
