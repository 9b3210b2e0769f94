/** The messages of PostgreSQL's own output plugin, version 1 of its protocol. Values stay the texts
 *  that they are, where they are: the client library would make numbers and dates of them, which
 *  loses digits. */

import type { Buffer } from 'node:buffer'
import { SqlError } from '../../engine/base/errors.ts'
import { NULL, type Tuple, UNSENT } from './tuple.ts'

export interface Relation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly isIdentity: boolean }[]
}

/** What is known of the row before: all of it, or the columns of the replica identity. */
export interface Before {
  readonly whole: boolean
  readonly tuple: Tuple
}

export type PgMessage =
  | { readonly kind: 'begin'; readonly commitLsn: bigint; readonly timeUs: number }
  | { readonly kind: 'commit'; readonly endLsn: bigint }
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'insert'; readonly oid: number; readonly after: Tuple }
  | {
      readonly kind: 'update'
      readonly oid: number
      readonly before: Before | undefined
      readonly after: Tuple
    }
  | { readonly kind: 'delete'; readonly oid: number; readonly before: Before }
  | { readonly kind: 'truncate'; readonly oids: readonly number[] }
  /** What says nothing of rows. */
  | { readonly kind: 'other' }

/** Microseconds from 1970 to 2000, where PostgreSQL's time begins. */
const EPOCH_US = 946_684_800_000_000

/** One message, whose rows stay in the bytes. CONNECTOR_FAILED for what is none. */
export function parsePgoutput(bytes: Buffer): PgMessage {
  const reader = new Reader(bytes)
  const tag = reader.letter()
  switch (tag) {
    case 'B':
      return { kind: 'begin', commitLsn: reader.int64(), timeUs: Number(reader.int64()) + EPOCH_US }
    case 'C':
      reader.skip(9)
      return { kind: 'commit', endLsn: reader.int64() }
    case 'R':
      return { kind: 'relation', relation: relation(reader) }
    case 'I': {
      const oid = reader.int32()
      reader.skip(1)
      return { kind: 'insert', oid, after: tuple(reader) }
    }
    case 'U': {
      const oid = reader.int32()
      const before = beforeOf(reader, reader.letter())
      if (before !== undefined) reader.skip(1)
      return { kind: 'update', oid, before, after: tuple(reader) }
    }
    case 'D': {
      const oid = reader.int32()
      const before = beforeOf(reader, reader.letter())
      if (before === undefined) return broken('a delete of no row')
      return { kind: 'delete', oid, before }
    }
    case 'T': {
      const count = reader.int32()
      reader.skip(1)
      return { kind: 'truncate', oids: Array.from({ length: count }, () => reader.int32()) }
    }
    case 'M':
    case 'O':
    case 'Y':
      return { kind: 'other' }
    default:
      return broken(`a message '${tag}'`)
  }
}

function relation(reader: Reader): Relation {
  const oid = reader.int32()
  const schema = reader.text() || 'pg_catalog'
  const name = reader.text()
  reader.skip(1)
  const columns = Array.from({ length: reader.int16() }, () => {
    const isIdentity = (reader.byte() & 1) === 1
    const column = { name: reader.text(), isIdentity }
    reader.skip(8)
    return column
  })
  return { oid, schema, name, columns }
}

/** `letter`: K, a key; O, the old row; N, the new one follows at once. */
const beforeOf = (reader: Reader, letter: string): Before | undefined =>
  letter === 'N' ? undefined : { whole: letter === 'O', tuple: tuple(reader) }

function tuple(reader: Reader): Tuple {
  const count = reader.int16()
  const starts = new Array<number>(count)
  const ends = new Array<number>(count)
  for (let i = 0; i < count; i++) {
    starts[i] = valueStart(reader)
    ends[i] = reader.at
  }
  return { bytes: reader.bytes, starts, ends }
}

/** Where the value's text begins, or why it has none; the reader is behind it. */
function valueStart(reader: Reader): number {
  const kind = reader.letter()
  switch (kind) {
    case 't': {
      const length = reader.int32()
      const start = reader.at
      reader.skip(length)
      if (reader.at > reader.bytes.length) return broken('a value that is cut off')
      return start
    }
    case 'n':
      return NULL
    case 'u':
      return UNSENT
    default:
      return broken(`a value '${kind}'`)
  }
}

function broken(what: string): never {
  throw new SqlError('CONNECTOR_FAILED', `PostgreSQL sent ${what}, which is not of pgoutput`)
}

class Reader {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  skip(count: number): void {
    this.at += count
  }

  byte(): number {
    return this.bytes.readUInt8(this.at++)
  }

  letter(): string {
    return String.fromCharCode(this.byte())
  }

  int16(): number {
    this.at += 2
    return this.bytes.readInt16BE(this.at - 2)
  }

  /** Counts, lengths and oids: none of them is negative. */
  int32(): number {
    this.at += 4
    return this.bytes.readUInt32BE(this.at - 4)
  }

  int64(): bigint {
    this.at += 8
    return this.bytes.readBigInt64BE(this.at - 8)
  }

  /** Up to the next zero byte. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at)
    const text = this.bytes.toString('utf8', this.at, end)
    this.at = end + 1
    return text
  }
}
