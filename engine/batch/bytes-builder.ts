/** Builds a column of strings or bytes. */

import { fail } from '../base/errors.ts'
import { CAPACITY, type ColumnBuilder, invalid, Ranges, Validity } from './building.ts'
import { Column } from './column.ts'
import { asBuffer, writeText } from './text.ts'
import type { DataType } from './types.ts'
import type { Value } from './value.ts'

const HEAP_BYTES_MAX = 2 ** 31 - 1

/** VARCHAR, JSON (both UTF-8) and BYTES. */
export class BytesBuilder implements ColumnBuilder {
  readonly type: DataType
  length = 0
  #used = 0
  #heap = asBuffer(new Uint8Array(CAPACITY * 8))
  readonly #ranges = new Ranges()
  readonly #validity = new Validity()
  readonly #text: boolean

  constructor(type: DataType) {
    this.type = type
    this.#text = type.kind !== 'bytes'
  }

  append(value: Value): void {
    if (value === null) this.appendNull()
    else if (this.#text && typeof value === 'string') this.appendText(value)
    else if (!this.#text && value instanceof Uint8Array) this.appendBytes(value, 0, value.length)
    else invalid(this.type, value)
  }

  appendNull(): void {
    this.#validity.setNull(this.length)
    this.#ranges.set(this.length++, 0, 0)
  }

  appendText(text: string): void {
    this.reserve(text.length * 3)
    const start = this.#used
    this.#used = writeText(this.#heap, start, text)
    this.#ranges.set(this.length++, start, this.#used)
  }

  /** source[from, to), which is valid UTF-8 unless the type is BYTES. */
  appendBytes(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from)
    const start = this.#used
    this.#heap.set(source.subarray(from, to), start)
    this.#used = start + to - from
    this.#ranges.set(this.length++, start, this.#used)
  }

  /** Makes room for so many more bytes at once. */
  reserve(bytes: number): void {
    const needed = this.#used + bytes
    if (needed <= this.#heap.length) return
    if (needed > HEAP_BYTES_MAX) fail('LIMIT_EXCEEDED', 'A column of a batch is over 2 GiB')
    const bigger = new Uint8Array(Math.min(Math.max(needed, this.#heap.length * 2), HEAP_BYTES_MAX))
    bigger.set(this.#heap.subarray(0, this.#used))
    this.#heap = asBuffer(bigger)
  }

  finish(): Column {
    const { type, length } = this
    const heap = this.#heap
    const values = new Uint8Array(heap.buffer, heap.byteOffset, this.#used)
    const validity = this.#validity.finish(length)
    const column = new Column({ type, length, values, validity, ...this.#ranges.finish(length) })
    this.#heap = asBuffer(new Uint8Array(CAPACITY * 8))
    this.#used = 0
    this.length = 0
    return column
  }
}
