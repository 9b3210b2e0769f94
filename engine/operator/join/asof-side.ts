/** One side of an ASOF join: its rows per key, in the order of the value that is compared. Rows of
 *  equal value stand in the order of their columns, so that which of them is nearest does not
 *  depend on who came first. */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import type { Column } from '../../batch/column.ts'
import { hashRows } from '../../batch/row-hash.ts'
import { sameRow } from '../../batch/same-row.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { compileProject, type Project } from '../../expr/compile-project.ts'
import type { Expr } from '../../expr/ir.ts'
import { grownInts } from '../../state/grown.ts'
import { OrderedSlots } from '../../state/ordered-slots.ts'
import { RowIndex } from '../../state/row-index.ts'
import { RowStore } from '../../state/row-store.ts'
import type { Section } from '../operator.ts'
import { type CompareCells, compareCells, rowOrder } from '../ordered/ordered-columns.ts'

export interface AsofSideOptions {
  readonly schema: Schema
  readonly value: Expr
  /** Rows of equal value stand in falling order of their columns, not in rising order. */
  readonly falling: boolean
  /** Rows can be retracted, so equal ones must be found. */
  readonly indexed: boolean
  readonly clock: EpochClock
}

/** Sees the slots of rows that came, and of those that went: their content is there until the
 *  epoch ends. */
export interface AsofChangeReceiver {
  came(slot: number): void
  went(slot: number): void
}

const NONE = -1

export class AsofSide {
  readonly rows: RowStore
  readonly #options: AsofSideOptions
  readonly #place: number
  readonly #project: Project
  readonly #compare: CompareCells
  readonly #ties: (batch: Batch, a: number, b: number) => number
  readonly #index: RowIndex | undefined
  /** Per slot: its group. */
  groups = new Int32Array(0)
  #lists: OrderedSlots[] = []
  /** Retractions whose rows have not come yet. */
  #owed: number[] = []

  constructor(options: AsofSideOptions) {
    const { schema, value, falling, indexed } = options
    const { fields } = schema
    const isColumn = value.kind === 'column'
    this.#options = options
    this.#place = isColumn ? value.index : fields.length
    this.#project = compileProject(isColumn ? [] : [value], schema)
    this.#compare = compareCells({ type: value.type, descending: false, nullsFirst: true })
    const ties = rowOrder(schema)
    this.#ties = falling ? (batch, a, b) => ties(batch, b, a) : ties
    const added = isColumn ? [] : [{ name: '$value', type: value.type, nullable: true }]
    this.rows = new RowStore(schemaOf([...fields, ...added]))
    this.#index = indexed ? new RowIndex() : undefined
  }

  /** The rows as the store takes them. */
  extended(batch: Batch): Batch {
    const { schema } = this.rows
    if (schema.fields.length === batch.columns.length) return batch
    return batch.withColumns(schema, [
      ...batch.columns,
      ...this.#project(batch, this.#options.clock),
    ])
  }

