/** Looks for the match that is preferred among all that begin at one row: depth first, in the order
 *  of preference, so the first that is found is the one. Where a row is needed that has not come,
 *  the search waits, and goes on from there later: what it has found out stays true.
 *
 *  Two ways to the same instruction and row of which later conditions see the same go on alike, so
 *  one that was gone before is not gone again; that is looked at once there was much going back. */

import { fail } from '../../base/errors.ts'
import type { MatchConditions } from './match-conditions.ts'
import { MatchPath, type MatchRows } from './match-path.ts'
import { type MatchProgram, OP } from './match-program.ts'
import type { MatchReach } from './match-reach.ts'

export type Outcome = 'match' | 'none' | 'wait'

export interface SearchOptions {
  readonly program: MatchProgram
  readonly conditions: MatchConditions
  readonly reach: MatchReach
  readonly withinUs: number
  /** Steps back after which ways are remembered. */
  readonly rememberAfter?: number
}

/** The state of a repetition: the depth at which it began. Never changed, only replaced. */
type Loops = readonly number[]

const NO_LOOPS: Loops = []
/** Ways that are remembered at most. */
const SEEN_MAX = 200_000
/** Steps back after which ways are remembered by default, and after which the search gives up. */
const REMEMBER_AFTER = 1_000
const BACK_MAX = 500_000

export class MatchSearch {
  readonly path: MatchPath
  readonly #options: SearchOptions
  #at = 0
  #loops = NO_LOOPS
  /** Ways that were not taken: where they begin, at which depth, within which repetitions. */
  readonly #otherAt: number[] = []
  readonly #otherDepth: number[] = []
  readonly #otherLoops: Loops[] = []
  #back = 0
  #deepest = 0
  #seen: Set<string> | undefined

  constructor(options: SearchOptions) {
    this.#options = options
    this.path = new MatchPath(options.conditions)
  }

  /** Begins at the row of this position. */
  restart(start: number, number: number): void {
    this.path.restart(start, number)
    this.#at = 0
    this.#loops = NO_LOOPS
    this.#otherAt.length = 0
    this.#otherDepth.length = 0
    this.#otherLoops.length = 0
    this.#back = 0
    this.#deepest = 0
    this.#seen = undefined
  }

  /** Searches on. After 'match' the path has its rows; after 'wait' it is to be called again when
   *  there are more rows, or the watermark has gone on. LIMIT_EXCEEDED after too many ways. */
  run(rows: MatchRows): Outcome {
    const { ops, a } = this.#options.program
    for (;;) {
      switch (ops[this.#at]) {
        case OP.TAKE: {
          const took = this.#take(a[this.#at], rows)
          if (took === undefined) return 'wait'
          if (took) this.#at++
          else if (!this.#goBack()) return 'none'
          break
        }
        case OP.SPLIT:
          this.#split()
          break
        case OP.JUMP:
          this.#at = a[this.#at]
          break
        case OP.ENTER:
          this.#loops = this.#loops.slice()
          ;(this.#loops as number[])[a[this.#at++]] = this.path.depth
          break
        case OP.CHECK:
          if (this.#loops[a[this.#at]] !== this.path.depth) this.#at++
          else if (!this.#goBack()) return 'none'
          break
        default:
          return this.#accept(rows)
      }
    }
  }

  #split(): void {
    const { a, b } = this.#options.program
    this.#otherAt.push(b[this.#at])
    this.#otherDepth.push(this.path.depth)
    this.#otherLoops.push(this.#loops)
    this.#at = a[this.#at]
  }

  /** Whether the next row is one of the variable; undefined if that cannot be known yet. */
  #take(variable: number, rows: MatchRows): boolean | undefined {
    const { path } = this
    const { reach, withinUs } = this.#options
    const { length } = rows.times
    const position = path.start + path.depth
    const startUs = rows.times[path.start]
    if (position >= length) {
      if (rows.ended || rows.closedUs - startUs > withinUs) return false
      return undefined
    }
    if (rows.times[position] - startUs > withinUs) return false
    if (!rows.ended && position + reach.ahead[variable] >= length) return undefined
    if (this.#wasHere()) return false
    const took = path.take(variable, rows)
    if (path.depth > this.#deepest) this.#deepest = path.depth
    return took
  }

  #wasHere(): boolean {
    const { rememberAfter = REMEMBER_AFTER + 2 * this.#deepest } = this.#options
    if (this.#back < rememberAfter) return false
    const known = this.path.signature()
    if (known === undefined) return false
    const way = `${this.#at};${this.path.depth};${this.#loops.join()};${known}`
    this.#seen ??= new Set()
    if (this.#seen.has(way)) return true
    if (this.#seen.size < SEEN_MAX) this.#seen.add(way)
    return false
  }

  #goBack(): boolean {
    const other = this.#otherAt.pop()
    if (other === undefined) return false
    if (++this.#back > BACK_MAX + 100 * this.#deepest) tooManyWays()
    this.#at = other
    this.path.depth = this.#otherDepth.pop()!
    this.#loops = this.#otherLoops.pop()!
    return true
  }

  #accept(rows: MatchRows): Outcome {
    const { path } = this
    const needed = path.start + path.depth - 1 + this.#options.reach.aheadOfEnd
    return rows.ended || needed < rows.times.length ? 'match' : 'wait'
  }

  /** About the bytes it takes. */
  get bytes(): number {
    const ways = this.#otherAt.length * 24 + (this.#seen?.size ?? 0) * 60
    return 400 + this.path.variables.length * 16 + ways
  }
}

function tooManyWays(): never {
  fail('LIMIT_EXCEEDED', 'MATCH_RECOGNIZE tried too many ways to match one row', {
    hint: 'Make the conditions of neighbouring variables exclude each other, or bound the match with WITHIN.',
  })
}
