/** Positions in a Redis stream. An offset is `<id>#<n>`: behind the entry with that id, which is
 *  the n-th that was ever added. `#<n>` is absent if that is not known: it tells how many
 *  entries are left, and whether some were trimmed before they were read. */

import type { Buffer } from 'node:buffer'
import type { Offset } from '../../engine/source/source.ts'
import type { OffsetForm } from '../message-buffer.ts'

/** `<milliseconds>-<number>`, as the client brings it; `0-0` is before every entry. */
export type EntryId = string | Buffer

export interface StreamPlace {
  readonly id: string
  /** Entries ever added up to here; -1: not known. */
  readonly count: number
}

export const START: StreamPlace = { id: '0-0', count: 0 }

export function placeOf(offset: Offset): StreamPlace {
  const [id, count] = offset.split('#')
  return { id, count: count === undefined ? -1 : Number(count) }
}

export const offsetOf = ({ id, count }: StreamPlace): Offset => (count < 0 ? id : `${id}#${count}`)

/** The offsets of one reading. */
export class StreamOffsets implements OffsetForm<EntryId> {
  /** Entries ever added before the first of this reading; undefined: not known. */
  base: number | undefined

  constructor(from: Offset) {
    const { count } = placeOf(from)
    if (count >= 0) this.base = count
  }

  parse(offset: Offset): EntryId {
    return placeOf(offset).id
  }

  text(id: EntryId, count: number): Offset {
    return offsetOf({ id: String(id), count: this.base === undefined ? -1 : this.base + count })
  }

  compare(a: EntryId, b: EntryId): number {
    return compareIds(String(a), String(b))
  }

  record(id: EntryId): Offset {
    return String(id)
  }
}

/** The greatest number behind the milliseconds of an id. */
const LAST = '18446744073709551615'

/** Ids in the order of a stream: negative if `a` is before `b`. */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0
  const [aMs, aNumber] = a.split('-')
  const [bMs, bNumber] = b.split('-')
  return compareDigits(aMs, bMs) || compareDigits(aNumber, bNumber)
}

/** Whole numbers as texts without leading zeros. */
const compareDigits = (a: string, b: string): number =>
  a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

/** The id right before the first entry at a time, in milliseconds since 1970. */
export const beforeTime = (ms: number): string => (ms === 0 ? '0-0' : `${ms - 1}-${LAST}`)

/** The id right before this one; `<milliseconds>` alone is the first of them. */
export function beforeId(id: string): string {
  const [ms, number = '0'] = id.split('-')
  if (BigInt(number) > 0n) return `${ms}-${BigInt(number) - 1n}`
  return BigInt(ms) === 0n ? '0-0' : `${BigInt(ms) - 1n}-${LAST}`
}

export const isEntryId = (text: string): boolean =>
  /^(0|[1-9]\d{0,19})(-(0|[1-9]\d{0,19}))?$/.test(text)
