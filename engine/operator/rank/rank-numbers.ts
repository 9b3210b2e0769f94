/** ROW_NUMBER, RANK and DENSE_RANK over a list in order. */

import type { OrderedSlots } from '../../state/ordered-slots.ts'
import type { RankNode } from '../nodes.ts'
import type { OrderedRows } from '../ordered/ordered-rows.ts'
import type { Ranked } from './rank-state.ts'

/** The slots whose rank is in [from, to]. */
export function rankedSlots(
  { ranking, from, to }: RankNode,
  list: OrderedSlots,
  rows: OrderedRows,
): Ranked {
  if (ranking === 'row_number')
    return { slots: list.toArray(from - 1, to), ranks: null, first: from }
  const slots: number[] = []
  const ranks: number[] = []
  let [rank, position, last] = [0, 0, -1]
  for (const slot of list) {
    position++
    if (last < 0 || rows.comparePeers(last, slot) !== 0) {
      rank = ranking === 'rank' ? position : rank + 1
    }
    last = slot
    if (rank > to) break
    if (rank < from) continue
    slots.push(slot)
    ranks.push(rank)
  }
  return { slots, ranks, first: from }
}

/** The rank of the last row; 0 of no row. */
export function worstRankOf(
  ranking: RankNode['ranking'],
  list: OrderedSlots,
  rows: OrderedRows,
): number {
  if (list.length === 0 || ranking === 'row_number') return list.length
  const { last } = list
  if (ranking === 'rank') return list.firstWhere((slot) => rows.comparePeers(slot, last) >= 0) + 1
  let rank = 0
  for (let at = 0; at < list.length; rank++) {
    const slot = list.at(at)
    at = list.firstWhere((other) => rows.comparePeers(other, slot) > 0)
  }
  return rank
}
