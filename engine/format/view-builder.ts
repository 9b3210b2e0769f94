/** Builds a column of texts or bytes that stay where they are in the messages: nothing is copied
 *  but what is not there as it is. */

import { isUtf8 } from 'node:buffer'
import { fail } from '../base/errors.ts'
import { type ColumnBuilder, invalid, Ranges, Validity } from '../batch/building.ts'
import { Column } from '../batch/column.ts'
import type { DataType } from '../batch/types.ts'
import type { Value } from '../batch/value.ts'
import { checkLength } from '../batch/value-from-json.ts'
import type { ByteCursor } from './byte-cursor.ts'
import { GrowingText } from './growing-text.ts'

/** The bytes that all columns of a batch point into: the messages, and behind them what is new. */
export class ViewHeap {
  bytes: Uint8Array = new Uint8Array(0)
  more = new GrowingText(this.bytes)

  /** Before the first message of a batch. */
  start(bytes: Uint8Array): void {
    this.bytes = bytes
    this.more = new GrowingText(bytes)
  }

  get all(): Uint8Array {
    return this.more.heap(this.bytes)
  }
}

export class ViewBuilder implements ColumnBuilder {
  readonly type: DataType
  length = 0
  readonly #heap: ViewHeap
  readonly #ranges = new Ranges()
  readonly #validity = new Validity()

  constructor(type: DataType, heap: ViewHeap) {
    this.type = type
    this.#heap = heap
  }

  append(value: Value): void {
    if (value === null) this.appendNull()
    else if (typeof value === 'string') this.#appendNew(Buffer.from(value))
    else if (value instanceof Uint8Array) this.#appendNew(value)
    else invalid(this.type, value)
  }

  appendNull(): void {
    this.#validity.setNull(this.length)
    this.#ranges.set(this.length++, 0, 0)
  }

  /** The next `count` bytes at the cursor. INVALID_VALUE if they are no UTF-8 but should be,
   *  OUT_OF_RANGE if the text is too long for its type. */
  take(cursor: ByteCursor, count: number): void {
    const start = cursor.skip(count)
    const { type } = this
    if (type.kind !== 'bytes') checkText(cursor, start, type)
    if (cursor.bytes === this.#heap.bytes) this.#ranges.set(this.length++, start, start + count)
    else this.#appendNew(cursor.bytes.subarray(start, start + count))
  }

  #appendNew(bytes: Uint8Array): void {
    const start = this.#heap.more.add(bytes)
    this.#ranges.set(this.length++, start, this.#heap.more.end)
  }

  finish(): Column {
    const { type, length } = this
    const validity = this.#validity.finish(length)
    this.length = 0
    const values = this.#heap.all
    return new Column({ type, length, values, validity, ...this.#ranges.finish(length) })
  }
}

const HIGH_BITS = 0x80808080 | 0

/** The bytes from `start` to the cursor as a value of a text's type. */
function checkText({ bytes, view, at: end }: ByteCursor, start: number, type: DataType): void {
  let at = start
  while (at + 8 <= end && ((view.getInt32(at) | view.getInt32(at + 4)) & HIGH_BITS) === 0) at += 8
  while (at < end && bytes[at] < 0x80) at++
  if (at < end && !isUtf8(bytes.subarray(at, end))) {
    fail('INVALID_VALUE', 'the text is not valid UTF-8')
  }
  if (type.kind === 'json') checkJson(textOf(bytes, start, end))
  if (type.kind !== 'varchar' || type.length === undefined || end - start <= type.length) return
  checkLength(textOf(bytes, start, end), type)
}

const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()

function checkJson(text: string): void {
  try {
    JSON.parse(text)
  } catch {
    fail('INVALID_VALUE', 'the text is not valid JSON')
  }
}
