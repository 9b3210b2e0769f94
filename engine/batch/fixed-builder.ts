/** Builders of columns whose values all take the same room: booleans, numbers, dates and times. */

import { CAPACITY, type ColumnBuilder, grown, invalid, outOfRange, Validity } from './building.ts'
import { allocate, Column, type Values } from './column.ts'
import type { DataType } from './types.ts'
import type { Value } from './value.ts'

class FixedBuilder {
  readonly type: DataType
  length = 0
  protected values: Values
  protected readonly validity = new Validity()
  /** Rows of the column before: the next one is likely to be as long. */
  #expected = CAPACITY

  constructor(type: DataType) {
    this.type = type
    this.values = allocate(type, 0)
  }

  appendNull(): void {
    this.validity.setNull(this.length)
    this.reserve()
    this.length++
  }

  /** Makes room for one more value; returns its row. */
  protected reserve(): number {
    const width = this.width()
    if ((this.length + 1) * width > this.values.length) {
      this.values = grown(this.values, Math.max(this.values.length * 2, this.#expected * width))
    }
    return this.length
  }

  /** Elements per value. */
  protected width(): number {
    return 1
  }

  finish(): Column {
    const { type, length } = this
    const values = this.values.subarray(0, length * this.width())
    const validity = this.validity.finish(length)
    this.values = allocate(type, 0)
    this.#expected = Math.max(length, CAPACITY)
    this.length = 0
    return new Column({ type, length, values, validity })
  }
}

export class BoolBuilder extends FixedBuilder implements ColumnBuilder {
  append(value: Value): void {
    if (value === null) {
      this.appendNull()
      return
    }
    if (typeof value !== 'boolean') invalid(this.type, value)
    this.appendBool(value)
  }

  appendBool(value: boolean): void {
    const row = this.reserve()
    ;(this.values as Uint8Array)[row] = value ? 1 : 0
    this.length++
  }
}

const LIMITS: Partial<Record<DataType['kind'], number>> = { tinyint: 2 ** 7, smallint: 2 ** 15 }

/** Everything that is a plain number: small integers, dates, floating point. */
export class NumberBuilder extends FixedBuilder implements ColumnBuilder {
  readonly #limit: number
  readonly #integer: boolean

  constructor(type: DataType) {
    super(type)
    this.#integer = type.kind !== 'float' && type.kind !== 'double'
    this.#limit = LIMITS[type.kind] ?? 2 ** 31
  }

  append(value: Value): void {
    if (value === null) {
      this.appendNull()
      return
    }
    if (typeof value !== 'number' && typeof value !== 'bigint') invalid(this.type, value)
    this.appendNumber(Number(value))
  }

  appendNumber(value: number): void {
    if (this.#integer) {
      if (!Number.isInteger(value)) invalid(this.type, value)
      if (value < -this.#limit || value >= this.#limit) outOfRange(this.type, value)
    }
    const row = this.reserve()
    ;(this.values as Float64Array)[row] = value
    this.length++
  }
}

const MIN_64 = -(2n ** 63n)
const MAX_64 = 2n ** 63n - 1n

/** The greatest unscaled value of a decimal. */
const decimalMax = (type: DataType): bigint =>
  type.kind === 'decimal' ? 10n ** BigInt(type.precision) - 1n : MAX_64

export class Int64Builder extends FixedBuilder implements ColumnBuilder {
  readonly #min: bigint
  readonly #max: bigint
  /** Numbers up to here need no further check. */
  readonly #safe: number
  #lanes: Int32Array

  constructor(type: DataType) {
    super(type)
    this.#max = decimalMax(type)
    this.#min = type.kind === 'decimal' ? -this.#max : MIN_64
    this.#safe = Math.min(Number(this.#max), Number.MAX_SAFE_INTEGER)
    this.#lanes = new Int32Array(this.values.buffer)
  }

  append(value: Value): void {
    if (value === null) this.appendNull()
    else if (typeof value === 'number') this.appendNumber(value)
    else if (typeof value === 'bigint') this.appendBigInt(value)
    else invalid(this.type, value)
  }

  /** An integer below 2^53. */
  appendNumber(value: number): void {
    if (!Number.isInteger(value)) invalid(this.type, value)
    if (value < -this.#safe || value > this.#safe) {
      this.appendBigInt(BigInt(value))
      return
    }
    const at = this.reserve() * 2
    if (this.#lanes.buffer !== this.values.buffer) this.#lanes = new Int32Array(this.values.buffer)
    this.#lanes[at] = value | 0
    this.#lanes[at + 1] = Math.floor(value / 4294967296)
    this.length++
  }

  appendBigInt(value: bigint): void {
    if (value < this.#min || value > this.#max) outOfRange(this.type, value)
    const row = this.reserve()
    ;(this.values as BigInt64Array)[row] = value
    this.length++
  }

  /** The two lanes of a value. Of a decimal the range is not checked. */
  appendLanes(low: number, high: number): void {
    const at = this.reserve() * 2
    if (this.#lanes.buffer !== this.values.buffer) this.#lanes = new Int32Array(this.values.buffer)
    this.#lanes[at] = low
    this.#lanes[at + 1] = high
    this.length++
  }
}

export class Int128Builder extends FixedBuilder implements ColumnBuilder {
  readonly #max: bigint

  constructor(type: DataType) {
    super(type)
    this.#max = decimalMax(type)
  }

  protected override width(): number {
    return 2
  }

  append(value: Value): void {
    if (value === null) this.appendNull()
    else if (typeof value === 'bigint') this.appendBigInt(value)
    else if (typeof value === 'number' && Number.isInteger(value)) this.appendBigInt(BigInt(value))
    else invalid(this.type, value)
  }

  appendBigInt(value: bigint): void {
    if (value < -this.#max || value > this.#max) outOfRange(this.type, value)
    const at = this.reserve() * 2
    const values = this.values as BigInt64Array
    values[at] = value
    values[at + 1] = value >> 64n
    this.length++
  }
}
