/** JSON messages into columns. The generated loop reads what it knows from the bytes; what it
 *  leaves goes through `decodeJsonRows`, one message at a time, so that both ways mean
 *  the same. */

import { asSqlError, SqlError } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { allocate, Column, gather, type Values } from '../batch/column.ts'
import { columnBuilder } from '../batch/column-builder.ts'
import { concatColumns } from '../batch/concat.ts'
import { valueAt } from '../batch/rows.ts'
import type { Field, Schema } from '../batch/schema.ts'
import { schemaOf } from '../batch/schema.ts'
import { asBuffer } from '../batch/text.ts'
import type { DecodeOptions } from '../format/format.ts'
import { GrowingText } from '../format/growing-text.ts'
import { decodeJsonRows } from '../format/json.ts'
import { skipSpace, skipValue, Utf8State } from '../format/json-scan.ts'
import {
  type BadMessage,
  badMessage,
  type DecodedMessages,
  type MessageDecoder,
  type Messages,
  withoutBad,
} from '../format/messages.ts'
import { type LaterValues, laterValues } from './json-later.ts'
import { type JsonLoop, type JsonTarget, jsonLoop } from './json-message-code.ts'
import { jsonColumnWay } from './json-value-code.ts'

const NO_BYTES = new Uint8Array(0)
const NO_INTS = new Int32Array(0)

export class JsonMessages implements MessageDecoder {
  readonly #schema: Schema
  readonly #options: DecodeOptions
  readonly #within: boolean
  readonly #loop: JsonLoop
  readonly #later: readonly (((ranges: Messages) => LaterValues) | undefined)[]
  /** Messages that went the slow way so far. */
  slowCount = 0

  /** `within`: the values of a column, which are objects and nothing else. */
  constructor(schema: Schema, options: DecodeOptions, within = false) {
    this.#schema = schema
    this.#options = options
    this.#within = within
    this.#loop = jsonLoop(schema, options)
    const inner = { ...options, missingFields: 'null', paths: undefined } as const
    const decoderOf = (fields: readonly Field[]) => new JsonMessages(schemaOf(fields), inner, true)
    this.#later = schema.fields.map((field) =>
      jsonColumnWay(field.type) === 'later' ? laterValues(field, options, decoderOf) : undefined,
    )
  }

  /** The generated code, for EXPLAIN CODE. */
  get source(): string {
    return this.#loop.source
  }

  decode({ bytes, starts, ends }: Messages): DecodedMessages {
    const count = starts.length
    const targets = this.#schema.fields.map((field) => targetFor(field, count))
    const extra = new GrowingText(bytes)
    const slow = new Uint8Array(count)
    const nullCount = this.#loop({
      bytes,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      text: asBuffer(bytes),
      starts,
      ends,
      targets: targets.map(({ arrays }) => arrays),
      utf8: new Utf8State(bytes),
      extra,
      slow,
    })
    const bad = new BadMessages()
    const left = slowRowsOf(slow)
    this.slowCount += left.length
    this.#decodeSlowly({ bytes, starts, ends }, left, { targets, extra, bad })
    const anyNull = nullCount > 0 || slow.includes(1)
    const columns = this.#schema.fields.map((field, k) =>
      this.#column(field, k, targets[k], { bytes, extra, bad, slow, anyNull, count }),
    )
    return withoutBad(new Batch(this.#schema, columns, count), bad.list())
  }

  /** All these messages at once, by halves where one of them is bad. */
  #decodeSlowly(messages: Messages, rows: Int32Array, into: SlowTarget): void {
    if (rows.length === 0) return
    if (rows.length === 1) {
      this.#decodeOne(messages, rows[0], into)
      return
    }
    const document = documentOf(messages, rows)
    if (document !== undefined && this.#decodeTogether(document, rows, into)) return
    const half = rows.length >> 1
    this.#decodeSlowly(messages, rows.subarray(0, half), into)
    this.#decodeSlowly(messages, rows.subarray(half), into)
  }

  /** False if one of them is bad. */
  #decodeTogether(document: Uint8Array, rows: Int32Array, { targets, extra }: SlowTarget): boolean {
    try {
      const { batch } = decodeJsonRows(document, this.#schema, this.#options)
      for (const [k, target] of targets.entries()) {
        for (let i = 0; i < rows.length; i++) target.take(rows[i], batch.columns[k], i, extra)
      }
      return true
    } catch (error) {
      if (asSqlError(error).code !== 'BAD_RECORD') throw error
      return false
    }
  }

  #decodeOne({ bytes, starts, ends }: Messages, row: number, into: SlowTarget): void {
    const { targets, extra, bad } = into
    try {
      const message = bytes.subarray(starts[row], ends[row])
      const { batch } = decodeJsonRows(message, this.#schema, this.#options)
      const isArray = this.#within && bytes[skipSpace(bytes, starts[row])] === OPEN[0]
      if (batch.rowCount !== 1 || isArray) throw notAnObject()
      for (const [k, target] of targets.entries()) target.take(row, batch.columns[k], 0, extra)
    } catch (error) {
      bad.add(badMessage(row, error))
    }
  }

  #column(field: Field, k: number, target: Target, of: ColumnContext): Column {
    const { type } = field
    const { count, anyNull, bytes, extra } = of
    const validity = anyNull ? validityOf(target.arrays.nulls, count) : null
    const { starts, ends } = target.arrays
    switch (jsonColumnWay(type)) {
      case 'fixed':
        return new Column({ type, length: count, values: target.values, validity })
      case 'text':
        return new Column({
          type,
          length: count,
          values: extra.heap(bytes),
          validity,
          starts,
          ends,
        })
      case 'later':
        return this.#parsedLater(field, k, target, of)
    }
  }

  /** Values whose JSON was only stepped over, and those that the slow way found. */
  #parsedLater(
    field: Field,
    k: number,
    target: Target,
    { bytes, bad, slow, count }: ColumnContext,
  ): Column {
    const { starts, ends, nulls } = target.arrays
    const isPresent = (i: number) => slow[i] === 0 && nulls[i] !== 1
    const present = Int32Array.from(starts.keys()).filter(isPresent)
    const found = this.#later[k]!({
      bytes,
      starts: present.map((i) => starts[i]),
      ends: present.map((i) => ends[i]),
    })
    for (const { index, error } of found.bad) bad.add({ index: present[index], error })
    if (found.column.length === count) return found.column
    // What is not there, is bad or went the slow way stands behind the others.
    const others = columnBuilder(field.type)
    others.appendNull()
    const places = new Int32Array(count).fill(found.column.length)
    for (let row = 0; row < found.column.length; row++) {
      places[present[found.rows?.[row] ?? row]] = row
    }
    for (const [i, { column, at }] of target.slowRows) {
      places[i] = found.column.length + others.length
      others.append(valueAt(column, at))
    }
    return gather(concatColumns([found.column, others.finish()]), places, count)
  }
}

