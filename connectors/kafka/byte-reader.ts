/** Reads Kafka's varints (zigzag, base 128, little end first) out of bytes that the network
 *  brought. It never reads beyond them: what is cut off reads as zeros, and whoever uses the
 *  result checks it against the end. */

export class ByteReader {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0

  /** A varint of 32 bits. */
  int(): number {
    const { bytes } = this
    let byte = bytes[this.at++]
    let bits = byte & 0x7f
    for (let shift = 7; byte > 0x7f && shift < 35; shift += 7) {
      byte = bytes[this.at++]
      bits |= (byte & 0x7f) << shift
    }
    return (bits >>> 1) ^ -(bits & 1)
  }

  /** A varint of 64 bits, as a number: exact below 2^53. */
  long(): number {
    const start = this.at
    const { bytes } = this
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[this.at++]
      low |= (byte & 0x7f) << shift
      if (!(byte > 0x7f)) return (low >>> 1) ^ -(low & 1)
    }
    this.at = start
    return this.#wide()
  }

  #wide(): number {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte <= 0x7f) break
    }
    return Number(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)))
  }
}
