/** RAND, RAND_INTEGER, UUID: chance that a replay repeats. Every row of an epoch gets a number of
 *  its own, made of the epoch, its seed, the call's place in the statement and the row's place in
 *  the epoch: the same epochs with the same rows in the same order give the same values (law 1). */

import type { EpochClock } from '../../base/clock.ts'
import { DOUBLE, INT, VARCHAR } from '../../batch/types.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { CallExpr } from '../ir.ts'
import { int } from '../literal.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'math', nulls: 'strict', clock: true, volatile: true } as const

/** Draws for one call of a statement: which one is its last argument, see `volatile`. */
class Draws {
  readonly #place: number
  #epoch = -1
  #seed = 0
  #row = 0

  constructor({ args }: CallExpr) {
    const last = args[args.length - 1]
    this.#place = last.kind === 'literal' ? Number(last.value) : 0
  }

  /** Begins the next row; its draws are by number. For one number, no two rows of an epoch (up to
   *  2^32) draw the same. */
  row({ epoch, seed }: EpochClock): (draw: number) => number {
    if (epoch !== this.#epoch || seed !== this.#seed) {
      this.#epoch = epoch
      this.#seed = seed
      this.#row = 0
    }
    const row = this.#row++
    return (draw) => mix(mix(mix(mix(draw, seed), epoch), this.#place), row)
  }
}

/** A uint32 of two; for one `a`, every `b` gives another. */
function mix(a: number, b: number): number {
  let h = a ^ Math.imul(b + 0x9e3779b9, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return (h ^ (h >>> 16)) >>> 0
}

/** A double in [0, 1) of two draws. */
const unit = (draw: (n: number) => number): number =>
  ((draw(0) >>> 5) * 67108864 + (draw(1) >>> 6)) / 9007199254740992

const NOTE = 'A replay gives the same values again.'

const rand: PlainFunction = {
  ...plain,
  name: 'RAND',
  doc: `A random number in [0, 1), for every row another; with a seed, another sequence. ${NOTE}`,
  syntax: ['RAND()', 'RAND(seed)'],
  examples: [],
  resolve: oneOf([[INT], DOUBLE], [[INT, INT], DOUBLE]),
  evaluate(call) {
    const draws = new Draws(call)
    return (clock: EpochClock, ...given: number[]) => {
      const draw = draws.row(clock)
      const seed = given.length > 1 ? given[0] : 0
      return unit((n) => draw(mix(seed, n)))
    }
  },
}

const randInteger: PlainFunction = {
  ...plain,
  name: 'RAND_INTEGER',
  doc: `A random whole number from 0 to below the bound, for every row another; NULL if the bound is not positive. ${NOTE}`,
  syntax: ['RAND_INTEGER(bound)', 'RAND_INTEGER(seed, bound)'],
  examples: [{ args: [int(1)], result: '0' }],
  resolve: oneOf([[INT, INT], INT], [[INT, INT, INT], INT]),
  nullable: 'always',
  evaluate(call) {
    const draws = new Draws(call)
    return (clock: EpochClock, ...given: number[]) => {
      const draw = draws.row(clock)
      const bound = given[given.length - 2]
      const seed = given.length > 2 ? given[0] : 0
      return bound <= 0 ? null : Math.floor(unit((n) => draw(mix(seed, n))) * bound)
    }
  },
}

const uuid: PlainFunction = {
  ...plain,
  name: 'UUID',
  doc: `A random UUID (version 4), for every row another. ${NOTE} It is no secret: who knows the seed knows it.`,
  syntax: ['UUID()'],
  examples: [],
  resolve: oneOf([[INT], VARCHAR]),
  evaluate(call) {
    const draws = new Draws(call)
    return (clock: EpochClock) => {
      const draw = draws.row(clock)
      const hex = (n: number) => draw(n).toString(16).padStart(8, '0')
      const [a, b, c, d] = [hex(0), hex(1), hex(2), hex(3)]
      const variant = '89ab'[Number.parseInt(c[0], 16) & 3]
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`
    }
  },
}

export const chances: readonly ScalarFunction[] = [rand, randInteger, uuid]