const notAnObject = (): SqlError =>
  new SqlError('BAD_RECORD', 'Record 0: wanted an object, found an array', {
    details: { index: 0, reason: 'wanted an object, found an array' },
  })

interface ColumnContext {
  readonly bytes: Uint8Array
  readonly extra: GrowingText
  readonly bad: BadMessages
  readonly slow: Uint8Array
  readonly anyNull: boolean
  readonly count: number
}

/** The first error of each bad message. */
class BadMessages {
  readonly #byIndex = new Map<number, BadMessage>()

  add(bad: BadMessage): void {
    if (!this.#byIndex.has(bad.index)) this.#byIndex.set(bad.index, bad)
  }

  list(): BadMessage[] {
    return [...this.#byIndex.values()].sort((a, b) => a.index - b.index)
  }
}

interface SlowTarget {
  readonly targets: readonly Target[]
  readonly extra: GrowingText
  readonly bad: BadMessages
}

function slowRowsOf(slow: Uint8Array): Int32Array {
  const rows: number[] = []
  for (let i = slow.indexOf(1); i >= 0; i = slow.indexOf(1, i + 1)) rows.push(i)
  return Int32Array.from(rows)
}

/** The messages as one JSON array; undefined if one of them is no object of its own: joined, pieces
 *  of JSON could make up something whole. */
function documentOf({ bytes, starts, ends }: Messages, rows: Int32Array): Uint8Array | undefined {
  const utf8 = new Utf8State(bytes)
  const parts: Uint8Array[] = []
  for (const row of rows) {
    const first = skipSpace(bytes, starts[row])
    if (bytes[first] !== 123) return undefined
    const last = skipValue(bytes, first, utf8)
    if (last < 0 || skipSpace(bytes, last) < ends[row] || last > ends[row]) return undefined
    parts.push(parts.length === 0 ? OPEN : COMMA, bytes.subarray(first, last))
  }
  return Buffer.concat([...parts, END])
}

const OPEN = Buffer.from('[')
const COMMA = Buffer.from(',')
const END = Buffer.from(']')

interface Target {
  readonly arrays: JsonTarget
  readonly values: Values
  /** Of a column that is parsed later: where the slow way found the value. */
  readonly slowRows: ReadonlyMap<number, { readonly column: Column; readonly at: number }>
  /** Puts the value of row `at` of a column at `row`. */
  take(row: number, column: Column, at: number, extra: GrowingText): void
}

function targetFor({ type, nullable }: Field, count: number): Target {
  const way = jsonColumnWay(type)
  const nulls = nullable ? new Uint8Array(count) : NO_BYTES
  const values = way === 'fixed' ? allocate(type, count) : NO_BYTES
  const wide = values instanceof BigInt64Array
  const arrays: JsonTarget = {
    values: wide ? NO_BYTES : (values as JsonTarget['values']),
    lanes: wide ? new Int32Array(values.buffer) : NO_INTS,
    starts: way === 'fixed' ? NO_INTS : new Int32Array(count),
    ends: way === 'fixed' ? NO_INTS : new Int32Array(count),
    nulls,
  }
  const slowRows = new Map<number, { column: Column; at: number }>()
  const take = (row: number, column: Column, at: number, extra: GrowingText): void => {
    // The loop may have come this far before it met what it does not know.
    nulls[row] = column.isNull(at) ? 1 : 0
    if (way === 'later') slowRows.set(row, { column, at })
    else if (way === 'fixed') values[row] = column.values[at]
    else {
      const heap = column.values as Uint8Array
      arrays.starts[row] = extra.add(heap.subarray(column.starts[at], column.ends[at]))
      arrays.ends[row] = extra.end
    }
  }
  return { arrays, values, slowRows, take }
}

/** The nulls as a bitmap; null if there are none. */
function validityOf(nulls: Uint8Array, count: number): Uint8Array | null {
  if (!nulls.includes(1)) return null
  const bits = new Uint8Array((count + 7) >> 3).fill(255)
  for (let i = 0; i < count; i++) if (nulls[i] === 1) bits[i >> 3] &= ~(1 << (i & 7))
  return bits
}
