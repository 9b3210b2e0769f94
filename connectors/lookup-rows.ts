/** What lookups have in common: the columns that are asked for, and answers from JSON texts. */

import { type Batch, emptyBatch } from '../engine/batch/batch.ts'
import { concat } from '../engine/batch/concat.ts'
import { jsonValue } from '../engine/batch/json-value.ts'
import { rowsOf } from '../engine/batch/rows.ts'
import { type Schema, schemaOf } from '../engine/batch/schema.ts'
import { formatOf } from '../engine/format/index.ts'
import type { LookupAnswer, LookupRequest } from '../engine/source/lookup.ts'

/** The columns that are asked for. */
export const wantedSchema = ({ table, columns }: LookupRequest): Schema =>
  schemaOf(columns.map((column) => table.schema.fields[column]))

/** The names of the columns that are asked by. */
export const keyNames = ({ table, keys }: LookupRequest): string[] =>
  keys.map((column) => table.schema.fields[column].name)

/** A key's values as texts, for every row: what JSON would write, without quotes. */
export function keyTexts(keys: Batch): string[][] {
  const { fields } = keys.schema
  return rowsOf(keys).map((row) =>
    row.map((value, i) => {
      const json = jsonValue(value, fields[i].type)
      return typeof json === 'object' ? JSON.stringify(json) : String(json)
    }),
  )
}

/** A JSON document that was found for a key. */
export interface FoundJson {
  readonly of: number
  /** An object, or an array of objects: a row each. */
  readonly json: Uint8Array
}

const TOLERANT = { unknownFields: 'ignore', missingFields: 'null' } as const

/** The answer. BAD_RECORD for a document that does not fit the columns. */
export function jsonAnswer(schema: Schema, found: readonly FoundJson[]): LookupAnswer {
  const batches: Batch[] = []
  const of: number[] = []
  for (const document of found) {
    const { batch } = formatOf('json').decodeRows(document.json, schema, TOLERANT)
    if (batch.rowCount === 0) continue
    batches.push(batch)
    for (let row = 0; row < batch.rowCount; row++) of.push(document.of)
  }
  return { rows: batches.length === 0 ? emptyBatch(schema) : concat(batches), of }
}

/** Runs `action` for every item, at most `atOnce` of them at a time. Rejects with the first
 *  failure; no further item is begun then. */
export async function forEachOf<T>(
  items: readonly T[],
  atOnce: number,
  action: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  let failed = false
  const work = async () => {
    while (next < items.length && !failed) {
      const index = next++
      try {
        await action(items[index], index)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work))
}
