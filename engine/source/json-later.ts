/** JSON values that the generated loop only steps over, each a range of bytes: parsed together
 *  after it. ROWs are read from their bytes like messages, so that of an object only the declared
 *  fields are made. */

import { asSqlError } from '../base/errors.ts'
import { emptyBatch } from '../batch/batch.ts'
import { Column } from '../batch/column.ts'
import { concat } from '../batch/concat.ts'
import { type Field, schemaOf } from '../batch/schema.ts'
import type { DecodeOptions } from '../format/format.ts'
import { decodeJsonRows } from '../format/json.ts'
import {
  type BadMessage,
  badMessage,
  type DecodedMessages,
  type MessageDecoder,
  type Messages,
} from '../format/messages.ts'

export interface LaterValues {
  readonly column: Column
  /** The range of each value; null: value i is range i. */
  readonly rows: Int32Array | null
  readonly bad: readonly BadMessage[]
}

/** Of one column; every range is a JSON value that is not null. `decoderOf` reads objects. */
export function laterValues(
  field: Field,
  options: DecodeOptions,
  decoderOf: (fields: readonly Field[]) => MessageDecoder,
): (ranges: Messages) => LaterValues {
  const { type } = field
  if (type.kind === 'row' && type.fields.length > 0) {
    const fields = type.fields.map((part) => ({ ...part, nullable: true }))
    const decoder = decoderOf(fields)
    return (ranges) => {
      const { batch, rows, bad } = decoder.decode(ranges)
      const column = new Column({ type, length: batch.rowCount, children: batch.columns })
      return { column, rows, bad }
    }
  }
  const values = new ValuesTogether(field, { ...options, paths: undefined })
  return (ranges) => {
    const { batch, rows, bad } = values.decode(ranges)
    return { column: batch.columns[0], rows, bad }
  }
}

/** As one document, by halves where a value is bad. */
class ValuesTogether implements MessageDecoder {
  readonly #schema
  readonly #options: DecodeOptions
  readonly #key: Buffer

  constructor(field: Field, options: DecodeOptions) {
    this.#schema = schemaOf([field])
    this.#options = options
    this.#key = Buffer.from(`${JSON.stringify(field.name)}:`)
  }

  decode(ranges: Messages): DecodedMessages {
    const bad: BadMessage[] = []
    const rows: number[] = []
    const batches = [emptyBatch(this.#schema)]
    const decode = (from: number, to: number): void => {
      try {
        batches.push(
          decodeJsonRows(this.#document(ranges, from, to), this.#schema, this.#options).batch,
        )
        for (let i = from; i < to; i++) rows.push(i)
      } catch (error) {
        if (to - from === 1) {
          bad.push(badMessage(from, error))
          return
        }
        if (asSqlError(error).code !== 'BAD_RECORD') throw error
        const half = (from + to) >> 1
        decode(from, half)
        decode(half, to)
      }
    }
    if (ranges.starts.length > 0) decode(0, ranges.starts.length)
    return { batch: concat(batches), rows: bad.length === 0 ? null : Int32Array.from(rows), bad }
  }

  /** The values of some ranges as an array of records. */
  #document({ bytes, starts, ends }: Messages, from: number, to: number): Uint8Array {
    const parts: Uint8Array[] = []
    for (let i = from; i < to; i++) {
      parts.push(i === from ? FIRST : NEXT, this.#key, bytes.subarray(starts[i], ends[i]))
    }
    return Buffer.concat([...parts, END])
  }
}

const FIRST = Buffer.from('[{')
const NEXT = Buffer.from('},{')
const END = Buffer.from('}]')
