/** Arrow IPC streams and files that others wrote into batches. They come over the network, so
 *  nothing in them is trusted. */

import { MessageHeader } from 'apache-arrow/fb/message-header'
import type { RecordBatch } from 'apache-arrow/fb/record-batch'
import { asSqlError, fail } from '../base/errors.ts'
import { Batch } from './batch.ts'
import type { Column } from './column.ts'
import { arrowFile } from './ipc-file.ts'
import { foreignColumn, nullColumn } from './ipc-foreign-column.ts'
import { type ForeignData, ForeignReader } from './ipc-foreign-read.ts'
import { type ForeignField, foreignFields, foreignSchema } from './ipc-foreign-schema.ts'
import { batchOf, dictionaryOf, messageAt, type ReadMessage } from './ipc-message.ts'
import type { Field, Schema } from './schema.ts'

export interface ArrowPolicy {
  /** Columns of the stream that the schema does not have. Default: fail. */
  readonly unknownFields?: 'ignore' | 'fail'
  /** Nullable columns that the stream does not have. Default: null. */
  readonly missingFields?: 'null' | 'fail'
  /** Rows that all batches may have together. */
  readonly rowsMax?: number
}

const ROWS_MAX = 4_000_000

/** The record batches of a complete stream, or a file, under `schema`; columns are matched by
 *  name. Types that hold the same values are converted (smaller integers, other time units,
 *  dictionaries); values are checked, also UTF-8. Raises BAD_RECORD with `details` {index,
 *  column, reason}; an index counts over all batches and is absent if the whole column is at
 *  fault. LIMIT_EXCEEDED beyond `rowsMax` rows. */
export function fromArrowStream(
  bytes: Uint8Array,
  schema: Schema,
  policy: ArrowPolicy = {},
): Batch[] {
  const stream = new ForeignStream(bytes)
  const fields = stream.fields()
  const positions = matchColumns(fields, schema, policy)
  const batches: Batch[] = []
  let rowsBefore = 0
  for (let data = stream.next(); data !== null; data = stream.next()) {
    const { rowCount, columns } = data
    if (rowsBefore + rowCount > (policy.rowsMax ?? ROWS_MAX)) {
      fail('LIMIT_EXCEEDED', `The request has more than ${policy.rowsMax ?? ROWS_MAX} rows`)
    }
    const converted = schema.fields.map((field, i) =>
      positions[i] < 0
        ? nullColumn(field.type, rowCount)
        : checkedColumn(columns[positions[i]], field, rowsBefore),
    )
    batches.push(new Batch(schema, converted, rowCount))
    rowsBefore += rowCount
  }
  return batches
}

/** For each column of the schema its position in the stream; -1 if it is missing. */
function matchColumns(
  fields: readonly ForeignField[],
  schema: Schema,
  policy: ArrowPolicy,
): number[] {
  const names = fields.map((field) => field.name)
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) !== i) badStream('the column stands there twice', name)
    const known = schema.fields.some((field) => field.name === name)
    if (!known && policy.unknownFields !== 'ignore') badStream('there is no such column', name)
  }
  return schema.fields.map(({ name, nullable }) => {
    const position = names.indexOf(name)
    const needed = !nullable || policy.missingFields === 'fail'
    if (position < 0 && needed) badStream('the column is missing', name)
    return position
  })
}

interface ForeignBatch {
  readonly rowCount: number
  readonly columns: readonly ForeignData[]
}

/** The messages of a stream. All errors in its form are BAD_RECORD. */
class ForeignStream {
  #bytes: Uint8Array
  #isFile = false
  readonly #dictionaries = new Map<number, ForeignData[]>()
  #fields: readonly ForeignField[] = []
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  fields(): readonly ForeignField[] {
    return guarded(() => {
      const file = arrowFile(this.#bytes)
      if (file !== undefined) {
        this.#isFile = true
        this.#bytes = file.messages
        this.#fields = foreignFields(file.schema)
        return this.#fields
      }
      const message = this.#message()
      if (message?.type !== MessageHeader.Schema) fail('INVALID_VALUE', 'the schema is missing')
      this.#fields = foreignSchema(message)
      return this.#fields
    })
  }

  next(): ForeignBatch | null {
    return guarded(() => {
      for (;;) {
        const message = this.#message()
        if (message === null) return null
        // A file may have it, but has it in its footer as well.
        if (message.type === MessageHeader.Schema && this.#isFile) continue
        if (message.type !== MessageHeader.DictionaryBatch) return this.#batch(message)
        this.#addDictionary(message)
      }
    })
  }

  #message(): ReadMessage | null {
    const bytes = this.#bytes
    if (this.#at === bytes.length && (this.#at > 0 || this.#isFile)) return null
    const end = bytes.subarray(this.#at, this.#at + 8)
    if (end.length === 8 && end.every((byte, i) => byte === (i < 4 ? 255 : 0))) return null
    const message = messageAt(bytes, this.#at)
    this.#at = message.end
    return message
  }

  #batch(message: ReadMessage): ForeignBatch {
    const header = batchOf(message)
    const columns = this.#columns(header, message.body, this.#fields)
    const rowCount = Number(header.length())
    if (columns.some((column) => column.length !== rowCount)) {
      fail('INVALID_VALUE', 'a column has another length than its batch')
    }
    return { rowCount, columns }
  }

  #columns(header: RecordBatch, body: Uint8Array, fields: readonly ForeignField[]): ForeignData[] {
    const reader = new ForeignReader(header, body, this.#dictionaries)
    return fields.map((field) => reader.column(field))
  }

  #addDictionary(message: ReadMessage): void {
    const header = dictionaryOf(message)!
    const id = Number(header.id())
    const field = findDictionary(this.#fields, id)
    const data = header.data()
    if (field === undefined || data === null) fail('INVALID_VALUE', 'a dictionary is not declared')
    const entries = this.#columns(data, message.body, [{ name: '', type: field.type }])
    const known = header.isDelta() ? (this.#dictionaries.get(id) ?? []) : []
    this.#dictionaries.set(id, [...known, ...entries])
  }
}

function findDictionary(fields: readonly ForeignField[], id: number): ForeignField | undefined {
  for (const field of fields) {
    if (field.dictionary?.id === id) return field
    const inner = findDictionary(field.type.fields, id)
    if (inner !== undefined) return inner
  }
  return undefined
}

/** Whatever goes wrong while reading the form of the stream is the stream's fault. */
function guarded<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    return badStream(`this is not a whole Arrow IPC stream (${asSqlError(error).message})`)
  }
}

function checkedColumn(data: ForeignData, field: Field, rowsBefore: number): Column {
  const { name, nullable, type } = field
  try {
    const column = foreignColumn(data, type)
    if (!nullable && column.validity !== null) refuseNulls(column)
    return column
  } catch (error) {
    const { code, message, details } = asSqlError(error)
    if (code !== 'INVALID_VALUE' && code !== 'OUT_OF_RANGE') throw error
    const row = details?.row
    return badStream(message, name, typeof row === 'number' ? rowsBefore + row : undefined)
  }
}

function refuseNulls(column: Column): void {
  for (let row = 0; row < column.length; row++) {
    if (column.isNull(row)) fail('INVALID_VALUE', 'the column is NOT NULL', { details: { row } })
  }
}

function badStream(reason: string, column?: string, index?: number): never {
  const what = column === undefined ? 'Arrow' : `Column ${column}`
  const where = index === undefined ? '' : ` at record ${index}`
  fail('BAD_RECORD', `${what}${where}: ${reason}`, { details: { index, column, reason } })
}
