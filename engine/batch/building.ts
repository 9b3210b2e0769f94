/** What the column builders share: their contract, growing memory, and their refusals. */

import { fail } from '../base/errors.ts'
import type { Column, Values } from './column.ts'
import { type DataType, typeName } from './types.ts'
import type { Value } from './value.ts'

export interface ColumnBuilder {
  readonly type: DataType
  /** Values appended since the last `finish`. */
  readonly length: number
  /** Raises OUT_OF_RANGE for a number that does not fit, INVALID_VALUE for another kind of
   *  value. */
  append(value: Value): void
  appendNull(): void
  /** The column; the builder starts anew. */
  finish(): Column
}

export const CAPACITY = 64

export function invalid(type: DataType, value: Value): never {
  const text = typeof value === 'string' ? `'${value.slice(0, 40)}'` : String(value).slice(0, 40)
  fail('INVALID_VALUE', `${text} is not a value of type ${typeName(type)}`)
}

export function outOfRange(type: DataType, value: Value): never {
  fail('OUT_OF_RANGE', `${String(value)} is out of range for ${typeName(type)}`)
}

/** The bitmap of a column that is being built; null as long as nothing is NULL. */
export class Validity {
  #bits: Uint8Array | null = null

  setNull(row: number): void {
    this.#bits ??= new Uint8Array(Math.max(CAPACITY, row >> 2)).fill(255)
    if (row >> 3 >= this.#bits.length) {
      const grown = new Uint8Array((row >> 2) + CAPACITY).fill(255)
      grown.set(this.#bits)
      this.#bits = grown
    }
    this.#bits[row >> 3] &= ~(1 << (row & 7))
  }

  finish(length: number): Uint8Array | null {
    const bits = this.#bits
    this.#bits = null
    if (bits === null) return null
    const bytes = (length + 7) >> 3
    if (bits.length >= bytes) return bits.subarray(0, bytes)
    const grown = new Uint8Array(bytes).fill(255)
    grown.set(bits)
    return grown
  }
}

/** Twice the room, with the same content. */
export function grown<T extends Values>(values: T, length: number): T {
  const bigger = new (values.constructor as new (length: number) => T)(length)
  ;(bigger as Uint8Array).set(values as Uint8Array)
  return bigger
}

/** The ranges of a bytes or list column. */
export class Ranges {
  #starts = new Int32Array(0)
  #ends = new Int32Array(0)
  /** Rows of the column before: the next one is likely to be as long. */
  #expected = CAPACITY

  set(row: number, start: number, end: number): void {
    if (row >= this.#starts.length) {
      const room = Math.max(row * 2, this.#expected)
      this.#starts = grown(this.#starts, room)
      this.#ends = grown(this.#ends, room)
    }
    this.#starts[row] = start
    this.#ends[row] = end
  }

  finish(length: number): { starts: Int32Array; ends: Int32Array } {
    const ranges = {
      starts: this.#starts.subarray(0, length),
      ends: this.#ends.subarray(0, length),
    }
    this.#starts = new Int32Array(0)
    this.#ends = new Int32Array(0)
    this.#expected = Math.max(length, CAPACITY)
    return ranges
  }
}
