/** Folds the changelog that a JavaScript peer gives into its final groups. */

import { type Groups, groupKey } from './groups.ts'

export interface PeerRow {
  readonly hour: number
  readonly origin: string
  readonly count: number
  readonly sum: number
  readonly avg: number
}

/** `[[key, row], multiplicity]`, as both peers give it. */
export type PeerChange = readonly [readonly [string, PeerRow], number]

/** An update is a retraction and an insertion, in either order. */
export function groupsOfChanges(collections: readonly (readonly PeerChange[])[]): Groups {
  const weights = new Map<string, Map<string, { row: PeerRow; weight: number }>>()
  for (const [[, row], multiplicity] of collections.flat()) {
    const key = groupKey(row.hour, row.origin)
    const rows = weights.get(key) ?? new Map()
    const text = `${row.count} ${row.sum}`
    const weight = (rows.get(text)?.weight ?? 0) + multiplicity
    weights.set(key, rows.set(text, { row, weight }))
  }
  const groups: Groups = new Map()
  for (const [key, rows] of weights) {
    const left = [...rows.values()].filter(({ weight }) => weight !== 0)
    if (left.length !== 1 || left[0].weight !== 1) throw new Error(`${key} is not one row`)
    const { count, sum, avg } = left[0].row
    groups.set(key, { count, sum, avg: Math.trunc(avg) + 0 })
  }
  return groups
}
