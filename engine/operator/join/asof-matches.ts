/** Which right row each left row of an ASOF join is nearest to, and whose answer a change
 *  alters. */

import type { AsofJoinNode } from '../nodes.ts'
import type { AsofSide } from './asof-side.ts'

const NONE = -1

/** Positions [from, to) in a list of left rows. */
interface Span {
  readonly from: number
  readonly to: number
}

export class AsofMatches {
  readonly #left: AsofSide
  readonly #right: AsofSide
  /** The nearest row is the last one before, not the first one behind. */
  readonly #looksBack: boolean
  readonly #strict: boolean

  constructor({ comparison }: Pick<AsofJoinNode, 'comparison'>, left: AsofSide, right: AsofSide) {
    this.#left = left
    this.#right = right
    this.#looksBack = comparison.startsWith('>')
    this.#strict = !comparison.endsWith('=')
  }

  /** The right slot for a left one; -1: there is none. */
  of(left: number): number {
    const group = this.#left.groups[left]
    return this.#right.list(group).at(this.#position(left, group))
  }

  /** Its position in the group's right list; one outside if there is none. */
  #position(left: number, group: number): number {
    const { values } = this.#left
    if (this.#looksBack) return this.#right.firstFrom(group, values, left, !this.#strict) - 1
    return this.#right.firstFrom(group, values, left, this.#strict)
  }

  /** Visits the left rows of a group that a change of these right slots can have given another
   *  match, with their match as it is now. The slots may be of rows that are gone. */
  affected(
    group: number,
    changed: readonly number[],
    visit: (left: number, right: number) => void,
  ): void {
    if (this.#left.list(group).length === 0) return
    for (const { from, to } of merged(changed.map((slot) => this.#spanOf(group, slot)))) {
      this.#visit(group, this.#left.list(group).slice(from, to), visit)
    }
  }

  /** Left rows from the changed right row to the next one of another value, in the direction that
   *  is looked from. */
  #spanOf(group: number, slot: number): Span {
    const { values } = this.#right
    const left = this.#left
    const list = this.#right.list(group)
    const from = (right: number, above: boolean) => left.firstFrom(group, values, right, above)
    if (this.#looksBack) {
      const next = list.at(this.#right.firstFrom(group, values, slot, true))
      const to = next === NONE ? left.list(group).length : from(next, this.#strict)
      return { from: from(slot, this.#strict), to }
    }
    const previous = list.at(this.#right.firstFrom(group, values, slot, false) - 1)
    const first = previous === NONE ? 0 : from(previous, !this.#strict)
    return { from: first, to: from(slot, !this.#strict) }
  }

  /** Walks left rows in order beside the right list. */
  #visit(group: number, lefts: Int32Array, visit: (left: number, right: number) => void): void {
    if (lefts.length === 0) return
    const { values } = this.#left
    const first = this.#position(lefts[0], group)
    const last = this.#position(lefts[lefts.length - 1], group)
    const start = Math.max(0, first)
    const rights = this.#right.list(group).slice(start, last + 1)
    const passes = this.#looksBack ? this.#isBehind : this.#isBefore
    let at = first - start
    for (const left of lefts) {
      // Back: the last one that is not behind; forth: the first one that is not before.
      if (this.#looksBack) while (!passes(rights[at + 1], values, left)) at++
      else while (passes(rights[at], values, left)) at++
      visit(left, at < 0 || at >= rights.length ? NONE : rights[at])
    }
  }

  /** Whether a right row is too late to be a match that is looked back for; so is none. */
  readonly #isBehind = (right: number | undefined, values: AsofSide['values'], left: number) => {
    if (right === undefined) return true
    const order = this.#right.compareTo(right, values, left)
    return this.#strict ? order >= 0 : order > 0
  }

  /** Whether a right row is too early to be a match that is looked forth for. */
  readonly #isBefore = (right: number | undefined, values: AsofSide['values'], left: number) => {
    if (right === undefined) return false
    const order = this.#right.compareTo(right, values, left)
    return this.#strict ? order <= 0 : order < 0
  }
}

/** Spans that overlap or touch as one, in order. */
function merged(spans: readonly Span[]): Span[] {
  const found: { from: number; to: number }[] = []
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1)
    if (from >= to) continue
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else found.push({ from, to })
  }
  return found
}
