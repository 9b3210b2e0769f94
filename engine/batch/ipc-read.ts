/** The flat buffers of Arrow into columns: views on the message's memory wherever the layouts
 *  agree. Booleans are unpacked to bytes, decimals of up to 18 digits narrowed to 64 bits. */

import type { RecordBatch } from 'apache-arrow/fb/record-batch'
import { unpackBits } from './bits.ts'
import { Column, type Values } from './column.ts'
import { brokenBatch } from './ipc-message.ts'
import { type DataType, type Storage, storageOf } from './types.ts'

type Fixed = Exclude<Storage, 'bool' | 'bytes' | 'list' | 'struct'>

const ARRAYS: Record<Fixed, { new (b: ArrayBufferLike, at: number, n: number): Values }> = {
  i8: Int8Array,
  i16: Int16Array,
  i32: Int32Array,
  i64: BigInt64Array,
  i128: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
}

const WIDTHS: Record<Fixed, number> = { i8: 1, i16: 2, i32: 4, i64: 8, i128: 16, f32: 4, f64: 8 }

interface Node {
  readonly length: number
  readonly validity: Uint8Array | null
}

/** Takes columns out of one body, in the order in which they were written. */
export class BodyReader {
  readonly #view: DataView
  readonly #body: Uint8Array
  readonly #nodeEnd: number
  readonly #bufferEnd: number
  #node: number
  #buffer: number

  /** `body` starts at a multiple of 8 bytes. */
  constructor(batch: RecordBatch, body: Uint8Array) {
    const bytes = batch.bb!.bytes()
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#body = body
    this.#node = batch.nodes(0)?.bb_pos ?? 0
    this.#nodeEnd = this.#node + batch.nodesLength() * 16
    this.#buffer = batch.buffers(0)?.bb_pos ?? 0
    this.#bufferEnd = this.#buffer + batch.buffersLength() * 16
  }

  /** Whether there are columns left. */
  get more(): boolean {
    return this.#node < this.#nodeEnd
  }

  /** The next column. Raises DATA_DAMAGED if its buffers are too short. */
  column(type: DataType): Column {
    const { length, validity } = this.#begin()
    const storage = storageOf(type)
    switch (storage) {
      case 'bool':
        return new Column({ type, length, validity, values: this.#bools(length) })
      case 'bytes': {
        const ranges = this.#ranges(length)
        const values = this.#bytes(ranges.total)
        return new Column({ type, length, validity, values, ...ranges })
      }
      case 'list':
        return this.#list(type, length, validity)
      case 'struct': {
        const fields = type.kind === 'row' ? type.fields : []
        const children = fields.map((field) => this.column(field.type))
        return new Column({ type, length, validity, children })
      }
      default: {
        const narrow = type.kind === 'decimal' && storage === 'i64'
        const values = narrow ? this.#narrowed(length) : this.#fixed(storage, length)
        return new Column({ type, length, validity, values })
      }
    }
  }

  /** The next column, whose values are codes of `entries`. */
  coded(type: DataType, entries: Column): Column {
    const { length, validity } = this.#begin()
    const codes = this.#fixed('i32', length) as Int32Array
    const starts = new Int32Array(length)
    const ends = new Int32Array(length)
    const entryStarts = entries.starts
    const entryEnds = entries.ends
    for (let i = 0; i < length; i++) {
      const code = codes[i]
      starts[i] = entryStarts[code]
      ends[i] = entryEnds[code]
    }
    if (validity !== null) clearNulls(validity, starts, ends)
    const dictionary = { codes, entries }
    return new Column({ type, length, validity, values: entries.values, starts, ends, dictionary })
  }

  /** The next column, of 32-bit integers without NULLs. */
  weights(): Int32Array {
    return this.#fixed('i32', this.#begin().length) as Int32Array
  }

  #begin(): Node {
    if (this.#node >= this.#nodeEnd) brokenBatch('a column is missing')
    const length = this.#view.getUint32(this.#node, true)
    const nulls = this.#view.getUint32(this.#node + 8, true)
    this.#node += 16
    const bits = this.#bytes(nulls > 0 ? (length + 7) >> 3 : 0)
    return { length, validity: nulls > 0 ? bits : null }
  }

  /** The next buffer, which must hold at least `size` bytes; the first `size` of them. */
  #bytes(size: number): Uint8Array {
    if (this.#buffer >= this.#bufferEnd) brokenBatch('a buffer is missing')
    const at = this.#view.getUint32(this.#buffer, true)
    const length = this.#view.getUint32(this.#buffer + 8, true)
    this.#buffer += 16
    if (length < size || at + size > this.#body.length) brokenBatch('a buffer is too short')
    return this.#body.subarray(at, at + size)
  }

  #fixed(storage: Fixed, length: number): Values {
    const bytes = this.#bytes(length * WIDTHS[storage])
    const count = storage === 'i128' ? length * 2 : length
    return new ARRAYS[storage](bytes.buffer, bytes.byteOffset, count)
  }

  #bools(length: number): Uint8Array {
    return unpackBits(this.#bytes((length + 7) >> 3), length)
  }

  #narrowed(length: number): BigInt64Array {
    const wide = this.#fixed('i128', length)
    const lanes = new Int32Array(wide.buffer, wide.byteOffset, length * 4)
    const values = new BigInt64Array(length)
    const narrow = new Int32Array(values.buffer)
    for (let i = 0; i < length; i++) {
      narrow[i * 2] = lanes[i * 4]
      narrow[i * 2 + 1] = lanes[i * 4 + 1]
    }
    return values
  }

  #ranges(length: number): { starts: Int32Array; ends: Int32Array; total: number } {
    const offsets = this.#fixed('i32', length + 1) as Int32Array
    const starts = offsets.subarray(0, length)
    return { starts, ends: offsets.subarray(1, length + 1), total: offsets[length] }
  }

  #list(type: DataType, length: number, validity: Uint8Array | null): Column {
    const { starts, ends } = this.#ranges(length)
    const parts = { type, length, validity, starts, ends }
    if (type.kind === 'map') {
      this.#begin()
      return new Column({ ...parts, children: [this.column(type.key), this.column(type.value)] })
    }
    if (type.kind !== 'array') return brokenBatch('a list has no element type')
    return new Column({ ...parts, children: [this.column(type.element)] })
  }
}

/** NULL rows hold an empty range. */
function clearNulls(validity: Uint8Array, starts: Int32Array, ends: Int32Array): void {
  for (let i = 0; i < starts.length; i++) {
    if (((validity[i >> 3] >> (i & 7)) & 1) === 0) ends[i] = starts[i] = 0
  }
}
