/** What column pruning hands up the plan, and how it keeps track of places. */

import { assert } from '../../../engine/base/assert.ts'
import { type Storage, storageOf } from '../../../engine/batch/types.ts'
import { columnsOf, type Expr } from '../../../engine/expr/ir.ts'
import { fieldsOf, type LogicalNode } from '../../logical/node.ts'

export interface Pruned {
  /** Has at least the wanted columns. */
  readonly node: LogicalNode
  /** Where a wanted column is now. */
  readonly moved: (column: number) => number
}

export type Wanted = ReadonlySet<number>

export const keptOf = (node: LogicalNode, wanted: Wanted): number[] => {
  const kept = fieldsOf(node).flatMap((_, i) => (wanted.has(i) ? [i] : []))
  // COUNT(*) reads no column, but rows without any cannot be counted: a cheap one stays.
  return kept.length === 0 && fieldsOf(node).length > 0 ? [cheapest(node)] : kept
}

const HEAVY: ReadonlySet<Storage> = new Set(['bytes', 'list', 'struct', 'i128'])

/** The first column of fixed width, else the first. */
const cheapest = (node: LogicalNode): number =>
  Math.max(
    fieldsOf(node).findIndex(({ type }) => !HEAVY.has(storageOf(type))),
    0,
  )

export function placesOf(kept: readonly number[]): Pruned['moved'] {
  const places = new Map(kept.map((column, i) => [column, i]))
  return (column) => {
    const place = places.get(column)
    assert(place !== undefined, `column ${column} was pruned but is read`)
    return place
  }
}

export const readBy = (exprs: readonly Expr[]): Set<number> => {
  const reads = new Set<number>()
  for (const expr of exprs) columnsOf(expr, reads)
  return reads
}

export const union = (a: Wanted, b: Wanted): Set<number> => new Set([...a, ...b])
