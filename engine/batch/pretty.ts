/** Batches as text, for tests: one row a line, `+ 1 'a b'` inserts, `- 1 NULL` retracts, `+3 1 x`
 *  has weight 3. A column with a space, a quote or the word NULL in it stands in quotes. */

import { assert } from '../base/assert.ts'
import { Batch } from './batch.ts'
import { BatchBuilder } from './builder.ts'
import { jsonValue } from './json-value.ts'
import { rowsOf } from './rows.ts'
import type { Schema } from './schema.ts'
import type { DataType } from './types.ts'
import type { Value } from './value.ts'
import { valueFromText } from './value-from-text.ts'

const TOKEN = /'(?:[^']|'')*'|\S+/g
const SIGN = /^([+-])(\d*)$/

/** The batch that the lines mean; empty lines are passed over. With signs the batch has weights
 *  also if all are +1; without it has none. */
export function parseBatch(text: string, schema: Schema): Batch {
  const builder = new BatchBuilder(schema)
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const weights: number[] = []
  for (const line of lines) {
    const tokens = line.match(TOKEN)!
    const sign = SIGN.exec(tokens[0])
    if (sign !== null) weights.push(Number(`${sign[1]}${sign[2] || 1}`))
    const values = sign === null ? tokens : tokens.slice(1)
    assert(values.length === schema.fields.length, `'${line}' has ${values.length} columns`)
    builder.append(values.map((token, i) => tokenValue(token, schema.fields[i].type)))
  }
  assert(weights.length === 0 || weights.length === lines.length, 'a line has no sign')
  const batch = builder.finish()
  if (weights.length === 0) return batch
  return new Batch(schema, batch.columns, batch.rowCount, Int32Array.from(weights))
}

function tokenValue(token: string, type: DataType): Value {
  if (token === 'NULL') return null
  const quoted = token.startsWith("'")
  return valueFromText(quoted ? token.slice(1, -1).replaceAll("''", "'") : token, type)
}

/** One line per row, without a line end after the last; signs only if the batch has weights. */
export function printBatch(batch: Batch): string {
  const { fields } = batch.schema
  const lines = rowsOf(batch).map((row, i) => {
    const values = row.map((value, c) => printToken(value, fields[c].type))
    return [...signOf(batch.weights?.[i]), ...values].join(' ')
  })
  return lines.join('\n')
}

function signOf(weight: number | undefined): string[] {
  if (weight === undefined) return []
  const size = Math.abs(weight)
  return [`${weight < 0 ? '-' : '+'}${size === 1 ? '' : size}`]
}

function printToken(value: Value, type: DataType): string {
  if (value === null) return 'NULL'
  // A JSON column's text is what is read back, quotes of a JSON string and all.
  const json = type.kind === 'json' ? (value as string) : jsonValue(value, type)
  const text = typeof json === 'string' ? json : JSON.stringify(json)
  const plain = /^[^\s']+$/.test(text) && text !== 'NULL' && !SIGN.test(text)
  return plain ? text : `'${text.replaceAll("'", "''")}'`
}
