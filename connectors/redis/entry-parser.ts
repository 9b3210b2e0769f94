/** Reads answers to XREAD straight from the bytes of the connection (RESP 2): no object is made of
 *  an entry or a field, only its place in the bytes is told. An answer is
 *
 *      *1 CRLF *2 CRLF $<n> CRLF <key> CRLF *<entries> CRLF, and for each entry
 *      *2 CRLF $<n> CRLF <id> CRLF *<fields and values> CRLF ($<n> CRLF <bytes> CRLF)…
 *
 *  or `*-1` when there is none, `-<error>`, or `+OK` to other commands. */

import { Buffer } from 'node:buffer'
import { fail } from '../../engine/base/errors.ts'

/** Where an entry stands in bytes that do not change; the same object is used for all entries. */
export interface EntrySpan {
  bytes: Buffer
  idFrom: number
  idTo: number
  /** Field i is bytes[fieldFrom[i], fieldTo[i]): names and values in turn. */
  readonly fieldFrom: number[]
  readonly fieldTo: number[]
  fieldCount: number
}

export interface EntryListener {
  entry(span: EntrySpan): void
  /** The answer is complete; it had so many entries. */
  answer(entries: number): void
  refused(error: string): void
}

const CR = 13
const [STAR, DOLLAR, PLUS, MINUS, COLON] = [42, 36, 43, 45, 58]
/** Answers come into byte arrays of this size, or one that has twice the room for what is there. */
const BYTES = 1 << 20
/** What one read of the network should have room for. */
const ROOM = 1 << 16

export class EntryParser {
  readonly #listener: EntryListener
  readonly #span: EntrySpan = {
    bytes: Buffer.alloc(0),
    idFrom: 0,
    idTo: 0,
    fieldFrom: [],
    fieldTo: [],
    fieldCount: 0,
  }
  /** What has come is bytes[0, end): what is before `begin` was told of, and stays as it is. */
  #bytes: Buffer = Buffer.alloc(0)
  #begin = 0
  #end = 0
  #at = 0
  /** Of the answer that is being read; -1: it has not begun. */
  #left = -1
  #count = 0
  /** The length that was read last. */
  #length = 0

  constructor(listener: EntryListener) {
    this.#listener = listener
  }

  /** Where the next bytes belong. */
  room(): Buffer {
    if (this.#bytes.length - this.#end < ROOM) {
      const rest = this.#bytes.subarray(this.#begin, this.#end)
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(BYTES, rest.length * 2))
      this.#bytes.set(rest)
      this.#begin = 0
      this.#end = rest.length
    }
    return this.#bytes.subarray(this.#end)
  }

  /** So many bytes have come where `room` said. CONNECTOR_FAILED if they are no answer. */
  took(length: number): void {
    this.#end += length
    this.#at = this.#begin
    this.#span.bytes = this.#bytes
    // What is not whole is read again from its first byte, when more has come.
    while (this.#left < 0 ? this.#answer() : this.#entry()) this.#begin = this.#at
  }

  /** Takes bytes that came elsewhere. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const room = this.room()
      const part = chunk.subarray(at, at + room.length)
      room.set(part)
      this.took(part.length)
      at += part.length
    }
  }

  /** The beginning of an answer, up to its first entry. */
  #answer(): boolean {
    if (this.#at >= this.#end) return false
    const kind = this.#bytes[this.#at]
    if (kind !== STAR) return this.#line(kind)
    if (!this.#head(STAR)) return false
    if (this.#length < 0) {
      this.#listener.answer(0)
      return true
    }
    if (!this.#head(STAR) || !this.#skipText() || !this.#head(STAR)) return false
    this.#left = this.#length
    this.#count = this.#length
    return true
  }

  /** An answer of one line. */
  #line(kind: number): boolean {
    const end = this.#bytes.subarray(0, this.#end).indexOf('\r\n', this.#at)
    if (end < 0) return false
    const text = this.#bytes.toString('utf8', this.#at + 1, end)
    this.#at = end + 2
    if (kind === MINUS) this.#listener.refused(text)
    else if (kind === PLUS || kind === COLON) this.#listener.answer(0)
    else fail('CONNECTOR_FAILED', `The server answers what is no answer: ${text.slice(0, 100)}`)
    return true
  }

  #entry(): boolean {
    if (this.#left === 0) {
      this.#left = -1
      this.#listener.answer(this.#count)
      return true
    }
    const span = this.#span
    if (!this.#head(STAR)) return false
    const id = this.#text()
    if (id < 0) return false
    span.idFrom = id
    span.idTo = id + this.#length
    if (!this.#head(STAR)) return false
    // An entry that was deleted meanwhile has no list of fields.
    const fields = Math.max(0, this.#length)
    for (let i = 0; i < fields; i++) {
      const from = this.#text()
      if (from < 0) return false
      span.fieldFrom[i] = from
      span.fieldTo[i] = from + this.#length
    }
    span.fieldCount = fields
    this.#left--
    this.#listener.entry(span)
    return true
  }

  #skipText(): boolean {
    return this.#text() >= 0
  }

  /** Where the bytes of a text begin, `#length` says how many; -1: it is not all here. */
  #text(): number {
    if (!this.#head(DOLLAR)) return -1
    const from = this.#at
    const next = from + this.#length + 2
    if (next > this.#end) return -1
    this.#at = next
    return from
  }

  /** `<kind><length> CRLF`; the length goes to `#length`. False: it is not all here. */
  #head(kind: number): boolean {
    const bytes = this.#bytes
    const end = this.#end
    let at = this.#at
    if (at >= end) return false
    if (bytes[at] !== kind) {
      fail('CONNECTOR_FAILED', `The server answers what is no answer to XREAD, at byte ${at}`)
    }
    let length = 0
    let sign = 1
    for (at++; at < end; at++) {
      const byte = bytes[at]
      if (byte === CR) {
        if (at + 1 >= end) return false
        this.#at = at + 2
        this.#length = length * sign
        return true
      }
      if (byte === MINUS) sign = -1
      else length = length * 10 + byte - 48
    }
    return false
  }
}
