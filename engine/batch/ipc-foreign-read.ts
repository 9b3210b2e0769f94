/** The buffers of a foreign Arrow stream, cut out by its schema. Nothing is allocated by a number
 *  in the stream before the stream is seen to have the bytes for it. */

import { DateUnit } from 'apache-arrow/fb/date-unit'
import { IntervalUnit } from 'apache-arrow/fb/interval-unit'
import { Precision } from 'apache-arrow/fb/precision'
import type { RecordBatch } from 'apache-arrow/fb/record-batch'
import { TimeUnit } from 'apache-arrow/fb/time-unit'
import { Type } from 'apache-arrow/fb/type'
import { fail } from '../base/errors.ts'
import type { ForeignField, ForeignType } from './ipc-foreign-schema.ts'

type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array

/** One column of a foreign batch. Every array has at least the elements that `length` asks for. */
export interface ForeignData {
  readonly type: ForeignType
  readonly length: number
  /** null: no value is NULL. */
  readonly nullBitmap: Uint8Array | null
  /** Numbers, codes of the dictionary, bits (BOOLEAN) or the heap (strings). */
  readonly values: NumberArray
  readonly valueOffsets: Int32Array | BigInt64Array
  readonly children: readonly ForeignData[]
  /** Present if `values` are codes: its entries, in pieces. */
  readonly dictionary: readonly ForeignData[] | undefined
}

interface ArrayKind {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, at: number, length: number): NumberArray
}

const NO_OFFSETS = new Int32Array(1)
const NO_VALUES = new Uint8Array(0)
/** A nested column may have more elements than there are rows; not more than this. */
const ELEMENTS_MAX = 2 ** 26

/** Takes columns out of one message body. */
export class ForeignReader {
  readonly #view: DataView
  readonly #body: Uint8Array
  readonly #dictionaries: ReadonlyMap<number, readonly ForeignData[]>
  readonly #nodeEnd: number
  readonly #bufferEnd: number
  #node: number
  #buffer: number

  constructor(
    batch: RecordBatch,
    body: Uint8Array,
    dictionaries: ReadonlyMap<number, readonly ForeignData[]>,
  ) {
    if (batch.compression() !== null) fail('INVALID_VALUE', 'compressed bodies are not supported')
    const bytes = batch.bb!.bytes()
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#body = body
    this.#dictionaries = dictionaries
    this.#node = batch.nodes(0)?.bb_pos ?? 0
    this.#buffer = batch.buffers(0)?.bb_pos ?? 0
    this.#nodeEnd = Math.min(this.#node + batch.nodesLength() * 16, bytes.byteLength)
    this.#bufferEnd = Math.min(this.#buffer + batch.buffersLength() * 16, bytes.byteLength)
  }

