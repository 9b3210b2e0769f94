/** Stored rows with a partition and an order: what ranking and OVER keep their state in. Rows lie
 *  in a `RowStore`, beside the input's columns those of ORDER BY that are computed; the slots
 *  ascend in order of arrival, so ties are broken by slot. Which slots are in which list is the
 *  owner's business. */

import type { EpochClock } from '../../base/clock.ts'
import { Batch } from '../../batch/batch.ts'
import { type Column, gather } from '../../batch/column.ts'
import { hashRows } from '../../batch/row-hash.ts'
import { type Field, type Schema, schemaOf } from '../../batch/schema.ts'
import { compileProject, type Project } from '../../expr/compile-project.ts'
import type { Expr } from '../../expr/ir.ts'
import { GroupTable } from '../../state/group-table.ts'
import { RowIndex } from '../../state/row-index.ts'
import { RowStore } from '../../state/row-store.ts'
import { GroupProgram } from '../group/group-program.ts'
import { allRows } from '../group/group-rows.ts'
import type { SortKey } from '../nodes.ts'
import type { Section } from '../operator.ts'
import { type CompareCells, compareCells } from './ordered-columns.ts'
import { PartitionWindows } from './partition-windows.ts'

export interface OrderedRowsOptions {
  readonly input: Schema
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly SortKey[]
  readonly clock: EpochClock
  /** Rows can be retracted, so equal ones must be found. */
  readonly indexed: boolean
  /** The column with the end of the window that a partition is in. */
  readonly windowEnd?: number | undefined
}

interface OrderKey {
  /** The position of its column in the store. */
  readonly column: number
  readonly compare: CompareCells
}

/** A partition that lost its last row is swept when they are this many and more than the living. */
const EMPTY_MAX = 1024
/** Rows whose partitions are looked up at once after a restart. A multiple of 8. */
const RESTORE_ROWS = 8192

export class OrderedRows {
  readonly store: RowStore
  readonly partitions: GroupTable
  readonly #input: Schema
  readonly #clock: EpochClock
  readonly #program: GroupProgram
  readonly #keys: OrderKey[]
  readonly #computed: Project
  readonly #index: RowIndex | undefined
  /** Where partitions are in windows. */
  readonly windows: PartitionWindows | undefined
  /** The order key columns of the store as it is now. */
  #keyColumns: Column[] = []

