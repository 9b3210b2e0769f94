/** Messages that have a key beside their value, as Kafka's: some of the table's columns are in the
 *  key. A message without a value is a tombstone: the row of its key is no more, unless the value's
 *  format tells what changes by itself. */

import { SqlError } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { type Column, gather } from '../batch/column.ts'
import { concat } from '../batch/concat.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import {
  type BadMessage,
  type DecodedMessages,
  decodePresent,
  type MessageDecoder,
  type Messages,
  presentMessages,
} from '../format/messages.ts'
import { messageDecoder } from './message-decoder.ts'
import { recordColumns, recordKey, type TableSpec, valueMetadata } from './table.ts'

type Options = Readonly<Record<string, string>>

/** Where the key of each message is in the same bytes; -1: it has none. */
export interface MessageKeys {
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/** A message whose `starts` is -1 has no value. */
export type MessagesWithKeys = Messages & { readonly keys?: MessageKeys | undefined }

/** The columns that are in a message's key, by position in the record: those that `key.fields`
 *  names (-1: there is no such column), or else the primary key. Empty without `key.format`. */
export function messageKeyColumns(table: TableSpec): number[] {
  const { options, schema, primaryKey = [] } = table
  if (options['key.format'] === undefined) return []
  const record = recordColumns(table)
  const names = options['key.fields']
  if (names === undefined) return primaryKey.map((column) => record.indexOf(column))
  return names
    .split(';')
    .filter((name) => name !== '')
    .map((name) => record.findIndex((column) => schema.fields[column].name === name))
}

/** Whether the value has the key's columns too. */
export const valueHasKey = (options: Options): boolean =>
  options['value.fields-include'] !== 'EXCEPT_KEY'

/** The options of the key's format, under their usual names. */
export const keyFormatOptions = (options: Options): Options =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) =>
      name.startsWith('key.') ? [[name.slice('key.'.length), value]] : [],
    ),
  )

/** The columns of the key, called as in the message. */
export function messageKeySchema(record: Schema, columns: readonly number[], options: Options) {
  const prefix = options['key.fields-prefix'] ?? ''
  const fields = columns.map((column) => record.fields[column])
  return schemaOf(fields.map((field) => ({ ...field, name: field.name.slice(prefix.length) })))
}

/** The columns of the value, by position in the record. */
export const messageValueColumns = (
  record: Schema,
  keyColumns: readonly number[],
  options: Options,
): number[] =>
  record.fields.map((_, i) => i).filter((i) => valueHasKey(options) || !keyColumns.includes(i))

/** The table's key by position among these columns of the record; undefined if it is not whole
 *  there. */
export function keyAmong(table: TableSpec, columns: readonly number[]): number[] | undefined {
  const key = recordKey(table)?.map((column) => columns.indexOf(column))
  return key?.includes(-1) ? undefined : key
}

/** The decoder of a table whose messages have keys. */
export class KeyedMessages implements MessageDecoder {
  readonly #record: Schema
  readonly #keyColumns: readonly number[]
  readonly #valueColumns: readonly number[]
  readonly #hasKey: boolean
  readonly #key: MessageDecoder
  readonly #value: MessageDecoder

