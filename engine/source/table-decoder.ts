/** Makes batches of a table's schema from chunks: decodes what is still bytes, puts metadata in its
 *  place, computes the computed columns. Built once per table, shared by all its splits. */

import { assert } from '../base/assert.ts'
import type { EpochClock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { Batch, emptyBatch } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { type Column, gather } from '../batch/column.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { compileProject } from '../expr/compile-project.ts'
import type { DecodedMessages, MessageDecoder, Messages } from '../format/messages.ts'
import { hasMessageSchema } from './binary-format-options.ts'
import { type DeadLetter, deadLettersName } from './dead-letter-table.ts'
import { badRecordPolicy } from './format-options.ts'
import { KeyedMessages, messageKeyColumns } from './keyed-messages.ts'
import { messageDecoder } from './message-decoder.ts'
import type { Chunk, Offset } from './source.ts'
import { recordColumns, recordKey, type TableSpec, valueMetadata } from './table.ts'
import { compileWatermark, type FollowWatermark } from './watermark.ts'

/** Raises what is wrong with the schema of a table's messages: INVALID_OPTION if it is none,
 *  TYPE_MISMATCH if it does not go with the columns. */
export function checkMessageSchema(table: TableSpec): void {
  const { format, 'key.format': keyFormat } = table.options
  if (hasMessageSchema(format) || hasMessageSchema(keyFormat)) decoderOf(table)
}

function decoderOf(table: TableSpec): MessageDecoder {
  const { schema, options } = table
  const record = schemaOf(recordColumns(table).map((column) => schema.fields[column]))
  if (messageKeyColumns(table).length > 0) return new KeyedMessages(table, record)
  const metadata = valueMetadata(table)
  return messageDecoder(record, options, { key: recordKey(table), metadata })
}

export class TableDecoder {
  readonly #table: TableSpec
  readonly #stored: Schema
  readonly #record: readonly number[]
  readonly #project: ReturnType<typeof compileProject> | undefined
  #messages: MessageDecoder | undefined
  readonly follow: FollowWatermark | undefined
  /** A row can take the place of one that is behind the watermark. */
  readonly isKeyed: boolean
  readonly #onDeadLetter: (letter: DeadLetter) => void
  /** Messages that did not fit and were not decoded. */
  badRecords = 0

  constructor(table: TableSpec, onDeadLetter: (letter: DeadLetter) => void = () => {}) {
    this.#table = table
    this.#onDeadLetter = onDeadLetter
    this.#stored = schemaOf(table.schema.fields.slice(0, table.storedCount))
    this.#record = recordColumns(table)
    this.isKeyed = table.primaryKey !== undefined
    if (table.computed.length > 0) this.#project = compileProject(table.computed, this.#stored)
    if (table.watermark) this.follow = compileWatermark(table.watermark, table.schema)
  }

  /** See `MessageDecoder.prepare`. */
  prepare(chunk: Chunk): Promise<void> | undefined {
    return 'batch' in chunk ? undefined : this.#decoder.prepare?.(chunk)
  }

  /** The chunk's rows with all the table's columns, in the schema's order. Messages that do not fit
   *  are handed over or passed over; BAD_RECORD for the first one if the table wants that. */
  decode(chunk: Chunk, clock: EpochClock, split = ''): Batch {
    const stored = this.#storedColumns(chunk, split)
    if (this.#project === undefined) return stored
    const computed = this.#computed(stored, clock)
    return stored.withColumns(this.#table.schema, [...stored.columns, ...computed])
  }

  /** Of tombstones only the key means anything: nothing is computed for them. */
  #computed(stored: Batch, clock: EpochClock): readonly Column[] {
    const project = this.#project!
    const { weights, rowCount } = stored
    if (this.#table.primaryKey === undefined || weights === null) return project(stored, clock)
    const rows = new Int32Array(rowCount)
    const places = new Int32Array(rowCount)
    let n = 0
    for (let row = 0; row < rowCount; row++) {
      if (weights[row] < 0) continue
      places[row] = n
      rows[n++] = row
    }
    const { computed } = this.#table
    if (n === 0) return computed.map(({ type }) => columnOf(type, Array(rowCount).fill(null)))
    return project(stored.keep(rows, n), clock).map((column) => gather(column, places, rowCount))
  }

  #storedColumns(chunk: Chunk, split: string): Batch {
    if ('batch' in chunk) {
      return this.#hasMetadata
        ? this.#withMetadata(chunk, { batch: chunk.batch, rows: null })
        : chunk.batch
    }
    const decoded = this.#decodeMessages(chunk, split)
    if (this.#hasMetadata) return this.#withMetadata(chunk, decoded)
    const { batch } = decoded
    return batch.withColumns(this.#stored, batch.columns)
  }

  get #hasMetadata(): boolean {
    const { metadata, formatMetadata } = this.#table
    return metadata !== undefined || formatMetadata !== undefined
  }

  #decodeMessages(chunk: Chunk & Messages, split: string): DecodedMessages {
    const decoded = this.#decoder.decode(chunk)
    const [first] = decoded.bad
    if (first === undefined) return decoded
    const policy = badRecordPolicy(this.#table.options)
    if (policy === 'fail') this.#refuse(first.error.message)
    this.badRecords += decoded.bad.length
    if (policy === 'skip') return decoded
    for (const { index, error } of decoded.bad) {
      this.#onDeadLetter({
        split,
        offset: offsetOf(chunk, index),
        error: error.message,
        record: chunk.bytes.slice(chunk.starts[index], chunk.ends[index]),
      })
    }
    return decoded
  }

  get #decoder(): MessageDecoder {
    this.#messages ??= decoderOf(this.#table)
    return this.#messages
  }

  #refuse(reason: string): never {
    fail('BAD_RECORD', `A message of table ${this.#table.name} does not fit. ${reason}`, {
      hint: `WITH ('bad-records' = 'dead_letter') keeps such messages in "${deadLettersName(this.#table.name)}".`,
    })
  }

  /** The record's columns with the metadata between them. `rows`: the messages they came from. */
  #withMetadata(chunk: Chunk, { batch, rows, metadata: own }: Decoded): Batch {
    if (batch.rowCount === 0) return emptyBatch(this.#stored)
    const { metadata = [], formatMetadata = [], connector, options } = this.#table
    const columns: Column[] = []
    for (const [i, column] of this.#record.entries()) columns[column] = batch.columns[i]
    for (const { column, key } of metadata) {
      const all = chunk.metadata?.[key]
      assert(all !== undefined, `the ${connector} connector brings no '${key}'`)
      columns[column] = rows === null ? all : gather(all, rows, rows.length)
    }
    for (const { column, key } of formatMetadata) {
      assert(own?.[key] !== undefined, `the format ${options.format} brings no '${key}'`)
      columns[column] = own[key]
    }
    return new Batch(this.#stored, columns, batch.rowCount, batch.weights, batch.watermarks)
  }
}

type Decoded = Pick<DecodedMessages, 'batch' | 'rows' | 'metadata'>

/** Of the record if the source or the numbers can tell, else of the chunk and the record's place in
 *  it. */
function offsetOf({ offsetOf, from, to, rowCount }: Chunk, index: number): Offset {
  if (offsetOf !== undefined) return offsetOf(index)
  const first = from === '' ? Number(to) - rowCount : Number(from)
  const isDense = Number.isSafeInteger(first) && first + rowCount === Number(to)
  return isDense ? String(first + index) : `${from}+${index}`
}