  constructor({ input, partitionBy, orderBy, clock, indexed, windowEnd }: OrderedRowsOptions) {
    this.#input = input
    this.#clock = clock
    const computed: Expr[] = []
    this.#keys = orderBy.map(({ expr, descending, nullsFirst }) => ({
      column: expr.kind === 'column' ? expr.index : input.fields.length + computed.push(expr) - 1,
      compare: compareCells({ type: expr.type, descending, nullsFirst }),
    }))
    this.#computed = compileProject(computed, input)
    const more: Field[] = computed.map(({ type }, i) => ({ name: `$${i}`, type, nullable: true }))
    this.store = new RowStore(schemaOf([...input.fields, ...more]))
    this.#program = new GroupProgram({ keys: partitionBy, aggregates: [], input })
    this.partitions = new GroupTable(this.#program.layout)
    this.#index = indexed ? new RowIndex() : undefined
    this.windows = windowEnd === undefined ? undefined : new PartitionWindows(windowEnd)
  }

  /** Whether rows can be found by their content. */
  get isIndexed(): boolean {
    return this.#index !== undefined
  }

  /** The rows as the store takes them: with the computed order keys. */
  extended(batch: Batch): Batch {
    const { schema } = this.store
    if (schema.fields.length === batch.columns.length) return batch
    return batch.withColumns(schema, [...batch.columns, ...this.#computed(batch, this.#clock)])
  }

  /** The partition of each row; new ones are made. */
  partitionsOf(batch: Batch, into: Int32Array = new Int32Array(batch.rowCount)): Int32Array {
    const { rowCount } = batch
    this.#program.find(batch, this.partitions, allRows(rowCount), rowCount, into, this.#clock)
    this.windows?.note(batch, allRows(rowCount), into, rowCount)
    return into
  }

  /** Stores rows[0..n) of an extended batch with this weight; returns the slot of the first. */
  append(batch: Batch, rows: Int32Array, n: number): number {
    const first = this.store.append(batch, rows, n, null)
    this.#see()
    return first
  }

  /** Makes a stored row findable; slots come in ascending order. */
  indexRow(slot: number, hash: number): void {
    this.#index!.add(slot, hash)
  }

  /** The latest stored row like this one of an extended batch; -1 if there is none. */
  find(hash: number, batch: Batch, row: number): number {
    const { store } = this
    return this.#index!.find(hash, batch, row, store.view, (slot) => store.weights[slot] === 0)
  }

  #see(): void {
    this.#keyColumns = this.#keys.map(({ column }) => this.store.view.columns[column])
  }

  /** The stored values of an order key. */
  keyColumn(key: number): Column | undefined {
    return this.#keyColumns[key]
  }

  /** By the order keys, and then by arrival. */
  readonly order = (a: number, b: number): number => this.comparePeers(a, b) || a - b

  /** By the order keys: 0 for peers. */
  comparePeers(a: number, b: number): number {
    const columns = this.#keyColumns
    for (let k = 0; k < columns.length; k++) {
      const order = this.#keys[k].compare(columns[k], a, columns[k], b)
      if (order !== 0) return order
    }
    return 0
  }

  /** A row of an extended batch against a stored one, by the order keys. */
  compareRow(batch: Batch, row: number, slot: number): number {
    const columns = this.#keyColumns
    for (let k = 0; k < columns.length; k++) {
      const { column, compare } = this.#keys[k]
      const order = compare(batch.columns[column], row, columns[k], slot)
      if (order !== 0) return order
    }
    return 0
  }

  /** Two rows of an extended batch, by the order keys. */
  compareRows({ columns }: Batch, a: number, b: number): number {
    for (const { column, compare } of this.#keys) {
      const order = compare(columns[column], a, columns[column], b)
      if (order !== 0) return order
    }
    return 0
  }

  /** The stored rows at these slots, in this order, with the input's columns. */
  rowsAt(slots: Int32Array): Batch {
    const columns = this.#input.fields.map((_, c) =>
      gather(this.store.view.columns[c], slots, slots.length),
    )
    return new Batch(this.#input, columns, slots.length)
  }

  /** Sweeps dead rows out if they are many, and says whether it did; `renumber` gets the function
   *  from old to new slots. */
  tidy(renumber: (numberOf: (slot: number) => number) => void): boolean {
    const { store } = this
    if (!store.crowded) return false
    const numbers = new Int32Array(store.count)
    const kept = store.sweep()
    for (let slot = 0; slot < kept.length; slot++) numbers[kept[slot]] = slot
    this.#index?.retain(kept, kept.length)
    this.#see()
    renumber((slot) => numbers[slot])
    return true
  }

  /** Forgets the partitions that are empty if they are many; returns which were kept, or undefined.
   *  Partition numbers are then the positions among the kept ones. */
  tidyPartitions(
    emptyCount: number,
    isEmpty: (partition: number) => boolean,
  ): Int32Array | undefined {
    const { partitions } = this
    if (emptyCount <= EMPTY_MAX || emptyCount * 2 <= partitions.count) return undefined
    return this.retainPartitions((partition) => !isEmpty(partition))
  }

  /** Forgets all other partitions; returns which are kept: their numbers are now the positions
   *  there. */
  retainPartitions(keeps: (partition: number) => boolean): Int32Array {
    const { partitions } = this
    const kept = allRows(partitions.count).subarray(0, partitions.count).filter(keeps)
    partitions.retain(keeps)
    this.windows?.pick(kept)
    partitions.compactHeap(this.#program.texts)
    return kept
  }

  snapshot(): Section[] {
    return this.store.snapshot('')
  }

  /** Takes back a snapshot, on fresh rows; returns the partition of each slot, and visits the live
   *  ones in order. */
  restore(sections: readonly Section[], visit: (slot: number, partition: number) => void): void {
    const { store } = this
    store.restore('', sections)
    this.#see()
    const partitions = new Int32Array(RESTORE_ROWS)
    for (let from = 0; from < store.count; from += RESTORE_ROWS) {
      const batch = store.view.slice(from, Math.min(store.count, from + RESTORE_ROWS))
      const live = allRows(batch.rowCount)
        .subarray(0, batch.rowCount)
        .filter((row) => store.weights[from + row] !== 0)
      this.#program.find(batch, this.partitions, live, live.length, partitions, this.#clock)
      this.windows?.note(batch, live, partitions, live.length)
      const hashes = this.#index === undefined ? undefined : hashRows(batch.columns, batch.rowCount)
      live.forEach((row, j) => {
        if (hashes !== undefined && store.weights[from + row] > 0) {
          this.indexRow(from + row, hashes[row])
        }
        visit(from + row, partitions[j])
      })
    }
  }

  get bytes(): number {
    return this.store.bytes + this.partitions.bytes + (this.#index?.bytes ?? 0)
  }
}
