/** Distances between rows along the single ORDER BY key of a RANGE frame. Offset 0 is about peers
 *  and works for any order; other offsets need a number, a time or an interval. A NULL (or NaN) is
 *  only near its peers. Integers beyond 2^53 are compared as doubles. */

import type { Column } from '../../batch/column.ts'
import { type DataType, storageOf } from '../../batch/types.ts'
import type { SortKey } from '../nodes.ts'
import type { OrderedRows } from '../ordered/ordered-rows.ts'

const DAY_US = 86_400_000_000

/** How many units of `OverFrame` one unit of the stored value is; undefined if values of the type
 *  have no distance. */
export function rangeUnitOf(type: DataType): number | undefined {
  if (type.kind === 'date') return DAY_US
  if (type.kind === 'decimal') return 10 ** -type.scale
  const plain = ['tinyint', 'smallint', 'int', 'bigint', 'float', 'double', 'time']
  const times = ['timestamp', 'timestamp_ltz', 'interval_second', 'interval_month']
  return plain.includes(type.kind) || times.includes(type.kind) ? 1 : undefined
}

export class RangeDistance {
  readonly #rows: OrderedRows
  readonly #key: SortKey | undefined
  readonly #unit: number
  #column: Column | undefined

  constructor(rows: OrderedRows, orderBy: readonly SortKey[]) {
    this.#rows = rows
    this.#key = orderBy.length === 1 ? orderBy[0] : undefined
    this.#unit = this.#key === undefined ? 1 : (rangeUnitOf(this.#key.expr.type) ?? 1)
  }

  /** To be called when rows were stored. */
  refresh(): void {
    this.#column = this.#rows.keyColumn(0)
  }

  /** Whether `other` is at or before `slot` plus the offset. */
  isWithin(slot: number, offset: number, other: number): boolean {
    if (offset === Infinity) return true
    const distance = offset === 0 ? Number.NaN : this.#distance(slot, other)
    // NaN: there is no distance, so it is about being a peer.
    return Number.isNaN(distance) ? this.#rows.comparePeers(other, slot) <= 0 : distance <= offset
  }

  /** Whether `other` is at or behind `slot` plus the offset. */
  isFrom(slot: number, offset: number, other: number): boolean {
    if (offset === -Infinity) return true
    const distance = offset === 0 ? Number.NaN : this.#distance(slot, other)
    return Number.isNaN(distance) ? this.#rows.comparePeers(other, slot) >= 0 : distance >= offset
  }

  /** How far `other` is behind `slot`. */
  #distance(slot: number, other: number): number {
    const distance = this.valueAt(other) - this.valueAt(slot)
    return this.#key!.descending ? -distance : distance
  }

  /** The key as a number in units of the frame; NaN for NULL. */
  valueAt(slot: number): number {
    const column = this.#column!
    if (column.isNull(slot)) return Number.NaN
    const value =
      storageOf(column.type) === 'i64'
        ? column.lanes[2 * slot + 1] * 4294967296 + (column.lanes[2 * slot] >>> 0)
        : Number(column.values[slot])
    return this.#unit === 1 ? value : value * this.#unit
  }
}
