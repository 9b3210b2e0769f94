/** Reads frames at given positions of one segment file, through a block that is read ahead and
 *  reused. Knows nothing of order, offsets or what is durable. */

import type { DiskFile } from '../base/disk.ts'
import { decodeHead, type FrameHead, frameBytes, HEAD_BYTES, isIntact } from './frame.ts'

export const BLOCK_BYTES = 1 << 20

export class SegmentScanner {
  readonly #file: DiskFile
  readonly #block: Uint8Array
  /** The block holds [start, end) of the file. */
  #start = 0
  #end = 0

  constructor(file: DiskFile, block: Uint8Array | number = BLOCK_BYTES) {
    this.#file = file
    this.#block = typeof block === 'number' ? Buffer.allocUnsafeSlow(block) : block
  }

  /** Forgets what was read ahead: the file may have changed. */
  refresh(): void {
    this.#start = 0
    this.#end = 0
  }

  /** Whether the block holds the byte at `position`. */
  holds(position: number): boolean {
    return position >= this.#start && position < this.#end
  }

  /** The head of the frame at `position`; undefined if no frame begins there. */
  headAt(position: number): FrameHead | undefined {
    const bytes = this.#bytes(position, HEAD_BYTES)
    return bytes && decodeHead(bytes)
  }

  /** Whether the whole frame is there with the right CRC. */
  intactAt(position: number, head: FrameHead): boolean {
    const bytes = this.#bytes(position, frameBytes(head.payloadBytes))
    return bytes !== undefined && isIntact(bytes)
  }

  /** The payload of the frame at `position`, in memory of its own; undefined if the frame is not
   *  whole or its CRC is wrong. */
  payloadAt(position: number, head: FrameHead): Uint8Array | undefined {
    const size = frameBytes(head.payloadBytes)
    const bytes = this.#bytes(position, size)
    if (bytes === undefined || !isIntact(bytes)) return undefined
    const end = HEAD_BYTES + head.payloadBytes
    if (bytes.buffer !== this.#block.buffer) return bytes.subarray(HEAD_BYTES, end)
    const payload = new Uint8Array(head.payloadBytes)
    payload.set(bytes.subarray(HEAD_BYTES, end))
    return payload
  }

  /** [position, position + length) of the file, valid until the next call; undefined if the file
   *  does not reach that far. */
  #bytes(position: number, length: number): Uint8Array | undefined {
    if (position < this.#start || position + length > this.#end) {
      if (length > this.#block.length) return this.#large(position, length)
      this.#start = position
      this.#end = position + this.#file.read(this.#block, position)
      if (position + length > this.#end) return undefined
    }
    const from = position - this.#start
    return this.#block.subarray(from, from + length)
  }

  #large(position: number, length: number): Uint8Array | undefined {
    // A damaged length must not make us allocate a gigabyte.
    if (position + length > this.#file.size()) return undefined
    const bytes = new Uint8Array(length)
    return this.#file.read(bytes, position) === length ? bytes : undefined
  }
}
