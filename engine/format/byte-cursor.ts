/** Reads the pieces that binary formats are made of out of one message after the other. Raises
 *  INVALID_VALUE for what reaches beyond the message's end. */

import { fail } from '../base/errors.ts'
import { exactInteger, integerOfLanes } from '../batch/value.ts'

const FREE_MAX = 65_536

export class ByteCursor {
  readonly bytes: Uint8Array
  readonly view: DataView
  at = 0
  /** Where the message ends. */
  end = 0
  /** The two lanes of the last varint or zigzag. */
  low = 0
  high = 0
  /** What is being read, for error messages. */
  field: string | undefined
  #free = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Goes to the message [start, end). */
  enter(start: number, end: number): void {
    this.at = start
    this.end = end
    this.field = undefined
    this.#free = FREE_MAX
  }

  /** An integer of up to 64 bits into the lanes: seven bits a byte, the lowest first. Bits beyond
   *  64 are dropped. */
  varint(): void {
    const { bytes } = this
    let at = this.at
    let byte = bytes[at++]
    let low = byte & 0x7f
    let high = 0
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (shift > 63) fail('INVALID_VALUE', 'an integer has more than 10 bytes')
      byte = bytes[at++]
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
    }
    if (at > this.end) cutOff()
    this.at = at
    this.low = low
    this.high = high
  }

  /** A signed integer into the lanes, as zigzag: 0, -1, 1, -2, … */
  zigzag(): void {
    this.varint()
    const { low, high } = this
    const sign = -(low & 1)
    this.low = ((low >>> 1) | (high << 31)) ^ sign
    this.high = (high >>> 1) ^ sign
  }

  /** The lanes as a signed number: exact, or a bigint. */
  signed(): number | bigint {
    return integerOfLanes(this.low, this.high)
  }

  /** The lanes as an unsigned number, likewise. */
  unsigned(): number | bigint {
    const { low, high } = this
    if (high >= 0) return integerOfLanes(low, high)
    return exactInteger((BigInt(high >>> 0) << 32n) + BigInt(low >>> 0))
  }

  /** The lanes as a length that must fit into the rest of the message. */
  length(): number {
    const { low, high } = this
    if (high !== 0 || low < 0 || low > this.end - this.at) cutOff()
    return low
  }

  /** Refuses more items than can be in the rest of the message. `free`: those that take no bytes,
   *  of which a message may have 65,536: few bytes must not become endless work. */
  expect(count: number | bigint, free: boolean): void {
    if (!free) {
      if (count > this.end - this.at) cutOff()
      return
    }
    if (count > this.#free) fail('INVALID_VALUE', 'there are too many items without content')
    this.#free -= Number(count)
  }

  /** Steps over `count` bytes; returns where they began. */
  skip(count: number): number {
    const start = this.at
    if (count > this.end - start) cutOff()
    this.at = start + count
    return start
  }
}

const cutOff = (): never => fail('INVALID_VALUE', 'the message ends inside a value')