  /** The compared value of extended rows. */
  valueOf(batch: Batch): Column {
    return batch.columns[this.#place]
  }

  /** The stored values by slot. */
  get values(): Column {
    return this.rows.view.columns[this.#place]
  }

  /** The stored rows with the input's columns. */
  get view(): Batch {
    const { schema } = this.#options
    return this.rows.view.withColumns(schema, this.rows.view.columns.slice(0, schema.fields.length))
  }

  readonly #order = (a: number, b: number): number => {
    const { values } = this
    return this.#compare(values, a, values, b) || this.#ties(this.rows.view, a, b) || a - b
  }

  /** The rows of a group in order. */
  list(group: number): OrderedSlots {
    while (this.#lists.length <= group) this.#lists.push(new OrderedSlots())
    return this.#lists[group]
  }

  /** The first position in a group's list whose value is not below cell `i` of `values`, or above
   *  it. */
  firstFrom(group: number, values: Column, i: number, above: boolean): number {
    const own = this.values
    const least = above ? 1 : 0
    return this.list(group).firstWhere((slot) => this.#compare(own, slot, values, i) >= least)
  }

  /** The value in a slot against cell `i` of `values`: negative, 0 or positive. */
  compareTo(slot: number, values: Column, i: number): number {
    return this.#compare(this.values, slot, values, i)
  }

  /** Whether two slots hold equal rows. */
  isSame(a: number, b: number): boolean {
    return sameRow(this.rows.view, a, this.rows.view, b)
  }

  /** Brings a net change in: row `rows[j]` of an extended batch to group `groups[j]`, j < n. */
  apply(
    batch: Batch,
    rows: Int32Array,
    n: number,
    groups: Int32Array,
    see: AsofChangeReceiver,
  ): void {
    const hashes = this.#index && hashRows(batch.columns, batch.rowCount)
    const come: number[] = []
    const into: number[] = []
    for (let j = 0; j < n; j++) {
      for (let weight = batch.weights?.[rows[j]] ?? 1; weight > 0; weight--) {
        come.push(rows[j])
        into.push(groups[j])
      }
    }
    const first = this.#append(batch, come, into)
    for (let j = 0; j < come.length; j++) {
      if (hashes !== undefined) this.#index!.add(first + j, hashes[come[j]])
    }
    for (let j = 0; j < come.length; j++)
      if (!this.#settlesDebt(first + j)) this.#put(first + j, see)
    if (hashes === undefined || batch.weights === null) return
    for (let j = 0; j < n; j++) {
      for (let weight = batch.weights[rows[j]]; weight < 0; weight++) {
        this.#take(batch, rows[j], groups[j], hashes[rows[j]], see)
      }
    }
  }

  #append(batch: Batch, rows: readonly number[], groups: readonly number[]): number {
    const picked = Int32Array.from(rows)
    const first = this.rows.append(batch, picked, picked.length, null)
    if (this.groups.length < this.rows.capacity) {
      this.groups = grownInts(this.groups, this.rows.capacity)
    }
    this.groups.set(groups, first)
    return first
  }

  #put(slot: number, see: AsofChangeReceiver): void {
    this.list(this.groups[slot]).insert(slot, this.#order)
    see.came(slot)
  }

  /** Whether a row that was taken back before it came has come. */
  #settlesDebt(slot: number): boolean {
    const debt = this.#owed.findIndex((owed) => this.isSame(owed, slot))
    if (debt < 0) return false
    this.rows.kill(this.#owed[debt])
    this.rows.kill(slot)
    this.#owed.splice(debt, 1)
    return true
  }

  #take(batch: Batch, row: number, group: number, hash: number, see: AsofChangeReceiver): void {
    const isDead = (slot: number) => this.rows.weights[slot] <= 0
    const slot = this.#index!.find(hash, batch, row, this.rows.view, isDead)
    if (slot !== NONE) {
      this.list(group).remove(slot, this.#order)
      this.rows.kill(slot)
      see.went(slot)
      return
    }
    const owed = this.#append(batch, [row], [group])
    this.rows.weights[owed] = -1
    this.rows.touch(owed)
    this.#owed.push(owed)
  }

  /** Lets the first `count` rows of a group go. */
  drop(group: number, count: number): void {
    for (const slot of this.list(group).shift(count)) this.rows.kill(slot)
  }

  /** Lets a row go, wherever it stands. */
  remove(slot: number): void {
    this.list(this.groups[slot]).remove(slot, this.#order)
    this.rows.kill(slot)
  }

  /** Forgets all rows. Between epochs. */
  clear(): void {
    this.rows.clear()
    this.#index?.retain(this.groups, 0)
    this.groups = new Int32Array(0)
    this.#lists = []
    this.#owed = []
  }

  /** Sweeps dead rows out if they are many; returns the old slots of those that stay. Between
   *  epochs. */
  tidy(): Int32Array | undefined {
    if (!this.rows.crowded) return undefined
    const { groups } = this
    const numbers = new Int32Array(this.rows.count)
    const kept = this.rows.sweep()
    for (let slot = 0; slot < kept.length; slot++) numbers[kept[slot]] = slot
    this.#index?.retain(kept, kept.length)
    this.groups = new Int32Array(this.rows.capacity)
    for (let slot = 0; slot < kept.length; slot++) this.groups[slot] = groups[kept[slot]]
    for (const list of this.#lists) list.renumber((slot) => numbers[slot])
    this.#owed = this.#owed.map((slot) => numbers[slot])
    return kept
  }

  /** Groups have new numbers: `numbers[old]`; -1: the group had no rows. */
  renumberGroups(numbers: Int32Array): void {
    const lists: OrderedSlots[] = []
    this.#lists.forEach((list, group) => {
      if (numbers[group] >= 0) lists[numbers[group]] = list
    })
    for (let group = 0; group < lists.length; group++) lists[group] ??= new OrderedSlots()
    this.#lists = lists
  }

  /** Takes back a snapshot, on a fresh side. `find` gives each row its group. */
  restore(
    prefix: string,
    sections: readonly Section[],
    find: (batch: Batch, rows: Int32Array, n: number, groups: Int32Array) => void,
  ): void {
    this.rows.restore(prefix, sections)
    const { count, weights, view } = this.rows
    this.groups = new Int32Array(this.rows.capacity)
    const live = Int32Array.from(
      Array.from({ length: count }, (_, slot) => slot).filter((slot) => weights[slot] !== 0),
    )
    const groups = new Int32Array(live.length)
    find(this.view, live, live.length, groups)
    const hashes = this.#index && hashRows(view.columns, count)
    const slots: number[][] = []
    live.forEach((slot, j) => {
      this.groups[slot] = groups[j]
      if (weights[slot] < 0) this.#owed.push(slot)
      else {
        ;(slots[groups[j]] ??= []).push(slot)
        if (hashes !== undefined) this.#index!.add(slot, hashes[slot])
      }
    })
    slots.forEach((list, group) => {
      this.list(group)
      this.#lists[group] = OrderedSlots.of(list, this.#order)
    })
  }

  get bytes(): number {
    const lists = this.#lists.length * 150 + this.rows.live * 8
    return this.rows.bytes + this.groups.byteLength + lists + (this.#index?.bytes ?? 0)
  }
}
