/** The rows of an attempt so far, and which variable each is mapped to. The search goes forth and
 *  back over it as over a stack: everything is kept by depth, so going back costs nothing. */

import type { MatchPlace } from '../nodes.ts'
import type { MatchConditions } from './match-conditions.ts'

/** The final rows of a partition, in order. */
export interface MatchRows {
  /** Slots of the store. */
  readonly slots: readonly number[]
  readonly times: readonly number[]
  /** No other row will come. */
  readonly ended: boolean
  /** No row that is still to come has a time below this. */
  readonly closedUs: number
}

/** The rows that are mapped to some variables. */
interface Members {
  readonly has: readonly boolean[]
  /** By depth: how many of the rows before it are members. */
  readonly counts: number[]
  /** The members' depths, ascending. What is behind the count is left from other ways. */
  readonly depths: number[]
}

export class MatchPath {
  /** Position of the first row. */
  start = 0
  depth = 0
  /** By depth. */
  readonly variables: number[] = []
  /** MATCH_NUMBER() of this match. */
  number = 1
  readonly #conditions: MatchConditions
  readonly #members: readonly Members[]
  /** By reference: the row, variable or group of accumulators that a condition reads. */
  readonly #read: number[] = []
  readonly #accumulators: unknown[][][]

  constructor(conditions: MatchConditions) {
    this.#conditions = conditions
    this.#members = conditions.sets.map((has) => ({ has, counts: [0], depths: [] }))
    this.#accumulators = conditions.freshAccumulators()
  }

  restart(start: number, number: number): void {
    this.start = start
    this.depth = 0
    this.number = number
  }

  /** Goes one row further as `variable` if its condition is TRUE there. */
  take(variable: number, rows: MatchRows): boolean {
    const { depth } = this
    const conditions = this.#conditions
    const test = conditions.tests[variable]
    this.variables[depth] = variable
    for (const { has, counts, depths } of this.#members) {
      const count = counts[depth]
      if (has[variable]) depths[count] = depth
      counts[depth + 1] = has[variable] ? count + 1 : count
    }
    if (conditions.aggregates.length > 0) this.#accumulate(variable, rows)
    if (test !== undefined) {
      for (const index of conditions.reads[variable]) this.#read[index] = this.#find(index, rows)
      if (!conditions.run(test, this.#read, this.#accumulators, this.number)) return false
    }
    this.depth = depth + 1
    return true
  }

  #accumulate(variable: number, rows: MatchRows): void {
    const { depth } = this
    const slot = rows.slots[this.start + depth]
    for (const { reference, set, add } of this.#conditions.aggregates) {
      if (set !== undefined && !this.#members[set].has[variable]) continue
      const group = set === undefined ? depth + 1 : this.#members[set].counts[depth + 1]
      this.#conditions.add(add, slot, this.#accumulators[reference], group)
    }
  }

  /** What reference number `index` reads for the row that is being taken. */
  #find(index: number, rows: MatchRows): number {
    const { kind, place, set } = this.#conditions.wanted[index]
    if (kind === 'aggregate') {
      return set === undefined ? this.depth + 1 : this.#members[set].counts[this.depth + 1]
    }
    const depth = this.#depthOf(place, set)
    if (depth < 0) return -1
    if (kind === 'classifier') return this.variables[depth]
    return rows.slots[this.start + depth + place.shift] ?? -1
  }

  #depthOf({ end, offset }: MatchPlace, set: number | undefined): number {
    if (set === undefined) {
      return end === 'last' ? this.depth - offset : offset <= this.depth ? offset : -1
    }
    const { counts, depths } = this.#members[set]
    const count = counts[this.depth + 1]
    const at = end === 'last' ? count - 1 - offset : offset
    return at < 0 || at >= count ? -1 : depths[at]
  }

  /** All that a later condition can read of the rows so far, as a text: two ways to one place that
   *  have it in common go on alike. undefined if it cannot be told. */
  signature(): string | undefined {
    const parts: unknown[] = []
    for (const { set, first, last, labels } of this.#conditions.remembered) {
      const count = set === undefined ? this.depth : this.#members[set].counts[this.depth]
      const at = (i: number) => (set === undefined ? i : this.#members[set].depths[i])
      for (let i = 0; i < Math.min(first, count); i++) this.#note(at(i), labels, parts)
      for (let i = Math.max(0, count - last); i < count; i++) this.#note(at(i), labels, parts)
      parts.push('|')
    }
    for (const { reference, set, plain } of this.#conditions.aggregates) {
      if (!plain) return undefined
      const group = set === undefined ? this.depth : this.#members[set].counts[this.depth]
      for (const values of this.#accumulators[reference]) parts.push(values[group])
    }
    return parts.join()
  }

  #note(depth: number, labels: boolean, parts: unknown[]): void {
    parts.push(depth)
    if (labels) parts.push(this.variables[depth])
  }
}
