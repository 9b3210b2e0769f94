/** The groups of a join: one table of keys for both sides, and when to forget the keys of which no
 *  row is left. */

import type { Expr } from '../../expr/ir.ts'
import type { ArrayKind } from '../../state/group-table.ts'
import { GroupTable } from '../../state/group-table.ts'
import type { RowStore } from '../../state/row-store.ts'
import { joinKeyArrays, joinKeyTexts } from './join-keys.ts'

/** Groups are counted, and the empty ones swept, when there are this many at least. */
const SWEEP_MIN = 4096

/** Stored rows that belong to groups. */
export interface Grouped {
  readonly rows: RowStore
  /** Per slot: its group, or -1. */
  readonly groups: Int32Array
}

export class JoinGroups {
  readonly table: GroupTable
  /** The position of the first array behind those of the keys. */
  readonly firstPlace: number
  readonly #texts: readonly number[]
  #sweepAt = SWEEP_MIN

  /** `initials` are what a fresh group holds in each further Int32Array. */
  constructor(keys: readonly Expr[], initials: readonly number[]) {
    const arrays = joinKeyArrays(keys)
    this.firstPlace = arrays.length
    const kind: ArrayKind = 'i32'
    this.table = new GroupTable({
      arrays: [...arrays, ...initials.map((initial) => ({ kind, initial }))],
    })
    this.#texts = joinKeyTexts(keys)
  }

  /** Sweeps the groups without rows if they are most. Chains stay as they are, groups get new
   *  numbers: returns the new one by the old one, -1 for those that go; undefined if all stay. Not
   *  within an epoch. */
  tidy(sides: readonly Grouped[]): Int32Array | undefined {
    const { table } = this
    if (table.count < this.#sweepAt) return undefined
    const isLive = new Uint8Array(table.count)
    for (const { rows, groups } of sides) {
      for (let slot = 0; slot < rows.count; slot++) {
        if (rows.weights[slot] !== 0 && groups[slot] >= 0) isLive[groups[slot]] = 1
      }
    }
    let live = 0
    for (const mark of isLive) live += mark
    const numbers = live * 2 < table.count ? this.#sweep(isLive, sides) : undefined
    this.#sweepAt = Math.max(SWEEP_MIN, table.count * 2)
    return numbers
  }

  #sweep(isLive: Uint8Array, sides: readonly Grouped[]): Int32Array {
    const numbers = new Int32Array(isLive.length).fill(-1)
    let next = 0
    for (let g = 0; g < isLive.length; g++) if (isLive[g] === 1) numbers[g] = next++
    this.table.retain((g) => isLive[g] === 1)
    this.table.compactHeap(this.#texts)
    for (const { rows, groups } of sides) {
      for (let slot = 0; slot < rows.count; slot++) {
        if (groups[slot] >= 0) groups[slot] = numbers[groups[slot]]
      }
    }
    return numbers
  }
}