  constructor(table: TableSpec, record: Schema) {
    const { options } = table
    this.#record = record
    this.#keyColumns = messageKeyColumns(table)
    this.#hasKey = valueHasKey(options)
    this.#valueColumns = messageValueColumns(record, this.#keyColumns, options)
    const keySchema = messageKeySchema(record, this.#keyColumns, options)
    this.#key = messageDecoder(keySchema, keyFormatOptions(options))
    const valueSchema = schemaOf(this.#valueColumns.map((column) => record.fields[column]))
    this.#value = messageDecoder(valueSchema, options, {
      key: keyAmong(table, this.#valueColumns),
      metadata: valueMetadata(table),
    })
  }

  prepare(messages: MessagesWithKeys): Promise<void> | undefined {
    const { bytes, keys } = messages
    const value = this.#value.prepare?.(presentMessages(messages))
    const key = keys && this.#key.prepare?.(presentMessages({ bytes, ...keys }))
    if (value === undefined || key === undefined) return value ?? key
    return Promise.all([value, key]).then(() => {})
  }

  decode(messages: MessagesWithKeys): DecodedMessages {
    const { bytes, starts, keys = noKeys(starts.length) } = messages
    const gone = Int32Array.from(starts.keys()).filter((i) => starts[i] < 0)
    if (this.#hasKey && gone.length === 0) return this.#value.decode(messages)
    const values = decodePresent(this.#value, messages)
    const needsKey = (i: number) => !this.#hasKey || starts[i] < 0
    const wanted = keys.starts.map((start, i) => (needsKey(i) ? start : -1))
    const found = decodePresent(this.#key, { bytes, starts: wanted, ends: keys.ends })
    const bad = new Map([...found.bad, ...values.bad].map((one) => [one.index, one]))
    for (const [i, start] of keys.starts.entries()) {
      if (start < 0 && needsKey(i)) bad.set(i, keyless(i))
    }
    const keyOf = new Int32Array(starts.length).fill(-1)
    for (const [row, i] of found.rows.entries()) {
      if (keyOf[i] >= 0) bad.set(i, keyless(i, 'the key has several rows'))
      keyOf[i] = row
    }
    for (const [i, start] of wanted.entries()) {
      if (start >= 0 && keyOf[i] < 0 && !bad.has(i)) bad.set(i, keyless(i))
    }
    const isGood = (i: number) => !bad.has(i)
    const puts = this.#puts(values, isGood, { batch: found.batch, of: keyOf })
    const ends = this.#ends(gone.filter(isGood), { batch: found.batch, of: keyOf })
    const joined = ends.rows.length === 0 ? puts : merged(puts, ends)
    return { ...joined, bad: [...bad.values()].sort((a, b) => a.index - b.index) }
  }

  /** The rows of the values of good messages. */
  #puts(values: Rows, isGood: (message: number) => boolean, keys: FoundKeys): Rows {
    const picked = Int32Array.from(values.rows.keys()).filter((row) => isGood(values.rows[row]))
    const count = picked.length
    const rows = picked.map((row) => values.rows[row])
    const kept = values.batch.keep(picked, count)
    const columns: Column[] = []
    for (const [k, column] of this.#keyColumns.entries()) {
      if (!this.#hasKey) columns[column] = keyColumn(keys, k, rows)
    }
    for (const [k, column] of this.#valueColumns.entries()) columns[column] = kept.columns[k]
    const metadata = Object.entries(values.metadata ?? {}).map(
      ([key, all]) => [key, gather(all, picked, count)] as const,
    )
    return {
      ...{ batch: new Batch(this.#record, columns, count, kept.weights), rows },
      metadata: Object.fromEntries(metadata),
    }
  }

  /** The rows that are no more: only the key means anything. */
  #ends(rows: Int32Array, keys: FoundKeys): Rows {
    const count = rows.length
    const columns = this.#record.fields.map(({ type }, column) => {
      const k = this.#keyColumns.indexOf(column)
      return k >= 0 ? keyColumn(keys, k, rows) : columnOf(type, new Array<null>(count).fill(null))
    })
    const weights = new Int32Array(count).fill(-1)
    return { batch: new Batch(this.#record, columns, count, weights), rows }
  }
}

interface Rows {
  readonly batch: Batch
  /** The message of each. */
  readonly rows: Int32Array
  readonly metadata?: DecodedMessages['metadata']
}

/** Decoded keys, and the row of each message among them. */
interface FoundKeys {
  readonly batch: Batch
  readonly of: Int32Array
}

const keyColumn = ({ batch, of }: FoundKeys, k: number, messages: Int32Array): Column =>
  gather(
    batch.columns[k],
    messages.map((i) => of[i]),
    messages.length,
  )

/** In the order of the messages. */
function merged(puts: Rows, ends: Rows): Rows {
  const rows = Int32Array.from([...puts.rows, ...ends.rows])
  const order = Int32Array.from(rows.keys()).sort((a, b) => rows[a] - rows[b] || a - b)
  return {
    batch: concat([puts.batch, ends.batch]).keep(order, order.length),
    rows: order.map((row) => rows[row]),
  }
}

const noKeys = (count: number): MessageKeys => ({
  starts: new Int32Array(count).fill(-1),
  ends: new Int32Array(count),
})

function keyless(index: number, reason = 'the message has no key'): BadMessage {
  const details = { index: 0, reason }
  return { index, error: new SqlError('BAD_RECORD', `Record 0: ${reason}`, { details }) }
}
