/** The values of a group in an order: that of arrival, or that of ORDER BY keys. Plain data, so
 *  that it can be an aggregate's state. Adding costs O(log n) comparisons and a move of what is
 *  behind; retracting without an ORDER BY searches from the front. */

import type { Value } from '../../batch/value.ts'
import { compareValues } from '../../batch/value-order.ts'
import type { SortKey } from '../nodes.ts'

/** A value, then the keys that it is ordered by. */
export type Item = readonly Value[]

export interface ItemList {
  readonly items: Item[]
  /** Retracted before they came. */
  readonly owed: Item[]
}

export type ItemOrder = (a: Item, b: Item) => number

/** The order of items by their keys; undefined without keys. */
export function itemOrder(orderBy: readonly SortKey[] | undefined): ItemOrder | undefined {
  if (orderBy === undefined || orderBy.length === 0) return undefined
  return (a, b) => {
    for (let k = 0; k < orderBy.length; k++) {
      const order = compareKeys(a[k + 1], b[k + 1], orderBy[k])
      if (order !== 0) return order
    }
    return 0
  }
}

function compareKeys(a: Value, b: Value, { descending, nullsFirst }: SortKey): number {
  if (a === null || b === null) {
    if (a === b) return 0
    return (a === null) === nullsFirst ? -1 : 1
  }
  const order = compareValues(a, b)
  return descending ? -order : order
}

/** Adds `weight` times the item, or takes it out; returns the list. */
export function addItem(
  list: ItemList | undefined,
  item: Item,
  weight: number,
  order: ItemOrder | undefined,
): ItemList {
  const { items, owed } = list ?? { items: [], owed: [] }
  for (let n = weight; n > 0; n--) {
    if (owed.length > 0 && remove(owed, item, 0, owed.length)) continue
    if (order === undefined) items.push(item)
    else items.splice(endOf(items, item, order), 0, item)
  }
  for (let n = weight; n < 0; n++) {
    const from = order === undefined ? 0 : startOf(items, item, order)
    const to = order === undefined ? items.length : endOf(items, item, order)
    if (!remove(items, item, from, to)) owed.push(item)
  }
  return list ?? { items, owed }
}

/** Takes out the first item like this one of items[from, to). */
function remove(items: Item[], item: Item, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (!sameItem(items[at], item)) continue
    items.splice(at, 1)
    return true
  }
  return false
}

const sameItem = (a: Item, b: Item): boolean => a.every((value, i) => sameValue(value, b[i]))

const sameValue = (a: Value, b: Value): boolean =>
  a === b || (a !== null && b !== null && compareValues(a, b) === 0)

/** The first position whose item is not before this one. */
const startOf = (items: readonly Item[], item: Item, order: ItemOrder): number =>
  firstWhere(items, (other) => order(other, item) >= 0)

/** The first position whose item is after this one. */
const endOf = (items: readonly Item[], item: Item, order: ItemOrder): number =>
  firstWhere(items, (other) => order(other, item) > 0)

function firstWhere(items: readonly Item[], holds: (item: Item) => boolean): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(items[middle])) high = middle
    else low = middle + 1
  }
  return low
}

/** Adds all of `from`, which stays as it is; returns the list. */
export function mergeItems(
  list: ItemList | undefined,
  from: ItemList | undefined,
  order: ItemOrder | undefined,
): ItemList | undefined {
  let merged = list
  for (const item of from?.items ?? []) merged = addItem(merged, item, 1, order)
  for (const item of from?.owed ?? []) merged = addItem(merged, item, -1, order)
  return merged
}
