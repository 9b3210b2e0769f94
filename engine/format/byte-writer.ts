/** Writes the pieces that binary formats are made of into memory that grows. */

export class ByteWriter {
  #bytes = Buffer.allocUnsafe(1024)
  #at = 0

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#at
  }

  /** A copy of what was written; the writer starts anew. */
  take(): Uint8Array {
    const bytes = new Uint8Array(this.#bytes.subarray(0, this.#at))
    this.#at = 0
    return bytes
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#at++] = value
  }

  /** The integer that two lanes are, without a sign: seven bits a byte, the lowest first. */
  varint(low: number, high = 0): void {
    this.#reserve(10)
    const bytes = this.#bytes
    let at = this.#at
    while (high !== 0 || low >>> 0 > 0x7f) {
      bytes[at++] = (low & 0x7f) | 0x80
      low = (low >>> 7) | (high << 25)
      high >>>= 7
    }
    bytes[at++] = low
    this.#at = at
  }

  /** The integer that two lanes are, as zigzag: 0, -1, 1, -2, … */
  zigzag(low: number, high: number): void {
    const sign = high >> 31
    this.varint((low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign)
  }

  fixed32(value: number): void {
    this.#reserve(4)
    this.#at = this.#bytes.writeInt32LE(value | 0, this.#at)
  }

  float(value: number): void {
    this.#reserve(4)
    this.#at = this.#bytes.writeFloatLE(value, this.#at)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  /** source[start, end) */
  range(source: Uint8Array, start = 0, end = source.length): void {
    this.#reserve(end - start)
    this.#bytes.set(source.subarray(start, end), this.#at)
    this.#at += end - start
  }

  #reserve(count: number): void {
    const needed = this.#at + count
    if (needed <= this.#bytes.length) return
    const bigger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    bigger.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = bigger
  }
}

/** The low lane of a 64-bit integer. */
export const lowLane = (value: number | bigint): number =>
  typeof value === 'number' ? value | 0 : Number(BigInt.asIntN(32, value))

/** The high lane of a 64-bit integer. */
export const highLane = (value: number | bigint): number =>
  typeof value === 'number'
    ? Math.floor(value / 4_294_967_296)
    : Number(BigInt.asIntN(32, value >> 32n))