  /** The next column. Raises INVALID_VALUE if its buffers are not there or are too short, or its
   *  type is none we know. */
  column(field: ForeignField): ForeignData {
    const entries = field.dictionary && this.#dictionaries.get(field.dictionary.id)
    if (field.dictionary !== undefined && entries === undefined) {
      fail('INVALID_VALUE', 'a dictionary is missing')
    }
    const type = field.dictionary?.index ?? field.type
    const length = this.#number(this.#node, this.#nodeEnd)
    const nulls = this.#number(this.#node + 8, this.#nodeEnd)
    this.#node += 16
    if (length > ELEMENTS_MAX) fail('INVALID_VALUE', 'a column has too many elements')
    const none = { type, length, values: NO_VALUES, valueOffsets: NO_OFFSETS, children: [] }
    // Only the Null type has no bitmap at all.
    if (type.typeId === Type.Null) return { ...none, nullBitmap: null, dictionary: undefined }
    const bits = this.#bytes()
    if (nulls > 0 && bits.length * 8 < length) short()
    const column = { ...none, nullBitmap: nulls > 0 ? bits : null, dictionary: entries }
    return { ...column, ...this.#content(type, length) }
  }

  #content(type: ForeignType, length: number): Partial<ForeignData> {
    switch (type.typeId) {
      case Type.Bool: {
        const values = this.#bytes()
        return values.length * 8 < length ? short() : { values }
      }
      case Type.Utf8:
      case Type.Binary:
        return { valueOffsets: this.#offsets(length), values: this.#bytes() }
      case Type.LargeUtf8:
      case Type.LargeBinary: {
        const valueOffsets = this.#array(BigInt64Array, length === 0 ? 0 : length + 1)
        return { valueOffsets: valueOffsets as BigInt64Array, values: this.#bytes() }
      }
      case Type.List:
      case Type.Map:
        return { valueOffsets: this.#offsets(length), children: this.#children(type) }
      case Type.Struct_:
        return { children: this.#children(type) }
      case Type.Decimal:
        return { values: this.#array(BigInt64Array, length * 2) }
      default:
        return { values: this.#array(arrayOf(type), length) }
    }
  }

  #children(type: ForeignType): ForeignData[] {
    return type.fields.map((field) => this.column(field))
  }

  #offsets(length: number): Int32Array {
    // Without rows, Arrow allows that there are no offsets at all.
    return this.#array(Int32Array, length === 0 ? 0 : length + 1) as Int32Array
  }

  /** A 64-bit number of the metadata that must be small. */
  #number(at: number, end: number): number {
    if (at + 8 > end) fail('INVALID_VALUE', 'the metadata is not whole')
    if (this.#view.getUint32(at + 4, true) !== 0) fail('INVALID_VALUE', 'a size is out of range')
    return this.#view.getUint32(at, true)
  }

  /** The next buffer. */
  #bytes(): Uint8Array {
    const at = this.#number(this.#buffer, this.#bufferEnd)
    const length = this.#number(this.#buffer + 8, this.#bufferEnd)
    this.#buffer += 16
    if (at + length > this.#body.length) fail('INVALID_VALUE', 'a buffer is outside the body')
    return this.#body.subarray(at, at + length)
  }

  #array(kind: ArrayKind, length: number): NumberArray {
    const size = kind.BYTES_PER_ELEMENT
    const bytes = this.#bytes()
    if (bytes.length < length * size) short()
    const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice()
    return new kind(aligned.buffer, aligned.byteOffset, length)
  }
}

function short(): never {
  fail('INVALID_VALUE', 'a buffer is too short')
}

const INTS: Readonly<Record<string, ArrayKind>> = {
  'true 8': Int8Array,
  'true 16': Int16Array,
  'true 32': Int32Array,
  'true 64': BigInt64Array,
  'false 8': Uint8Array,
  'false 16': Uint16Array,
  'false 32': Uint32Array,
  'false 64': BigUint64Array,
}

/** How the values of a type of fixed width lie. */
function arrayOf({ typeId, signed, bitWidth, precision, unit }: ForeignType): ArrayKind {
  switch (typeId) {
    case Type.Int:
      return INTS[`${signed} ${bitWidth}`] ?? unsupported(`Int${bitWidth}`)
    case Type.FloatingPoint:
      if (precision === Precision.HALF) unsupported('Float16')
      return precision === Precision.SINGLE ? Float32Array : Float64Array
    case Type.Date:
      return unit === DateUnit.DAY ? Int32Array : BigInt64Array
    case Type.Time:
      return unit === TimeUnit.SECOND || unit === TimeUnit.MILLISECOND ? Int32Array : BigInt64Array
    case Type.Timestamp:
    case Type.Duration:
      return BigInt64Array
    case Type.Interval:
      return unit === IntervalUnit.YEAR_MONTH ? Int32Array : unsupported('Interval of days')
    default:
      return unsupported(Type[typeId] ?? `Type ${typeId}`)
  }
}

function unsupported(name: string): never {
  fail('INVALID_VALUE', `the Arrow type ${name} is not supported`)
}
