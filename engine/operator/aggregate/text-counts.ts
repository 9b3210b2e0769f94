/** How often each string of a group was seen, or by which of several sets: a hash table and the
 *  strings' bytes in typed arrays, outside the JavaScript heap once they are large. Plain data, so
 *  that it can be an aggregate's state. */

import { copyBytes } from '../../batch/bytes.ts'
import { equalSlices } from '../../expr/utf8.ts'
import { checkedCount } from './lane-counts.ts'

/** Entries of (hash, start, end, count or marks) into the heap; 0 of these is a free entry. */
export interface TextCounts {
  size: number
  entries: Int32Array
  heap: Uint8Array
  heapSize: number
  /** Bytes of the heap that no entry names. */
  garbage: number
}

const WIDTH = 4
const CAPACITY_MIN = 4
const encoder = new TextEncoder()

export const freshTextCounts = (): TextCounts => ({
  size: 0,
  entries: new Int32Array(CAPACITY_MIN * WIDTH),
  heap: new Uint8Array(32),
  heapSize: 0,
  garbage: 0,
})

/** Adds to the count of heap[start, end). Returns 1 if the value has appeared by that, -1 if it has
 *  gone, else 0. */
export function addSlice(
  counts: TextCounts,
  heap: Uint8Array,
  start: number,
  end: number,
  weight: number,
): number {
  const hash = hashOf(heap, start, end)
  const at = entryOf(counts, hash, heap, start, end)
  const { entries } = counts
  const count = entries[at + 3]
  if (count === 0) {
    insert(counts, at, hash, heap, start, end, weight)
    return weight > 0 ? 1 : 0
  }
  const now = checkedCount(count + weight)
  if (now === 0) remove(counts, at / WIDTH)
  else entries[at + 3] = now
  return Number(now > 0) - Number(count > 0)
}

/** What stands for a text, or for a wide number by its digits. */
type TextValue = string | Uint8Array | number | bigint

const bytesOf = (value: TextValue): Uint8Array =>
  value instanceof Uint8Array ? value : encoder.encode(String(value))

/** The same for a text, or for the digits of a wide number. */
export function addText(counts: TextCounts, value: TextValue, weight: number): number {
  const bytes = bytesOf(value)
  return addSlice(counts, bytes, 0, bytes.length, weight)
}

/** Marks heap[start, end) as seen by the sets whose bits are set; returns the bits that it did not
 *  have yet. A table has either counts or marks. */
export function markSlice(
  counts: TextCounts,
  heap: Uint8Array,
  start: number,
  end: number,
  bits: number,
): number {
  const hash = hashOf(heap, start, end)
  const at = entryOf(counts, hash, heap, start, end)
  const { entries } = counts
  const marks = entries[at + 3]
  if (marks === 0) insert(counts, at, hash, heap, start, end, bits)
  else entries[at + 3] = marks | bits
  return bits & ~marks
}

/** Where the entry of heap[start, end) is, or the free one that it would get. */
function entryOf(
  counts: TextCounts,
  hash: number,
  heap: Uint8Array,
  start: number,
  end: number,
): number {
  const { entries } = counts
  let at = (hash & (entries.length / WIDTH - 1)) * WIDTH
  while (entries[at + 3] !== 0) {
    if (entries[at] === hash && isSame(counts, at, heap, start, end)) break
    at += WIDTH
    if (at === entries.length) at = 0
  }
  return at
}

/** The same for a text, or for the digits of a wide number. */
export function markText(counts: TextCounts, value: TextValue, bits: number): number {
  const bytes = bytesOf(value)
  return markSlice(counts, bytes, 0, bytes.length, bits)
}

function hashOf(heap: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ heap[at], 0x01000193)
  const spread = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return spread ^ (spread >>> 13)
}

function isSame(
  { entries, heap }: TextCounts,
  at: number,
  other: Uint8Array,
  start: number,
  end: number,
): boolean {
  return equalSlices(heap, entries[at + 1], entries[at + 2], other, start, end)
}

function insert(
  counts: TextCounts,
  at: number,
  hash: number,
  heap: Uint8Array,
  start: number,
  end: number,
  word: number,
): void {
  const length = end - start
  if (counts.heapSize + length > counts.heap.length) makeRoom(counts, length)
  copyBytes(heap, start, counts.heap, counts.heapSize, length)
  const { entries } = counts
  entries[at] = hash
  entries[at + 1] = counts.heapSize
  counts.heapSize += length
  entries[at + 2] = counts.heapSize
  entries[at + 3] = word
  if (++counts.size * WIDTH * 4 > entries.length * 3) grow(counts)
}

/** Moves the live bytes together into a heap with room for `more`. */
function makeRoom(counts: TextCounts, more: number): void {
  const { entries, heap } = counts
  const live = counts.heapSize - counts.garbage
  const fresh = new Uint8Array(Math.max(64, (live + more) * 2))
  let size = 0
  for (let at = 0; at < entries.length; at += WIDTH) {
    if (entries[at + 3] === 0) continue
    const length = entries[at + 2] - entries[at + 1]
    copyBytes(heap, entries[at + 1], fresh, size, length)
    entries[at + 1] = size
    size += length
    entries[at + 2] = size
  }
  counts.heap = fresh
  counts.heapSize = size
  counts.garbage = 0
}

function grow(counts: TextCounts): void {
  const old = counts.entries
  const entries = new Int32Array(old.length * 2)
  const mask = entries.length / WIDTH - 1
  for (let at = 0; at < old.length; at += WIDTH) {
    if (old[at + 3] === 0) continue
    let slot = old[at] & mask
    while (entries[slot * WIDTH + 3] !== 0) slot = (slot + 1) & mask
    entries.set(old.subarray(at, at + WIDTH), slot * WIDTH)
  }
  counts.entries = entries
}

/** Frees an entry and moves those behind it that would not be found any more. */
function remove(counts: TextCounts, slot: number): void {
  const { entries } = counts
  const mask = entries.length / WIDTH - 1
  counts.garbage += entries[slot * WIDTH + 2] - entries[slot * WIDTH + 1]
  let hole = slot
  for (let next = (slot + 1) & mask; entries[next * WIDTH + 3] !== 0; next = (next + 1) & mask) {
    const home = entries[next * WIDTH] & mask
    if (((next - home) & mask) < ((next - hole) & mask)) continue
    entries.copyWithin(hole * WIDTH, next * WIDTH, next * WIDTH + WIDTH)
    hole = next
  }
  entries[hole * WIDTH + 3] = 0
  counts.size--
}

/** The bytes of every value (a view) with its count or marks. */
export function* textEntries({ entries, heap }: TextCounts): Generator<[Uint8Array, number]> {
  for (let at = 0; at < entries.length; at += WIDTH) {
    const count = entries[at + 3]
    if (count !== 0) yield [heap.subarray(entries[at + 1], entries[at + 2]), count]
  }
}
