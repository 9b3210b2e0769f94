/** PATTERN as a program for the search: instructions that take a row, try one way before another,
 *  or watch that a repetition is not empty. Also what follows from the pattern alone: how far into
 *  a match a variable stands at the earliest, and how short a match can be. */

import { unreachable } from '../../base/assert.ts'
import { fail } from '../../base/errors.ts'
import type { MatchTerm } from '../nodes.ts'

export const OP = {
  /** Take a row as variable `a`. */
  TAKE: 0,
  /** Go on at `a`; if that fails, at `b`. */
  SPLIT: 1,
  /** Go on at `a`. */
  JUMP: 2,
  /** Repetition `a` begins here. */
  ENTER: 3,
  /** Fail if repetition `a` has taken no row. */
  CHECK: 4,
  /** The match is complete. */
  ACCEPT: 5,
} as const

const LENGTH_MAX = 10_000

export class MatchProgram {
  readonly ops: number[] = []
  readonly a: number[] = []
  readonly b: number[] = []
  /** Repetitions of what can be empty. */
  loops = 0

  /** LIMIT_EXCEEDED for a pattern that is too long once its numbers are written out. */
  constructor(pattern: MatchTerm) {
    this.#term(pattern)
    this.#emit(OP.ACCEPT)
  }

  #emit(op: number, a = 0, b = 0): number {
    if (this.ops.length >= LENGTH_MAX) {
      fail('LIMIT_EXCEEDED', `PATTERN has more than ${LENGTH_MAX} steps`, {
        hint: 'Use smaller numbers of repetitions.',
      })
    }
    this.a.push(a)
    this.b.push(b)
    return this.ops.push(op) - 1
  }

  #term(term: MatchTerm): void {
    switch (term.kind) {
      case 'variable':
        this.#emit(OP.TAKE, term.variable)
        return
      case 'sequence':
        for (const part of term.terms) this.#term(part)
        return
      case 'choice':
        this.#choice(term.terms)
        return
      case 'repeat':
        this.#repeat(term)
        return
      default:
        unreachable(term)
    }
  }

  #choice(terms: readonly MatchTerm[]): void {
    const jumps: number[] = []
    terms.forEach((part, i) => {
      const split = i < terms.length - 1 ? this.#emit(OP.SPLIT) : undefined
      if (split !== undefined) this.a[split] = this.ops.length
      this.#term(part)
      if (split === undefined) return
      jumps.push(this.#emit(OP.JUMP))
      this.b[split] = this.ops.length
    })
    for (const jump of jumps) this.a[jump] = this.ops.length
  }

  #repeat({ term, from, to, reluctant }: Extract<MatchTerm, { kind: 'repeat' }>): void {
    // However often nothing is repeated, it is nothing.
    if (!takesRows(term)) return
    for (let i = 0; i < from; i++) this.#term(term)
    const exits: number[] = []
    const endless = to === Infinity
    for (let i = from; endless ? i === from : i < to; i++) {
      const split = this.#emit(OP.SPLIT)
      exits.push(split)
      this[reluctant ? 'b' : 'a'][split] = this.ops.length
      this.#body(term)
      if (endless) this.#emit(OP.JUMP, split)
    }
    for (const split of exits) this[reluctant ? 'a' : 'b'][split] = this.ops.length
  }

  #body(term: MatchTerm): void {
    if (leastRows(term) > 0) {
      this.#term(term)
      return
    }
    const loop = this.loops++
    this.#emit(OP.ENTER, loop)
    this.#term(term)
    this.#emit(OP.CHECK, loop)
  }
}

function takesRows(term: MatchTerm): boolean {
  switch (term.kind) {
    case 'variable':
      return true
    case 'repeat':
      return takesRows(term.term)
    default:
      return term.terms.some(takesRows)
  }
}

/** The fewest rows of a match of the term. */
export function leastRows(term: MatchTerm): number {
  switch (term.kind) {
    case 'variable':
      return 1
    case 'sequence':
      return term.terms.reduce((sum, part) => sum + leastRows(part), 0)
    case 'choice':
      return Math.min(...term.terms.map(leastRows))
    case 'repeat':
      return term.from * leastRows(term.term)
  }
}

/** Per variable, how many rows are before it in a match at least. */
export function leastBefore(pattern: MatchTerm, variables: number): number[] {
  const least = new Array<number>(variables).fill(Infinity)
  const walk = (term: MatchTerm, before: number): void => {
    switch (term.kind) {
      case 'variable':
        least[term.variable] = Math.min(least[term.variable], before)
        return
      case 'sequence': {
        let at = before
        for (const part of term.terms) {
          walk(part, at)
          at += leastRows(part)
        }
        return
      }
      case 'choice':
        for (const part of term.terms) walk(part, before)
        return
      case 'repeat':
        walk(term.term, before)
    }
  }
  walk(pattern, 0)
  return least
}
