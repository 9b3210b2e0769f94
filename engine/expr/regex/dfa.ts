/** Whether a text matches, by a deterministic automaton that is built as texts need it: one look-up
 *  per character. Only for plain programs, which ask for nothing but the ends of the text. */

import type { Span } from '../../base/errors.ts'
import { codeAt, widthOf } from './decode.ts'
import { ASSERTIONS, OP, type Program } from './program.ts'
import { checkWork } from './work.ts'

const BEGIN = ASSERTIONS.indexOf('begin')
const END = ASSERTIONS.indexOf('end')

/** States kept before the automaton starts anew. */
const STATES_MAX = 2000

const UNKNOWN = -1
/** The state from which nothing matches any more. */
const DEAD = 0
/** The state in which it has matched, whatever follows. */
const MATCHED = 1
const START = 2

export class Dfa {
  readonly #program: Program
  readonly #anchored: boolean
  readonly #at: Span | undefined
  readonly #width: number
  #startRow = 0
  /** next[state * width + class] is the next state, times width. */
  #next = new Int32Array(0)
  /** Whether it matches if the text ends here; -1: not known yet. */
  readonly #matchesAtEnd = new Int8Array(STATES_MAX)
  readonly #pcs: Int32Array[] = []
  readonly #ids = new Map<string, number>()
  readonly #seen: Int32Array
  #mark = 0
  readonly #stack: number[] = []
  #steps = 0

  /** `anchored`: the match begins where the text does. */
  constructor(program: Program, anchored: boolean, at: Span | undefined) {
    this.#program = program
    this.#anchored = anchored
    this.#at = at
    this.#width = program.classes.count
    this.#seen = new Int32Array(program.ops.length)
    this.#reset()
  }

  /** Whether bytes[start, end) has a match. */
  test(bytes: Uint8Array, start: number, end: number): boolean {
    const { classes } = this.#program
    const { ascii } = classes
    const matched = MATCHED * this.#width
    let next = this.#next
    let row = this.#startRow
    let at = start
    this.#steps = 0
    while (at < end && row > matched) {
      const byte = bytes[at]
      let kind: number
      if (byte < 128) {
        kind = ascii[byte]
        at++
      } else {
        kind = classes.of(codeAt(bytes, at, end))
        at += widthOf(byte)
      }
      let target = next[row + kind]
      if (target === UNKNOWN) {
        target = this.#step(row, kind)
        next = this.#next
      }
      row = target
    }
    return row === matched || (row > matched && this.#endsWell(row / this.#width))
  }

  #reset(): void {
    this.#next = new Int32Array(64 * this.#width).fill(UNKNOWN)
    this.#pcs.length = 0
    this.#ids.clear()
    this.#add([])
    this.#add([])
    // The start has a number of its own: only there ^ holds.
    const pcs = this.#closure([0], true, false)
    this.#startRow = this.#add(pcs) * this.#width
    if (this.#hasMatch(pcs)) this.#startRow = MATCHED * this.#width
    // Without a match that could begin later, nothing is the end.
    if (this.#anchored) this.#ids.set('', DEAD)
  }

  #hasMatch(pcs: readonly number[]): boolean {
    return pcs.some((pc) => this.#program.ops[pc] === OP.MATCH)
  }

  #add(pcs: readonly number[]): number {
    const id = this.#pcs.length
    this.#pcs.push(Int32Array.from(pcs))
    if ((id + 1) * this.#width > this.#next.length) {
      const grown = new Int32Array(this.#next.length * 2).fill(UNKNOWN)
      grown.set(this.#next)
      this.#next = grown
    }
    this.#matchesAtEnd[id] = -1
    return id
  }

  /** The next state's row, made if it is new. */
  #step(row: number, kind: number): number {
    const { ops, xs, accepts } = this.#program
    const state = row / this.#width
    const from: number[] = this.#anchored ? [] : [0]
    for (const pc of this.#pcs[state]) {
      if (ops[pc] === OP.SET && accepts[xs[pc]][kind] === 1) from.push(pc + 1)
    }
    const pcs = this.#closure(from, false, false)
    this.#steps += this.#pcs[state].length + pcs.length
    checkWork(this.#steps, this.#at)
    if (this.#hasMatch(pcs)) {
      this.#next[row + kind] = MATCHED * this.#width
      return MATCHED * this.#width
    }
    const key = pcs.join(' ')
    const known = this.#ids.get(key)
    if (known === undefined && this.#pcs.length >= STATES_MAX) {
      // The row that led here is gone.
      this.#reset()
      return this.#keep(key, pcs) * this.#width
    }
    const target = (known ?? this.#keep(key, pcs)) * this.#width
    this.#next[row + kind] = target
    return target
  }

  #keep(key: string, pcs: readonly number[]): number {
    const id = this.#add(pcs)
    this.#ids.set(key, id)
    return id
  }

  /** What is reached without a character: sets, ends of the text and the match, in order. */
  #closure(from: readonly number[], atBegin: boolean, atEnd: boolean): number[] {
    const { ops, xs, ys } = this.#program
    const seen = this.#seen
    const stack = this.#stack
    const found: number[] = []
    const mark = ++this.#mark
    stack.push(...from)
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (seen[pc] === mark) continue
      seen[pc] = mark
      switch (ops[pc]) {
        case OP.JUMP:
          stack.push(xs[pc])
          break
        case OP.SPLIT:
          stack.push(xs[pc], ys[pc])
          break
        case OP.SAVE:
          stack.push(pc + 1)
          break
        case OP.ASSERT:
          if (xs[pc] === BEGIN ? atBegin : atEnd) stack.push(pc + 1)
          else if (xs[pc] === END) found.push(pc)
          break
        default:
          found.push(pc)
      }
    }
    return found.sort((a, b) => a - b)
  }

  #endsWell(state: number): boolean {
    if (this.#matchesAtEnd[state] < 0) {
      const from = state === START ? [0] : Array.from(this.#pcs[state])
      const pcs = this.#closure(from, state === START, true)
      const matches = pcs.some((pc) => this.#program.ops[pc] === OP.MATCH)
      this.#matchesAtEnd[state] = Number(matches)
    }
    return this.#matchesAtEnd[state] === 1
  }
}
