/** The values of a row as PostgreSQL's texts, where they stand in some bytes. */

import { Buffer } from 'node:buffer'

/** Value i is the UTF-8 text bytes[starts[i], ends[i]), or `starts[i]` says why there is none. */
export interface Tuple {
  readonly bytes: Buffer
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

export const NULL = -1
/** It is stored apart (TOAST), has not changed, and is not sent. */
export const UNSENT = -2

/** A row of texts. */
export function tupleOf(values: readonly (string | null)[]): Tuple {
  const starts: number[] = []
  const ends: number[] = []
  let end = 0
  const texts: Buffer[] = []
  for (const value of values) {
    const text = Buffer.from(value ?? '')
    starts.push(value === null ? NULL : end)
    end += text.length
    ends.push(end)
    texts.push(text)
  }
  return { bytes: Buffer.concat(texts), starts, ends }
}

/** Whether value `i` of two rows is the same. */
export function sameValue(a: Tuple, b: Tuple, i: number): boolean {
  const [from, to] = [a.starts[i], a.ends[i]]
  const [start, end] = [b.starts[i], b.ends[i]]
  if (from < 0 || start < 0) return from === start
  return a.bytes.compare(b.bytes, start, end, from, to) === 0
}

/** A row whose unsent values are those of the row before, which came in the same bytes. */
export function withUnsent({ bytes, starts, ends }: Tuple, before: Tuple): Tuple {
  if (!starts.includes(UNSENT)) return { bytes, starts, ends }
  const isUnsent = starts.map((start) => start === UNSENT)
  return {
    bytes,
    starts: starts.map((start, i) => (isUnsent[i] ? before.starts[i] : start)),
    ends: ends.map((end, i) => (isUnsent[i] ? before.ends[i] : end)),
  }
}
