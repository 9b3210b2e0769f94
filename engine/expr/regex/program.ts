/** A pattern as a program for the matchers: instructions over classes of characters that the
 *  pattern does not tell apart. */

import { fail, type Span } from '../../base/errors.ts'
import { type CharSet, CODE_MAX } from './char-set.ts'
import type { Assertion, Node, Pattern } from './syntax.ts'

/** SET x: a character of set x, then the next. SPLIT x y: x, and if that fails y. JUMP x. SAVE x:
 *  keeps the position in slot x. ASSERT x: only where assertion x holds. */
export const OP = { SET: 0, SPLIT: 1, JUMP: 2, SAVE: 3, ASSERT: 4, MATCH: 5 } as const

export const ASSERTIONS: readonly Assertion[] = [
  'begin',
  'end',
  'line-begin',
  'line-end',
  'word',
  'not-word',
]

export interface Program {
  readonly ops: Uint8Array
  readonly xs: Int32Array
  readonly ys: Int32Array
  /** Positions kept: two for the whole match and two for each group. */
  readonly slotCount: number
  readonly classes: CharClasses
  /** accepts[set][class] is 1 if the set has the class's characters. */
  readonly accepts: readonly Uint8Array[]
  /** Whether it asks for nothing around a character but the ends of the text. */
  readonly isPlain: boolean
}

const SIZE_MAX = 10_000

/** LIMIT_EXCEEDED if it takes more than 10 000 instructions. */
export function makeProgram({ root, groupCount }: Pattern, at: Span | undefined): Program {
  const writer = new Writer(at)
  writer.save(0)
  writer.node(root)
  writer.save(1)
  writer.add(OP.MATCH)
  const classes = new CharClasses(writer.sets)
  return {
    ops: Uint8Array.from(writer.ops),
    xs: Int32Array.from(writer.xs),
    ys: Int32Array.from(writer.ys),
    slotCount: 2 * (groupCount + 1),
    classes,
    accepts: writer.sets.map((set) => classes.membersOf(set)),
    isPlain: writer.isPlain,
  }
}

class Writer {
  readonly ops: number[] = []
  readonly xs: number[] = []
  readonly ys: number[] = []
  readonly sets: CharSet[] = []
  isPlain = true
  readonly #setIds = new Map<string, number>()
  readonly #at: Span | undefined

  constructor(at: Span | undefined) {
    this.#at = at
  }

  add(op: number, x = 0, y = 0): number {
    if (this.ops.length >= SIZE_MAX) {
      fail('LIMIT_EXCEEDED', 'The pattern is too large', {
        at: this.#at,
        hint: `Counted repetitions are spelled out, to at most ${SIZE_MAX} steps.`,
      })
    }
    this.ops.push(op)
    this.xs.push(x)
    this.ys.push(y)
    return this.ops.length - 1
  }

  save(slot: number): void {
    this.add(OP.SAVE, slot)
  }

  node(node: Node): void {
    switch (node.kind) {
      case 'set':
        this.add(OP.SET, this.#setId(node.set))
        return
      case 'assert':
        if (node.assertion !== 'begin' && node.assertion !== 'end') this.isPlain = false
        this.add(OP.ASSERT, ASSERTIONS.indexOf(node.assertion))
        return
      case 'sequence':
        for (const part of node.parts) this.node(part)
        return
      case 'choice':
        this.#choice(node.parts)
        return
      case 'repeat':
        this.#repeat(node)
        return
      case 'group':
        this.save(2 * node.index)
        this.node(node.part)
        this.save(2 * node.index + 1)
    }
  }

  #setId(set: CharSet): number {
    const key = set.join(' ')
    const known = this.#setIds.get(key)
    if (known !== undefined) return known
    this.#setIds.set(key, this.sets.length)
    this.sets.push(set)
    return this.sets.length - 1
  }

  #choice(parts: readonly Node[]): void {
    const jumps: number[] = []
    for (const part of parts.slice(0, -1)) {
      const split = this.add(OP.SPLIT)
      this.xs[split] = this.ops.length
      this.node(part)
      jumps.push(this.add(OP.JUMP))
      this.ys[split] = this.ops.length
    }
    this.node(parts[parts.length - 1])
    for (const jump of jumps) this.xs[jump] = this.ops.length
  }

  #repeat({ part, min, max, lazy }: Extract<Node, { kind: 'repeat' }>): void {
    for (let i = 0; i < min; i++) this.node(part)
    const leaves: number[] = []
    const split = () => {
      const at = this.add(OP.SPLIT)
      leaves.push(at)
      this.#branch(at, !lazy, this.ops.length)
      return at
    }
    if (max === Number.POSITIVE_INFINITY) {
      const again = split()
      this.node(part)
      this.add(OP.JUMP, again)
    } else {
      for (let i = min; i < max; i++) {
        split()
        this.node(part)
      }
    }
    for (const leave of leaves) this.#branch(leave, lazy, this.ops.length)
  }

  #branch(split: number, first: boolean, target: number): void {
    if (first) this.xs[split] = target
    else this.ys[split] = target
  }
}

/** Numbers for characters such that those with one number are in the same sets. */
export class CharClasses {
  readonly count: number
  /** The classes of the 128 characters of ASCII. */
  readonly ascii = new Uint16Array(128)
  readonly #starts: Int32Array
  readonly #ids: Uint16Array

  constructor(sets: readonly CharSet[]) {
    const bounds = new Set<number>([0])
    for (const set of sets) {
      for (let i = 0; i < set.length; i += 2) bounds.add(set[i]).add(set[i + 1] + 1)
    }
    bounds.delete(CODE_MAX + 1)
    this.#starts = Int32Array.from(bounds).sort()
    const memberships = this.#memberships(sets)
    const known = new Map<string, number>()
    this.#ids = Uint16Array.from(memberships, (key) => {
      if (!known.has(key)) known.set(key, known.size)
      return known.get(key) as number
    })
    this.count = known.size
    for (let code = 0; code < 128; code++) this.ascii[code] = this.#find(code)
  }

  /** For every range between two bounds, which sets have it. */
  #memberships(sets: readonly CharSet[]): string[] {
    const keys = Array.from(this.#starts, () => '')
    for (const [id, set] of sets.entries()) {
      let at = 0
      for (const [i, start] of this.#starts.entries()) {
        while (at < set.length && set[at + 1] < start) at += 2
        if (at < set.length && set[at] <= start) keys[i] += `${id} `
      }
    }
    return keys
  }

  /** The class of a character. */
  of(code: number): number {
    return code < 128 ? this.ascii[code] : this.#find(code)
  }

  #find(code: number): number {
    const starts = this.#starts
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle] <= code) low = middle
      else high = middle - 1
    }
    return this.#ids[low]
  }

  /** 1 for each class whose characters are in the set. */
  membersOf(set: CharSet): Uint8Array {
    const members = new Uint8Array(this.count)
    let at = 0
    for (const [i, start] of this.#starts.entries()) {
      while (at < set.length && set[at + 1] < start) at += 2
      if (at < set.length && set[at] <= start) members[this.#ids[i]] = 1
    }
    return members
  }
}
