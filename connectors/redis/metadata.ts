/** What an entry of a Redis stream brings beside its fields, as values of METADATA columns. */

import type { Value } from '../../engine/batch/value.ts'
import { instantOf } from '../../engine/source/intake.ts'
import type { WantedMetadata } from '../message-piece.ts'
import type { EntrySpan } from './entry-parser.ts'

const READERS: Readonly<Record<string, (id: string, key: string) => Value>> = {
  id: (id) => id,
  key: (_, key) => key,
  timestamp: (id) => instantOf(Number(id.slice(0, id.indexOf('-')))),
  channel: () => null,
}

const NONE: readonly Value[] = []

/** Reads the values that the table wants, in order, of an entry of the stream `key`. */
export function metadataReader(
  wanted: readonly WantedMetadata[],
  key: string,
): (span: EntrySpan) => readonly Value[] {
  if (wanted.length === 0) return () => NONE
  const readers = wanted.map((metadata) => READERS[metadata.key])
  return ({ bytes, idFrom, idTo }) => {
    const id = bytes.toString('latin1', idFrom, idTo)
    return readers.map((read) => read(id, key))
  }
}
