/** Messages that have a key beside their value, as Kafka's: some of the table's columns are in the
 *  key. A message without a value is a tombstone: the row of its key is no more. */

import { SqlError } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { type Column, gather } from '../batch/column.ts'
import { concat } from '../batch/concat.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import type { BadMessage, DecodedMessages, MessageDecoder, Messages } from '../format/messages.ts'
import { messageDecoder } from './format-options.ts'
import { recordColumns, type TableSpec } from './table.ts'

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
    this.#value = messageDecoder(valueSchema, options)
  }

  decode(messages: MessagesWithKeys): DecodedMessages {
    const { starts } = messages
    const all = Int32Array.from(starts.keys())
    const present = all.filter((i) => starts[i] >= 0)
    if (this.#hasKey && present.length === starts.length) return this.#value.decode(messages)
    const values = new Part(this.#value, messages, messages, present)
    const keyed = this.#hasKey ? all.filter((i) => starts[i] < 0) : all
    const keys = new Part(this.#key, messages, messages.keys ?? NO_KEYS, keyed)
    const isBad = new Map([...keys.bad, ...values.bad].map((bad) => [bad.index, bad]))
    const rows = all.filter((i) => !isBad.has(i))
    const bad = [...isBad.values()].sort((a, b) => a.index - b.index)
    return { batch: this.#joined({ rows, starts, values, keys }), rows, bad }
  }

  #joined({ rows, starts, values, keys }: Joined): Batch {
    const count = rows.length
    const valueRows = rows.map((i) => Math.max(0, values.rowOf[i]))
    const columns: Column[] = []
    for (const [i, column] of this.#valueColumns.entries()) {
      const { type } = this.#record.fields[column]
      columns[column] =
        values.batch.rowCount === 0
          ? columnOf(type, Array(count).fill(null))
          : gather(values.batch.columns[i], valueRows, count)
    }
    const keyBatch = this.#hasKey ? this.#keysOfBoth(values.batch, keys.batch) : keys.batch
    const shift = this.#hasKey ? values.batch.rowCount : 0
    const keyRows = rows.map((i) =>
      this.#hasKey && values.rowOf[i] >= 0 ? values.rowOf[i] : shift + keys.rowOf[i],
    )
    for (const [i, column] of this.#keyColumns.entries()) {
      columns[column] = gather(keyBatch.columns[i], keyRows, count)
    }
    const weights = rows.map((i, row) =>
      starts[i] < 0 ? -1 : (values.batch.weights?.[valueRows[row]] ?? 1),
    )
    const isPlain = weights.every((weight) => weight === 1)
    return new Batch(this.#record, columns, count, isPlain ? null : weights)
  }

  /** The keys in the values, and behind them those of tombstones. */
  #keysOfBoth(values: Batch, keys: Batch): Batch {
    const columns = this.#keyColumns.map(
      (column) => values.columns[this.#valueColumns.indexOf(column)],
    )
    return concat([new Batch(keys.schema, columns, values.rowCount), keys.withoutWeights()])
  }
}

interface Joined {
  /** The messages that are rows. */
  readonly rows: Int32Array
  readonly starts: Int32Array
  readonly values: Part
  readonly keys: Part
}

const NO_KEYS: MessageKeys = { starts: new Int32Array(0), ends: new Int32Array(0) }

/** One part of some of the messages, decoded. */
class Part {
  readonly batch: Batch
  /** The row of each message; -1: none. */
  readonly rowOf: Int32Array
  /** By the messages' own numbers. */
  readonly bad: readonly BadMessage[]

  constructor(
    decoder: MessageDecoder,
    { bytes, starts: all }: Messages,
    { starts, ends }: MessageKeys,
    wanted: Int32Array,
  ) {
    const there = wanted.filter((i) => starts[i] >= 0)
    const absent = wanted.filter((i) => !(starts[i] >= 0))
    const decoded = decoder.decode({
      bytes,
      starts: there.map((i) => starts[i]),
      ends: there.map((i) => ends[i]),
    })
    this.batch = decoded.batch
    this.rowOf = new Int32Array(all.length).fill(-1)
    for (let row = 0; row < decoded.batch.rowCount; row++) {
      this.rowOf[there[decoded.rows?.[row] ?? row]] = row
    }
    const bad = decoded.bad.map(({ index, error }) => ({ index: there[index], error }))
    this.bad = [...bad, ...[...absent].map(keyless)]
  }
}

function keyless(index: number): BadMessage {
  const reason = 'the message has no key'
  const details = { index: 0, reason }
  return { index, error: new SqlError('BAD_RECORD', `Record 0: ${reason}`, { details }) }
}
