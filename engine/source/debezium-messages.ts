/** Debezium's events as changes: `before` is taken back, `after` is put. Without a key an update is
 *  two rows and has to bring both; with one the new row is enough. */

import { asSqlError } from '../base/errors.ts'
import { Batch, emptyBatch } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { concat } from '../batch/concat.ts'
import { sameValue } from '../batch/same-row.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { badRecord } from '../format/bad-record.ts'
import type { DecodeOptions } from '../format/format.ts'
import {
  type BadMessage,
  badMessage,
  type DecodedMessages,
  decodePresent,
  type MessageDecoder,
  type Messages,
} from '../format/messages.ts'
import { debeziumMetadata } from './debezium-metadata.ts'
import { JsonMessages } from './json-messages.ts'
import { type FoundRanges, type JsonRange, JsonRanges } from './json-ranges.ts'

export interface DebeziumOptions extends DecodeOptions {
  /** Events are in a `payload`, beside their `schema`. */
  readonly schemaInclude: boolean
  /** What the table asks for: keys of `DEBEZIUM_METADATA`. */
  readonly metadata: readonly string[]
}

export class DebeziumMessages implements MessageDecoder {
  readonly #schema: Schema
  readonly #options: DebeziumOptions
  readonly #wrapper: JsonRanges | undefined
  readonly #envelope = new JsonRanges(['op'], ['before', 'after', 'source', 'ts_ms'])
  readonly #rows: JsonMessages
  /** Of a table with a key: reads only the key's columns. */
  readonly #keys: JsonMessages | undefined

  constructor(schema: Schema, options: DebeziumOptions) {
    const { key, schemaInclude } = options
    this.#schema = schema
    this.#options = options
    if (schemaInclude) this.#wrapper = new JsonRanges(['payload'], ['schema'])
    this.#rows = new JsonMessages(schema, options)
    if (key !== undefined) {
      const fields = schemaOf(key.map((column) => schema.fields[column]))
      this.#keys = new JsonMessages(fields, { ...options, unknownFields: 'ignore' })
    }
  }

