/** A result's rows as Kafka's messages: key, value, headers, time. */

import type { Clock } from '../../engine/base/clock.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { type Schema, schemaOf } from '../../engine/batch/schema.ts'
import type { Value } from '../../engine/batch/value.ts'
import { type RowEncoder, rowEncoder, writesChangelog } from '../../engine/format/encode-rows.ts'
import {
  keyFormatOptions,
  messageKeyColumns,
  messageKeySchema,
  messageValueColumns,
} from '../../engine/source/keyed-messages.ts'
import type { SinkFrame } from '../../engine/source/sink.ts'
import { insertColumns, recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { givenMetadata } from '../row-messages.ts'
import { partitioner } from './partitioner.ts'

/** As the client library takes it. */
export interface OutgoingMessage {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | undefined
  /** null: a tombstone. */
  readonly value: Buffer | null
  readonly headers?: Map<Buffer, Buffer>
  readonly timestamp?: bigint
}

export class OutgoingMessages {
  readonly #table: TableSpec
  readonly #clock: Clock
  readonly #hasTimes: boolean
  readonly #key: Part | undefined
  readonly #value: Part
  readonly #metadata: ReturnType<typeof givenMetadata>
  readonly #partition: (key: Uint8Array | undefined) => number

  /** UNSUPPORTED for a format that cannot be written, or not with these columns. */
  constructor(table: TableSpec, clock: Clock) {
    const { options, schema, metadata = [] } = table
    const columns = recordColumns(table)
    const record = schemaOf(columns.map((column) => schema.fields[column]))
    const keyColumns = messageKeyColumns(table)
    const valueColumns = messageValueColumns(record, keyColumns, options)
    const given = insertColumns(table)
    const placesOf = (of: readonly number[]) => of.map((column) => given.indexOf(columns[column]))
    const keySchema = messageKeySchema(record, keyColumns, options)
    const valueSchema = schemaOf(valueColumns.map((column) => record.fields[column]))
    this.#table = table
    this.#clock = clock
    this.#hasTimes = metadata.some(({ key, writable }) => writable && key === 'timestamp')
    if (keyColumns.length > 0) {
      this.#key = new Part(placesOf(keyColumns), keySchema, keyFormatOptions(options))
    }
    this.#value = new Part(placesOf(valueColumns), valueSchema, options)
    this.#metadata = givenMetadata(table)
    this.#partition = partitioner(options['sink.partitioner'])
  }

  /** In the order of the rows. */
  of({ batch }: SinkFrame): OutgoingMessage[] {
    const keys = this.#key?.texts(batch.withoutWeights()) ?? []
    if (this.#table.primaryKey !== undefined) return this.#upserts(batch, keys)
    const rows = rowsWritten(batch, writesChangelog(this.#table.options))
    return this.#value
      .texts(batch)
      .map((value, i) => this.#message(batch, rows[i], keys[rows[i]], value))
  }

  /** Of each key that changed the new row, or a tombstone if there is none. */
  #upserts(batch: Batch, keys: readonly Buffer[]): OutgoingMessage[] {
    const { weights } = batch
    const values = this.#value.texts(batch.withoutWeights())
    const isGone = (row: number) => weights !== null && weights[row] < 0
    const last = new Map<string, number>()
    for (let row = 0; row < batch.rowCount; row++) {
      const key = keys[row].toString('latin1')
      if (!isGone(row) || !last.has(key)) last.set(key, row)
    }
    return [...last.values()].map((row) =>
      this.#message(batch, row, keys[row], isGone(row) ? null : values[row]),
    )
  }

  #message(
    batch: Batch,
    row: number,
    key: Buffer | undefined,
    value: Buffer | null,
  ): OutgoingMessage {
    const { headers, timestamp } = this.#metadata(batch, row)
    const us = (timestamp ?? this.#clock.nowUs()) as number | bigint
    return {
      ...{ topic: this.#table.options.topic, partition: this.#partition(key), key, value },
      ...(headers === undefined ? {} : { headers: headersOf(headers as HeaderEntries) }),
      ...(this.#hasTimes ? { timestamp: BigInt(us) / 1000n } : {}),
    }
  }
}

/** The key or the value of messages. */
class Part {
  readonly #places: readonly number[]
  readonly #schema: Schema
  readonly #encode: RowEncoder

  /** `places`: of the columns in a frame's batch. */
  constructor(places: readonly number[], schema: Schema, options: TableSpec['options']) {
    this.#places = places
    this.#schema = schema
    this.#encode = rowEncoder(schema, options)
  }

  texts(batch: Batch): Buffer[] {
    const columns = this.#places.map((place) => batch.columns[place])
    return this.#encode(batch.withColumns(this.#schema, columns)).map((text) => Buffer.from(text))
  }
}

/** The row of each message that the value's encoder makes of the batch. */
function rowsWritten({ weights, rowCount }: Batch, isChangelog: boolean): number[] {
  const rows: number[] = []
  for (let row = 0; row < rowCount; row++) {
    const weight = weights === null ? 1 : weights[row]
    const count = isChangelog ? Math.abs(weight) : Math.max(weight, 0)
    for (let n = 0; n < count; n++) rows.push(row)
  }
  return rows
}

type HeaderEntries = readonly (readonly [string, Value])[]

const headersOf = (entries: HeaderEntries): Map<Buffer, Buffer> =>
  new Map(
    entries.map(([name, value]) => [
      Buffer.from(name),
      value === null ? Buffer.alloc(0) : Buffer.from(value as Uint8Array),
    ]),
  )
