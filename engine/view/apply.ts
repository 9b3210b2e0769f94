/** The three ways a view's table takes results: rows are only added; rows are replaced by key; rows
 *  are removed by value. Several results go in at once and leave what applying them one by one
 *  would leave. */

import { assert } from '../base/assert.ts'
import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { repeatByWeight } from '../batch/repeat-by-weight.ts'
import type { Schema } from '../batch/schema.ts'
import { type Connection, quoted } from './duckdb.ts'
import { duckdbType } from './duckdb-type.ts'
import { appendBatch } from './vector-writer.ts'

/** One result: a weighted batch with the view's columns. */
export type Frame = Batch

export interface ApplyTarget {
  /** Inside a transaction. */
  readonly connection: Connection
  /** Quoted. Its columns are c0, c1, … */
  readonly table: string
  readonly schema: Schema
}

/** Holds the rows of the results being applied, with the result's number and the weight. */
const STAGE = 'stage'

const columnNames = (schema: Schema): string[] => schema.fields.map((_, i) => quoted(`c${i}`))

/** Adds every row. A retraction is an internal error: the plan promised none. */
export function applyAppends(target: ApplyTarget, frames: readonly Frame[]): Promise<void> {
  const name = target.table.slice(1, -1)
  return target.connection.append(name, false, async (appender) => {
    for (const frame of frames) await appendBatch(appender, repeatByWeight(onlyAdded(frame)))
  })
}

function onlyAdded(batch: Batch): Batch {
  assert(
    batch.weights?.every((weight) => weight > 0) !== false,
    'a retraction in an append-only view',
  )
  return batch
}

/** Replaces rows by key. Within a result a key has at most one row of weight +1, its new row; so
 *  the last result that names a key decides: its new row stays, or no row does. */
export async function applyByKey(
  target: ApplyTarget,
  key: readonly number[],
  frames: readonly Frame[],
): Promise<void> {
  const { connection, table, schema } = target
  await stage(target, frames)
  const columns = columnNames(schema)
  const keys = key.map((index) => columns[index])
  const same = keys.map((column) => `${table}.${column} IS NOT DISTINCT FROM "s".${column}`)
  await connection.run(
    `DELETE FROM ${table} USING (SELECT DISTINCT ${keys.join(', ')} FROM "temp".${quoted(STAGE)}) "s" ` +
      `WHERE ${same.join(' AND ')}`,
  )
  await connection.run(
    `INSERT INTO ${table} SELECT ${columns.join(', ')} FROM "temp".${quoted(STAGE)} ` +
      `QUALIFY row_number() OVER (PARTITION BY ${keys.join(', ')} ` +
      'ORDER BY "frame" DESC, "weight" DESC) = 1 AND "weight" > 0',
  )
}

/** Adds and removes copies of rows by their whole value. Law 3: removing a row that is not there is
 *  BAD_RECORD: only a source of changes can ask for it. */
export async function applyByValue(target: ApplyTarget, frames: readonly Frame[]): Promise<void> {
  const { connection, table, schema } = target
  await stage(target, frames)
  const columns = columnNames(schema)
  const list = columns.join(', ')
  const net =
    `SELECT ${list}, sum("weight")::BIGINT AS "n" FROM "temp".${quoted(STAGE)} ` +
    `GROUP BY ${list} HAVING sum("weight") <> 0`
  const same = columns.map((column) => `"v".${column} IS NOT DISTINCT FROM "s".${column}`)
  const want = await connection.number(`SELECT coalesce(sum(-"n"), 0) FROM (${net}) WHERE "n" < 0`)
  const removed = await connection.run(
    `DELETE FROM ${table} WHERE rowid IN (SELECT "id" FROM (` +
      `SELECT "v".rowid AS "id", -"s"."n" AS "most", ` +
      `row_number() OVER (PARTITION BY ${columns.map((column) => `"v".${column}`).join(', ')}) AS "i" ` +
      `FROM ${table} "v" JOIN (SELECT * FROM (${net}) WHERE "n" < 0) "s" ON ${same.join(' AND ')}` +
      ') WHERE "i" <= "most")',
  )
  if (removed !== want) {
    fail('BAD_RECORD', `${want} rows of the view are taken back; it holds ${removed} of them`, {
      hint: 'A source of changes takes back a row that it never brought. A table with a PRIMARY KEY takes such changes.',
    })
  }
  await connection.run(
    `INSERT INTO ${table} SELECT ${list} FROM (` +
      `SELECT ${list}, unnest(range("n")) FROM (${net}) WHERE "n" > 0)`,
  )
}

/** Fills the stage table with the rows of all frames. */
async function stage({ connection, schema }: ApplyTarget, frames: readonly Frame[]): Promise<void> {
  const columns = schema.fields.map(({ type }, i) => `${quoted(`c${i}`)} ${duckdbType(type)}`)
  await connection.run(
    `CREATE OR REPLACE TEMPORARY TABLE ${quoted(STAGE)} ` +
      `("frame" INTEGER, "weight" INTEGER, ${columns.join(', ')})`,
  )
  await connection.append(STAGE, true, async (appender) => {
    for (const [i, frame] of frames.entries()) {
      const number = new Int32Array(frame.rowCount).fill(i)
      const weights = frame.weights ?? new Int32Array(frame.rowCount).fill(1)
      await appendBatch(appender, frame, { prefix: [number, weights] })
    }
  })
}
