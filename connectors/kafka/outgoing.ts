/** A result's rows as Kafka's messages: key, value, headers, time. */

import type { Clock } from '../../engine/base/clock.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { type Schema, schemaOf } from '../../engine/batch/schema.ts'
import type { Value } from '../../engine/batch/value.ts'
import { withSubject } from '../../engine/format/confluent.ts'
import { type EncodeParts, rowEncoder } from '../../engine/format/encode-rows.ts'
import type { EncodedRows, RowEncoder } from '../../engine/format/encoded-rows.ts'
import { takesMoreOfRows } from '../../engine/source/encode-parts.ts'
import { jsonPaths } from '../../engine/source/json-paths.ts'
import {
  keyAmong,
  keyFormatOptions,
  messageKeyColumns,
  messageKeySchema,
  messageValueColumns,
} from '../../engine/source/keyed-messages.ts'
import type { SinkFrame } from '../../engine/source/sink.ts'
import { insertColumns, recordColumns, type TableSpec } from '../../engine/source/table.ts'
import { bytesOf, givenMetadata } from '../row-messages.ts'
import { partitioner } from './partitioner.ts'

/** As the client library takes it. */
export interface OutgoingMessage {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | undefined
  /** null: a tombstone. */
  readonly value: Buffer | null
  /** The values of some may be null, which the library's type does not know; it writes them. */
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

  private constructor(table: TableSpec, clock: Clock, { key, value }: Parts) {
    const { options, metadata = [] } = table
    this.#table = table
    this.#clock = clock
    this.#hasTimes = metadata.some(({ key, writable }) => writable && key === 'timestamp')
    this.#key = key
    this.#value = value
    this.#metadata = givenMetadata(table)
    this.#partition = partitioner(options['sink.partitioner'])
  }

  /** UNSUPPORTED for a format that cannot be written, or not with these columns. */
  static async open(table: TableSpec, clock: Clock): Promise<OutgoingMessages> {
    const { options, schema } = table
    const columns = recordColumns(table)
    const record = schemaOf(columns.map((column) => schema.fields[column]))
    const keyColumns = messageKeyColumns(table)
    const valueColumns = messageValueColumns(record, keyColumns, options)
    const given = insertColumns(table)
    const placesOf = (of: readonly number[]) => of.map((column) => given.indexOf(columns[column]))
    const keySchema = messageKeySchema(record, keyColumns, options)
    const valueSchema = schemaOf(valueColumns.map((column) => record.fields[column]))
    const hasKey = keyColumns.length > 0
    const { topic } = options
    const keyOptions = keyFormatOptions(options)
    return new OutgoingMessages(table, clock, {
      key: hasKey
        ? await Part.open(
            placesOf(keyColumns),
            keySchema,
            withSubject(keyOptions, `${topic}-key`),
            { paths: jsonPaths(keyOptions), alone: true },
          )
        : undefined,
      value: await Part.open(
        placesOf(valueColumns),
        valueSchema,
        withSubject(options, `${topic}-value`),
        {
          ...{ key: keyAmong(table, valueColumns), paths: jsonPaths(options) },
          alone: hasKey || takesMoreOfRows(table),
        },
      ),
    })
  }

  /** In the order of the rows. */
  of({ batch }: SinkFrame): OutgoingMessage[] {
    const keys = this.#key?.encode(batch.withoutWeights()).records.map(bytesOf) ?? []
    if (this.#table.connector === 'upsert-kafka') return this.#upserts(batch, keys)
    const { records, rows } = this.#value.encode(batch)
    return records.map((record, i) => {
      const row = rows?.[i] ?? i
      return this.#message(batch, row, keys[row], bytesOf(record))
    })
  }

  /** Of each key that changed the new row, or a tombstone if there is none. */
  #upserts(batch: Batch, keys: readonly Buffer[]): OutgoingMessage[] {
    const { weights } = batch
    const { records } = this.#value.encode(batch.withoutWeights())
    const isGone = (row: number) => weights !== null && weights[row] < 0
    const last = new Map<string, number>()
    for (let row = 0; row < batch.rowCount; row++) {
      const key = keys[row].toString('latin1')
      if (!isGone(row) || !last.has(key)) last.set(key, row)
    }
    return [...last.values()].map((row) =>
      this.#message(batch, row, keys[row], isGone(row) ? null : bytesOf(records[row])),
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

interface Parts {
  readonly key: Part | undefined
  readonly value: Part
}

/** The key or the value of messages. */
class Part {
  readonly #places: readonly number[]
  readonly #schema: Schema
  readonly #encode: RowEncoder

  private constructor(places: readonly number[], schema: Schema, encode: RowEncoder) {
    this.#places = places
    this.#schema = schema
    this.#encode = encode
  }

  /** `places`: of the columns in a frame's batch. */
  static async open(
    places: readonly number[],
    schema: Schema,
    options: TableSpec['options'],
    parts: EncodeParts,
  ): Promise<Part> {
    return new Part(places, schema, await rowEncoder(schema, options, parts))
  }

  encode(batch: Batch): EncodedRows {
    const columns = this.#places.map((place) => batch.columns[place])
    return this.#encode(batch.withColumns(this.#schema, columns))
  }
}

type HeaderEntries = readonly (readonly [string, Value])[]

const headersOf = (entries: HeaderEntries): Map<Buffer, Buffer> =>
  new Map(
    entries.map(([name, value]) => [
      Buffer.from(name),
      value === null ? (null as unknown as Buffer) : Buffer.from(value as Uint8Array),
    ]),
  )
