/** Group tables that are no longer needed, with the room they grew to, for the next ones: a new
 *  window need not grow through all sizes again. */

import { type GroupLayout, GroupTable } from './group-table.ts'

const TABLES_MAX = 64
const TABLE_BYTES_MAX = 1 << 20

export class SpareTables {
  readonly #layout: GroupLayout
  readonly #tables: GroupTable[] = []

  constructor(layout: GroupLayout) {
    this.#layout = layout
  }

  /** An empty table. */
  take(): GroupTable {
    return this.#tables.pop() ?? new GroupTable(this.#layout)
  }

  /** Hands back a table; nobody may use it after. */
  give(table: GroupTable): void {
    if (this.#tables.length >= TABLES_MAX || table.bytes > TABLE_BYTES_MAX) return
    table.clear()
    this.#tables.push(table)
  }
}
