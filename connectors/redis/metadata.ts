/** What an entry of a Redis stream brings beside its fields, as values of METADATA columns. */

import type { Value } from '../../engine/batch/value.ts'
import { instantOf } from '../../engine/source/intake.ts'
import type { WantedMetadata } from '../message-piece.ts'

const READERS: Readonly<Record<string, (id: string, key: string) => Value>> = {
  id: (id) => id,
  key: (_, key) => key,
  timestamp: (id) => instantOf(Number(id.slice(0, id.indexOf('-')))),
  channel: () => null,
}

const NONE: readonly Value[] = []

/** Reads the values that the table wants, in order. */
export function metadataReader(
  wanted: readonly WantedMetadata[],
): (id: Buffer, key: string) => readonly Value[] {
  if (wanted.length === 0) return () => NONE
  const readers = wanted.map(({ key }) => READERS[key])
  return (id, key) => {
    const text = id.toString('latin1')
    return readers.map((read) => read(text, key))
  }
}
