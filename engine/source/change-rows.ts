/** The rows of messages that are changes: of each message at most one row goes and at most one
 *  comes, both JSON objects somewhere among the bytes; or all rows go. */

import { ALL_GONE, Batch, emptyBatch } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { concat } from '../batch/concat.ts'
import { sameValue } from '../batch/same-row.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { asBuffer } from '../batch/text.ts'
import type { DecodeOptions } from '../format/format.ts'
import { type BadMessage, decodePresent, type Messages } from '../format/messages.ts'
import { JsonMessages } from './json-messages.ts'

/** What goes and what comes, by message; -1 in `starts`: nothing. */
export interface ChangeImages {
  readonly before: Messages
  readonly after: Messages
  /** Messages after which no row is left. Only with a key. */
  readonly emptied?: ReadonlySet<number>
}

/** The errors of messages, by their places. */
export type BadChanges = Map<number, BadMessage>

export class ChangeRows {
  readonly #schema: Schema
  readonly #key: readonly number[] | undefined
  readonly #rows: JsonMessages
  /** With a key, it is all that is read of a row that goes. */
  readonly #keys: JsonMessages | undefined

  constructor(schema: Schema, options: DecodeOptions) {
    const { key } = options
    this.#schema = schema
    this.#key = key
    this.#rows = new JsonMessages(schema, options)
    if (key !== undefined) {
      const fields = schemaOf(key.map((column) => schema.fields[column]))
      this.#keys = new JsonMessages(fields, { ...options, unknownFields: 'ignore' })
    }
  }

  /** In the order of the messages, without those that are bad; those whose rows do not fit are
   *  added to them. A row goes before the one that takes its place comes; with a key only if that
   *  has another. */
  decode(images: ChangeImages, bad: BadChanges): { batch: Batch; rows: Int32Array } {
    const after = found(this.#rows, images.after, bad)
    const before = found(this.#keys ?? this.#rows, images.before, bad)
    const { emptied = new Set() } = images
    const noRow = after.batch.rowCount + before.batch.rowCount
    const picked: number[] = []
    const rows: number[] = []
    const weights: number[] = []
    const put = (message: number, row: number, weight: number) => {
      picked.push(row)
      rows.push(message)
      weights.push(weight)
    }
    for (let i = 0; i < after.rowOf.length; i++) {
      if (bad.has(i)) continue
      if (emptied.has(i)) put(i, noRow, ALL_GONE)
      const [old, now] = [before.rowOf[i], after.rowOf[i]]
      const stays = old >= 0 && now >= 0 && this.#hasSameKey(before.batch, old, after.batch, now)
      if (old >= 0 && !stays) put(i, after.batch.rowCount + old, -1)
      if (now >= 0) put(i, now, 1)
    }
    const areAllPut = before.batch.rowCount === 0 && emptied.size === 0
    if (areAllPut && picked.length === after.batch.rowCount) {
      return { batch: after.batch, rows: Int32Array.from(rows) }
    }
    const parts = [after.batch, this.#whole(before.batch), this.#nulls(emptied.size > 0 ? 1 : 0)]
    const all = concat([emptyBatch(this.#schema), ...parts])
    const { columns } = all.keep(Int32Array.from(picked), picked.length)
    const changes = weights.some((weight) => weight < 0) ? Int32Array.from(weights) : null
    return {
      batch: new Batch(this.#schema, columns, picked.length, changes),
      rows: Int32Array.from(rows),
    }
  }

  /** Never without a key: then both rows count. */
  #hasSameKey(before: Batch, i: number, after: Batch, j: number): boolean {
    if (this.#key === undefined) return false
    return this.#key.every((column, k) => sameValue(before.columns[k], i, after.columns[column], j))
  }

  /** Of a row that goes the other columns mean nothing. */
  #whole(before: Batch): Batch {
    const key = this.#key
    if (key === undefined) return before
    const nulls = this.#nulls(before.rowCount).columns
    const columns = nulls.map((none, column) => {
      const k = key.indexOf(column)
      return k >= 0 ? before.columns[k] : none
    })
    return new Batch(this.#schema, columns, before.rowCount)
  }

  #nulls(count: number): Batch {
    const nulls = new Array<null>(count).fill(null)
    const columns = this.#schema.fields.map(({ type }) => columnOf(type, nulls))
    return new Batch(this.#schema, columns, count)
  }
}

interface Images {
  readonly batch: Batch
  /** Of each message; -1: none. */
  readonly rowOf: Int32Array
}

/** Rows of one kind; bad ones are noted. */
function found(decoder: JsonMessages, images: Messages, bad: BadChanges): Images {
  const decoded = decodePresent(decoder, images)
  for (const one of decoded.bad) if (!bad.has(one.index)) bad.set(one.index, one)
  const rowOf = new Int32Array(images.starts.length).fill(-1)
  for (const [row, message] of decoded.rows.entries()) rowOf[message] = row
  return { batch: decoded.batch, rowOf }
}

const QUOTE = 34
const PLAIN = /^"[a-zA-Z+-]*"$/

/** What operations are called, by their first two bytes: made once, not for every message. */
const SHORT = new Map(
  ['+I', '+U', '-U', '-D', 'c', 'r', 'u', 'd'].map((text) => [keyOf(text), text]),
)

function keyOf(text: string): number {
  return text.charCodeAt(0) * 256 + (text.length > 1 ? text.charCodeAt(1) : QUOTE)
}

/** The text at bytes[start, end), which is JSON; the JSON itself if it is no text. */
export function textIn(bytes: Uint8Array, start: number, end: number): string {
  if (start < 0) return 'null'
  const length = end - start - 2
  if (length <= 2 && bytes[start] === QUOTE && bytes[end - 1] === QUOTE) {
    // Behind a text of one byte is its quote.
    const short = SHORT.get(bytes[start + 1] * 256 + bytes[start + 2])
    if (short?.length === length) return short
  }
  const json = asBuffer(bytes).toString('utf8', start, end)
  if (PLAIN.test(json)) return json.slice(1, -1)
  const value: unknown = JSON.parse(json)
  return typeof value === 'string' ? value : json
}
