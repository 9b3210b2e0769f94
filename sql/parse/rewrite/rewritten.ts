/** A text for the grammar that holds nothing of the user's but structure: keywords, brackets,
 *  commas and placeholders. Knows for every piece which token it stands for (the offset map). */

import { assert } from '../../../engine/base/assert.ts'
import type { Span } from '../../../engine/base/errors.ts'
import type { Slot } from './slot.ts'

/** What starting the grammar costs, in pieces. */
const START_PIECES = 40

export class Rewritten {
  readonly slots: Slot[] = []
  readonly #pieces: string[] = []
  readonly #starts: number[] = []
  readonly #origins: Span[] = []
  readonly #count: (pieces: number, at: Span) => void
  #length = 0

  /** `count` is told of every piece, and raises LIMIT_EXCEEDED when there are too many. */
  constructor(first: Span, count: (pieces: number, at: Span) => void) {
    this.#count = count
    this.word('SELECT', first)
  }

  /** Counts what the grammar itself costs; for texts that are given to it. */
  start(): void {
    this.#count(START_PIECES, this.#origins[0])
  }

  /** Adds a keyword, bracket or comma that stands for the token at `origin`. */
  word(text: string, origin: Span): void {
    this.#count(1, origin)
    this.#pieces.push(text)
    this.#starts.push(this.#length)
    this.#origins.push(origin)
    this.#length += text.length + 1
  }

  /** Adds a placeholder. */
  slot(slot: Slot, origin: Span): void {
    this.word(`"@${this.slots.length}"`, origin)
    this.slots.push(slot)
  }

  /** Adds a placeholder as an element of a chain. The chain is written with `+` throughout: the
   *  grammar finds brackets and calls, `normalise` finds which operator binds what. */
  element(slot: Slot, origin: Span): void {
    this.chained(`"@${this.slots.length}"`, origin)
    this.slots.push(slot)
  }

  /** Adds a word that starts an element of a chain. */
  chained(word: string, origin: Span): void {
    const last = this.#pieces[this.#pieces.length - 1]
    if (last !== undefined && (last === ')' || last === 'END' || last.startsWith('"'))) {
      this.word('+', origin)
    }
    this.word(word, origin)
  }

  get text(): string {
    return this.#pieces.join(' ')
  }

  /** The token that the piece at this offset of `text` stands for. */
  originOf(offset: number): Span {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle] <= offset) low = middle
      else high = middle - 1
    }
    return this.#origins[low]
  }

  /** The slot that a name of the grammar's tree stands for. */
  slotOf(name: unknown): Slot {
    const index = typeof name === 'string' && name.startsWith('@') ? Number(name.slice(1)) : -1
    const slot = this.slots[index]
    assert(slot !== undefined, `no placeholder ${String(name)}`)
    return slot
  }
}
