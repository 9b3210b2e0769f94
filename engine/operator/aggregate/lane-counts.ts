/** How often each number of a group was seen, or by which of several sets: a hash table in one
 *  typed array, outside the JavaScript heap once it is large. Plain data, so that it can
 *  be the state of an aggregate. */

import { fail } from '../../base/errors.ts'
import { integerOfLanes } from '../../batch/value.ts'

/** Entries of (low lane, high lane, count or marks); 0 of these is a free entry. */
export interface LaneCounts {
  size: number
  entries: Int32Array
}

const WIDTH = 3
const CAPACITY_MIN = 4

export const freshLaneCounts = (): LaneCounts => ({
  size: 0,
  entries: new Int32Array(CAPACITY_MIN * WIDTH),
})

const DOUBLE = new Float64Array(1)
const WORDS = new Int32Array(DOUBLE.buffer)

/** Adds to the count of an integer. Returns 1 if the value has appeared by that, -1 if it has gone,
 *  else 0. */
export function addInteger(counts: LaneCounts, value: number | bigint, weight: number): number {
  if (typeof value === 'number') {
    return addLanes(counts, value | 0, Math.floor(value / 4294967296) | 0, weight)
  }
  const [low, high] = [BigInt.asIntN(32, value), BigInt.asIntN(32, value >> 32n)]
  return addLanes(counts, Number(low), Number(high), weight)
}

/** The same for a double: -0 is 0, NaN is one NaN. */
export function addDouble(counts: LaneCounts, value: number, weight: number): number {
  DOUBLE[0] = Number.isNaN(value) ? Number.NaN : value + 0
  return addLanes(counts, WORDS[0], WORDS[1], weight)
}

/** Marks an integer as seen by the sets whose bits are set; returns the bits that it did not have
 *  yet. A table has either counts or marks. */
export function markInteger(counts: LaneCounts, value: number | bigint, bits: number): number {
  if (typeof value === 'number') {
    return markLanes(counts, value | 0, Math.floor(value / 4294967296) | 0, bits)
  }
  const [low, high] = [BigInt.asIntN(32, value), BigInt.asIntN(32, value >> 32n)]
  return markLanes(counts, Number(low), Number(high), bits)
}

/** The same for a double. */
export function markDouble(counts: LaneCounts, value: number, bits: number): number {
  DOUBLE[0] = Number.isNaN(value) ? Number.NaN : value + 0
  return markLanes(counts, WORDS[0], WORDS[1], bits)
}

function homeOf(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b)
  const spread = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35)
  return spread ^ (spread >>> 13)
}

function addLanes(counts: LaneCounts, low: number, high: number, weight: number): number {
  const at = entryOf(counts, low, high)
  const { entries } = counts
  const count = entries[at + 2]
  if (count === 0) {
    insert(counts, at, low, high, weight)
    return weight > 0 ? 1 : 0
  }
  const now = checkedCount(count + weight)
  if (now === 0) remove(counts, at / WIDTH)
  else entries[at + 2] = now
  return Number(now > 0) - Number(count > 0)
}

function markLanes(counts: LaneCounts, low: number, high: number, bits: number): number {
  const at = entryOf(counts, low, high)
  const { entries } = counts
  const marks = entries[at + 2]
  const fresh = bits & ~marks
  if (marks === 0) insert(counts, at, low, high, bits)
  else if (fresh !== 0) entries[at + 2] = marks | bits
  return fresh
}

/** Where the entry of the value is, or the free one that it would get. */
function entryOf({ entries }: LaneCounts, low: number, high: number): number {
  let at = (homeOf(low, high) & (entries.length / WIDTH - 1)) * WIDTH
  while (entries[at + 2] !== 0 && (entries[at] !== low || entries[at + 1] !== high)) {
    at += WIDTH
    if (at === entries.length) at = 0
  }
  return at
}

function insert(counts: LaneCounts, at: number, low: number, high: number, word: number): void {
  const { entries } = counts
  entries[at] = low
  entries[at + 1] = high
  entries[at + 2] = word
  if (++counts.size * 4 * WIDTH > entries.length * 3) grow(counts)
}

/** LIMIT_EXCEEDED for a count beyond 32 bits. */
export function checkedCount(count: number): number {
  if (count !== (count | 0)) {
    fail('LIMIT_EXCEEDED', 'DISTINCT cannot count more than 2147483647 rows of one value')
  }
  return count
}

function grow(counts: LaneCounts): void {
  const old = counts.entries
  const entries = new Int32Array(old.length * 2)
  const mask = entries.length / WIDTH - 1
  for (let at = 0; at < old.length; at += WIDTH) {
    const word = old[at + 2]
    if (word === 0) continue
    const [low, high] = [old[at], old[at + 1]]
    let slot = homeOf(low, high) & mask
    while (entries[slot * WIDTH + 2] !== 0) slot = (slot + 1) & mask
    entries[slot * WIDTH] = low
    entries[slot * WIDTH + 1] = high
    entries[slot * WIDTH + 2] = word
  }
  counts.entries = entries
}

/** Frees an entry and moves those behind it that would not be found any more. */
function remove(counts: LaneCounts, slot: number): void {
  const { entries } = counts
  const mask = entries.length / WIDTH - 1
  let hole = slot
  for (let next = (slot + 1) & mask; entries[next * WIDTH + 2] !== 0; next = (next + 1) & mask) {
    const home = homeOf(entries[next * WIDTH], entries[next * WIDTH + 1]) & mask
    if (((next - home) & mask) < ((next - hole) & mask)) continue
    entries.copyWithin(hole * WIDTH, next * WIDTH, next * WIDTH + WIDTH)
    hole = next
  }
  entries[hole * WIDTH + 2] = 0
  counts.size--
}

/** Every value with its count or marks. */
export function* laneEntries(
  { entries }: LaneCounts,
  floating: boolean,
): Generator<[number | bigint, number]> {
  for (let at = 0; at < entries.length; at += WIDTH) {
    const count = entries[at + 2]
    if (count !== 0) yield [numberOf(entries[at], entries[at + 1], floating), count]
  }
}

function numberOf(low: number, high: number, floating: boolean): number | bigint {
  if (floating) {
    WORDS[0] = low
    WORDS[1] = high
    return DOUBLE[0]
  }
  return integerOfLanes(low, high)
}
