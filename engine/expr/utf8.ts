/** Text and its UTF-8 bytes: decoding slices of a heap, comparing and searching them, encoding into
 *  a growing heap. The order of bytes is that of code points. */

import { copyBytes } from '../batch/bytes.ts'

const encoder = new TextEncoder()

export const encodeText = (text: string): Uint8Array => encoder.encode(text)

/** Buffer's own slicing, which works on any Uint8Array and makes no intermediate object. */
const utf8Slice = (
  Buffer.prototype as unknown as { utf8Slice(this: Uint8Array, start: number, end: number): string }
).utf8Slice

/** The text of heap[start, end). Short repeated texts come from a small cache, because calling into
 *  the decoder costs more than comparing a few bytes. */
export function decodeText(heap: Uint8Array, start: number, end: number): string {
  const length = end - start
  if (length > SHORT_MAX) return utf8Slice.call(heap, start, end)
  if (length <= 0) return ''
  let hash = length
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ heap[i], 0x01000193)
  const slot = (hash ^ (hash >>> 15)) & (CACHE_SLOTS - 1)
  const at = slot * SHORT_MAX
  if (cachedLengths[slot] === length) {
    let i = 0
    while (i < length && cachedBytes[at + i] === heap[start + i]) i++
    if (i === length) return cachedTexts[slot]
  }
  const text = utf8Slice.call(heap, start, end)
  for (let i = 0; i < length; i++) cachedBytes[at + i] = heap[start + i]
  cachedLengths[slot] = length
  cachedTexts[slot] = text
  return text
}

const SHORT_MAX = 16
const CACHE_SLOTS = 4096
const cachedBytes = new Uint8Array(CACHE_SLOTS * SHORT_MAX)
const cachedLengths = new Uint8Array(CACHE_SLOTS)
const cachedTexts: string[] = new Array<string>(CACHE_SLOTS).fill('')

/** < 0, 0 or > 0, bytewise; the shorter of two equal beginnings is smaller. */
export function compareSlices(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart)
  for (let i = 0; i < length; i++) {
    const difference = a[aStart + i] - b[bStart + i]
    if (difference !== 0) return difference
  }
  return aEnd - aStart - (bEnd - bStart)
}

export function equalSlices(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const length = aEnd - aStart
  if (length !== bEnd - bStart) return false
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}

/** Where `needle` first stands in heap[start, end); -1 if it does not. */
export function findBytes(
  heap: Uint8Array,
  start: number,
  end: number,
  needle: Uint8Array,
): number {
  const length = needle.length
  if (length === 0) return start
  const first = needle[0]
  const last = end - length
  for (let i = start; i <= last; i++) {
    if (heap[i] !== first) continue
    let k = 1
    while (k < length && heap[i + k] === needle[k]) k++
    if (k === length) return i
  }
  return -1
}

/** Characters (code points) in heap[start, end). */
export function countCharacters(heap: Uint8Array, start: number, end: number): number {
  let count = 0
  // Every byte that does not continue a character begins one.
  for (let i = start; i < end; i++) if ((heap[i] & 0xc0) !== 0x80) count++
  return count
}

/** The text's characters (code points), one by one. */
export const characters = (text: string): readonly string[] => Array.from(text)

/** Characters (code points) in `text`. */
export function characterLength(text: string): number {
  let count = text.length
  for (let i = 0; i + 1 < text.length; i++) {
    const high = text.charCodeAt(i)
    if (high < 0xd800 || high > 0xdbff) continue
    const low = text.charCodeAt(i + 1)
    if (low >= 0xdc00 && low <= 0xdfff) {
      count--
      i++
    }
  }
  return count
}

/** The bytes of an output column as they grow. */
export class Heap {
  bytes: Uint8Array
  length = 0

  constructor(capacity: number) {
    this.bytes = new Uint8Array(Math.max(capacity, 64))
  }

  /** Appends `text`; returns the new end. */
  text(text: string): number {
    const units = text.length
    this.#reserve(units * 3)
    const { bytes } = this
    const start = this.length
    let i = 0
    if (units <= 32) {
      for (; i < units; i++) {
        const unit = text.charCodeAt(i)
        if (unit > 127) break
        bytes[start + i] = unit
      }
    }
    if (i < units) {
      const { written } = encoder.encodeInto(
        i === 0 ? text : text.slice(i),
        bytes.subarray(start + i),
      )
      i += written
    }
    this.length = start + i
    return this.length
  }

  /** Appends source[start, end); returns the new end. */
  slice(source: Uint8Array, start: number, end: number): number {
    const count = end - start
    this.#reserve(count)
    const { bytes, length } = this
    copyBytes(source, start, bytes, length, count)
    this.length = length + count
    return this.length
  }

  #reserve(count: number): void {
    const wanted = this.length + count
    if (wanted <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(wanted, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}