  decode(messages: Messages): DecodedMessages {
    const { bytes, ends } = messages
    // What follows a deletion for the sake of compacted topics has no value, or an empty one.
    const starts = messages.starts.map((start, i) => (start === ends[i] ? -1 : start))
    const wrapped = this.#wrapper?.find({ bytes, starts, ends })
    const events: Messages = wrapped
      ? { bytes: wrapped.bytes, ...wrapped.fields.payload }
      : { bytes, starts, ends }
    const found = this.#envelope.find(events)
    const bad = new Map([...(wrapped?.bad ?? []), ...found.bad].map((b) => [b.index, b]))
    const images = imagesOf(found, events.starts, { bad, isKeyed: this.#keys !== undefined })
    const after = this.#images(this.#rows, images.after, bad)
    const before = this.#images(this.#keys ?? this.#rows, images.before, bad)
    const { batch, rows } = this.#changes(before, after, { count: starts.length, bad })
    const { metadata: keys } = this.#options
    const about = keys.length > 0 ? { keys, found, wrapped, rows } : undefined
    return {
      ...{ batch, rows, bad: [...bad.values()].sort((a, b) => a.index - b.index) },
      metadata: about && debeziumMetadata(about),
    }
  }

  /** Rows of one kind, at most one a message; bad ones are noted. */
  #images(decoder: JsonMessages, images: Messages, bad: BadEvents): Images {
    const decoded = decodePresent(decoder, images)
    for (const one of decoded.bad) if (!bad.has(one.index)) bad.set(one.index, one)
    const rowOf = new Int32Array(images.starts.length).fill(-1)
    for (const [row, message] of decoded.rows.entries()) rowOf[message] = row
    return { batch: decoded.batch, rowOf }
  }

  /** In the order of the messages; a row goes before the one that takes its place comes. */
  #changes(before: Images, after: Images, { count, bad }: { count: number; bad: BadEvents }) {
    const picked: number[] = []
    const rows: number[] = []
    const weights: number[] = []
    const put = (message: number, row: number, weight: number) => {
      picked.push(row)
      rows.push(message)
      weights.push(weight)
    }
    for (let i = 0; i < count; i++) {
      if (bad.has(i)) continue
      const [old, now] = [before.rowOf[i], after.rowOf[i]]
      const stays = old >= 0 && now >= 0 && this.#hasSameKey(before.batch, old, after.batch, now)
      if (old >= 0 && !stays) put(i, after.batch.rowCount + old, -1)
      if (now >= 0) put(i, now, 1)
    }
    const all = concat([emptyBatch(this.#schema), after.batch, this.#whole(before.batch)])
    const { columns } = all.keep(Int32Array.from(picked), picked.length)
    const isPlain = !weights.includes(-1)
    return {
      batch: new Batch(
        ...([this.#schema, columns, picked.length] as const),
        isPlain ? null : Int32Array.from(weights),
      ),
      rows: Int32Array.from(rows),
    }
  }

  /** Never without a key: then both rows count. */
  #hasSameKey(before: Batch, i: number, after: Batch, j: number): boolean {
    const { key } = this.#options
    if (key === undefined) return false
    return key.every((column, k) => sameValue(before.columns[k], i, after.columns[column], j))
  }

  /** With a key only that was read; of a row that goes the other columns mean nothing. */
  #whole(before: Batch): Batch {
    const { key } = this.#options
    if (key === undefined) return before
    const { rowCount } = before
    const columns = this.#schema.fields.map(({ type }, column) => {
      const k = key.indexOf(column)
      return k >= 0 ? before.columns[k] : columnOf(type, new Array<null>(rowCount).fill(null))
    })
    return new Batch(this.#schema, columns, rowCount)
  }
}

/** The errors of messages, by their places. */
type BadEvents = Map<number, BadMessage>

interface Images {
  readonly batch: Batch
  /** Of each message; -1: none. */
  readonly rowOf: Int32Array
}

/** Which images are rows that go, and which are rows that come. Events without what their operation
 *  needs are noted as bad. */
function imagesOf(
  { bytes, fields }: FoundRanges,
  events: Int32Array,
  { bad, isKeyed }: { bad: BadEvents; isKeyed: boolean },
): { before: Messages; after: Messages } {
  const { op, before, after } = fields
  const none = () => new Int32Array(events.length).fill(-1)
  const wanted = { before: none(), after: none() }
  for (let i = 0; i < events.length; i++) {
    if (events[i] < 0 || bad.has(i)) continue
    const name = opAt(bytes, op, i)
    const isUpdate = name === 'u'
    const isDelete = name === 'd'
    try {
      if (!isUpdate && !isDelete && name !== 'c' && name !== 'r') refuseOperation(name)
      const hasBefore = before.starts[i] >= 0
      if (isDelete || isUpdate) {
        if (!hasBefore && (isDelete || !isKeyed)) refuseBefore(isDelete, isKeyed)
        wanted.before[i] = before.starts[i]
      }
      if (!isDelete) {
        if (after.starts[i] < 0)
          badRecord({ index: 0, reason: `"op" is "${name}" and "after" is null` })
        wanted.after[i] = after.starts[i]
      }
    } catch (error) {
      bad.set(i, badMessage(i, asSqlError(error)))
    }
  }
  return {
    before: { bytes, starts: wanted.before, ends: before.ends },
    after: { bytes, starts: wanted.after, ends: after.ends },
  }
}

/** The text of "op"; its JSON if it is none. */
function opAt(bytes: Uint8Array, { starts, ends }: JsonRange, i: number): string {
  if (starts[i] < 0) return 'null'
  const json = Buffer.from(bytes.subarray(starts[i], ends[i])).toString()
  const value: unknown = JSON.parse(json)
  return typeof value === 'string' ? value : json
}

function refuseOperation(name: string): never {
  const reason =
    name === 't'
      ? '"op" is "t": all rows are gone, and which ones is not said'
      : `"op" is c, r, u or d; found ${name}`
  badRecord({ index: 0, reason })
}

function refuseBefore(isDelete: boolean, isKeyed: boolean): never {
  const of = isDelete ? 'a row was deleted' : 'a row was updated'
  const more = isKeyed
    ? ''
    : '; the source must send whole rows (PostgreSQL: REPLICA IDENTITY FULL)'
  badRecord({ index: 0, reason: `${of} and "before" is null${more}` })
}
