/** Where a text matches and what its groups hold: all ways through the program are followed side by
 *  side, in the order in which a backtracking matcher would try them, so that the first match is
 *  the same and the time is at most text times program. */

import type { Span } from '../../base/errors.ts'
import { codeAt, widthOf } from './decode.ts'
import { ASSERTIONS, OP, type Program } from './program.ts'
import { checkWork } from './work.ts'

/** The ways that are alive at one position: program counters in order, and their slots. */
interface Threads {
  count: number
  readonly pcs: Int32Array
  readonly slots: Int32Array
}

export class Captures {
  readonly #program: Program
  readonly #at: Span | undefined
  #current: Threads
  #next: Threads
  readonly #seen: Int32Array
  #mark = 0
  readonly #stack: number[] = []
  readonly #slots: Int32Array
  /** What a match can begin with behind the text's beginning. */
  readonly #first: Uint8Array | undefined
  /** The positions of the last match: start and end of the whole, then of each group; -1: none. */
  readonly found: Int32Array
  #steps = 0

  constructor(program: Program, at: Span | undefined) {
    this.#program = program
    this.#at = at
    this.#current = threads(program)
    this.#next = threads(program)
    this.#seen = new Int32Array(program.ops.length)
    this.#slots = new Int32Array(program.slotCount)
    this.found = new Int32Array(program.slotCount)
    this.#first = firstClasses(program)
  }

  /** To stand before the first `find` in a text: what is spent counts from here. */
  begin(): void {
    this.#steps = 0
  }

  /** Whether bytes[start, end) has a match at or behind `from`; `found` then says where. */
  find(bytes: Uint8Array, start: number, end: number, from: number): boolean {
    const { ops, xs, accepts, classes, slotCount } = this.#program
    let matched = false
    let at = from
    this.#current.count = 0
    this.#mark++
    const first = this.#first
    for (;;) {
      const current = this.#current
      if (current.count === 0 && !matched && first !== undefined && at > start) {
        // Nothing is under way: on to where a match can begin.
        const begin = at
        while (at < end && first[classes.of(codeAt(bytes, at, end))] === 0) at += widthOf(bytes[at])
        this.#steps += at - begin
      }
      if (!matched) {
        this.#slots.fill(-1)
        this.#add(current, 0, bytes, start, end, at)
      }
      if (current.count === 0 && matched) return true
      const isEnd = at >= end
      const kind = isEnd ? -1 : classes.of(codeAt(bytes, at, end))
      const after = isEnd ? end : at + widthOf(bytes[at])
      this.#next.count = 0
      this.#mark++
      for (let i = 0; i < current.count; i++) {
        const pc = current.pcs[i]
        const slots = i * slotCount
        if (ops[pc] === OP.MATCH) {
          for (let s = 0; s < slotCount; s++) this.found[s] = current.slots[slots + s]
          matched = true
          // What comes later in the order would not have been tried.
          break
        }
        if (kind < 0 || accepts[xs[pc]][kind] === 0) continue
        for (let s = 0; s < slotCount; s++) this.#slots[s] = current.slots[slots + s]
        this.#add(this.#next, pc + 1, bytes, start, end, after)
      }
      this.#steps += current.count + 1
      checkWork(this.#steps, this.#at)
      if (isEnd) return matched
      this.#current = this.#next
      this.#next = current
      at = after
    }
  }

  /** Follows everything that takes no character. The stack holds program counters, and below them
   *  (slot, old value, -1) to undo a SAVE. */
  #add(
    threads: Threads,
    from: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    at: number,
  ): void {
    const { ops, xs, ys, slotCount } = this.#program
    const stack = this.#stack
    const seen = this.#seen
    const slots = this.#slots
    stack.push(from)
    for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
      if (pc < 0) {
        const old = stack.pop() as number
        slots[stack.pop() as number] = old
        continue
      }
      if (seen[pc] === this.#mark) continue
      seen[pc] = this.#mark
      this.#steps++
      switch (ops[pc]) {
        case OP.JUMP:
          stack.push(xs[pc])
          break
        case OP.SPLIT:
          stack.push(ys[pc], xs[pc])
          break
        case OP.SAVE:
          stack.push(xs[pc], slots[xs[pc]], -1, pc + 1)
          slots[xs[pc]] = at
          break
        case OP.ASSERT:
          if (holds(xs[pc], bytes, start, end, at)) stack.push(pc + 1)
          break
        default:
          keep(threads, pc, slots, slotCount)
      }
    }
  }
}

/** 1 for each class that a match can begin with, unless the text itself begins there; undefined if
 *  a match can be empty or hangs on what stands around it. */
function firstClasses({ ops, xs, ys, accepts, classes }: Program): Uint8Array | undefined {
  const first = new Uint8Array(classes.count)
  const seen = new Set<number>()
  const waiting = [0]
  for (let pc = waiting.pop(); pc !== undefined; pc = waiting.pop()) {
    if (seen.has(pc)) continue
    seen.add(pc)
    if (ops[pc] === OP.MATCH) return undefined
    if (ops[pc] === OP.ASSERT) {
      if (ASSERTIONS[xs[pc]] === 'begin') continue
      return undefined
    }
    if (ops[pc] === OP.SET) for (const [kind, yes] of accepts[xs[pc]].entries()) first[kind] |= yes
    else if (ops[pc] === OP.SAVE) waiting.push(pc + 1)
    else waiting.push(xs[pc])
    if (ops[pc] === OP.SPLIT) waiting.push(ys[pc])
  }
  return first
}

/** A loop: `set` costs more than a few numbers do. */
function keep(threads: Threads, pc: number, slots: Int32Array, slotCount: number): void {
  const to = threads.count * slotCount
  for (let slot = 0; slot < slotCount; slot++) threads.slots[to + slot] = slots[slot]
  threads.pcs[threads.count++] = pc
}

const threads = ({ ops, slotCount }: Program): Threads => ({
  count: 0,
  pcs: new Int32Array(ops.length),
  slots: new Int32Array(ops.length * slotCount),
})

function holds(
  assertion: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
): boolean {
  switch (ASSERTIONS[assertion]) {
    case 'begin':
      return at === start
    case 'end':
      return at === end
    case 'line-begin':
      return at === start || bytes[at - 1] === 10
    case 'line-end':
      return at === end || bytes[at] === 10
    case 'word':
      return isWord(bytes, start, end, at - 1) !== isWord(bytes, start, end, at)
    default:
      return isWord(bytes, start, end, at - 1) === isWord(bytes, start, end, at)
  }
}

function isWord(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  if (at < start || at >= end) return false
  const byte = bytes[at]
  const letter = byte | 32
  return (letter >= 97 && letter <= 122) || (byte >= 48 && byte <= 57) || byte === 95
}
