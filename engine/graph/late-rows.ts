/** Gathers the rows that an epoch's queries left out because they were late, for `"s$late"`. */

import { Batch, type Origin } from '../batch/batch.ts'
import { columnOf } from '../batch/builder.ts'
import { concat } from '../batch/concat.ts'
import { VARCHAR } from '../batch/types.ts'
import { lateName, lateSchema } from '../source/late-table.ts'
import type { SideLogs } from './side-logs.ts'

/** Rows of one batch that a query left out. */
interface Left {
  readonly query: string
  readonly batch: Batch
  readonly rows: Set<number>
}

export class LateRows {
  /** By the id of the table that the rows are of. */
  readonly #left = new Map<string, Left[]>()

  /** Notes the rows of a late batch that know where they came from: each once for a query. A row
   *  that was to be taken back is not noted. */
  add(query: string, { origin, weights, rowCount }: Batch): void {
    if (origin === null) return
    const left = this.#leftBy(query, origin)
    for (let i = 0; i < rowCount; i++) {
      if (weights !== null && weights[i] < 0) continue
      left.rows.add(origin.rows === null ? i : origin.rows[i])
    }
  }

  #leftBy(query: string, { tableId, batch }: Origin): Left {
    const all = this.#left.get(tableId) ?? []
    this.#left.set(tableId, all)
    const known = all.find((left) => left.query === query && left.batch === batch)
    if (known !== undefined) return known
    const left = { query, batch, rows: new Set<number>() }
    all.push(left)
    return left
  }

  /** Writes what the epoch left. */
  write(logs: SideLogs, epoch: number, nowUs: number): void {
    for (const [tableId, all] of this.#left) {
      const filled = all.filter(({ rows }) => rows.size > 0)
      if (filled.length === 0) continue
      logs.append(lateName(tableId), epoch, nowUs, concat(filled.map(rowsOf)))
    }
    this.#left.clear()
  }
}

/** The rows in the order in which they came, with the query. */
function rowsOf({ query, batch, rows }: Left): Batch {
  const picked = Int32Array.from(rows).sort()
  const { columns, rowCount } = batch.keep(picked, picked.length)
  const names = columnOf(VARCHAR, new Array<string>(rowCount).fill(query))
  return new Batch(lateSchema(batch.schema), [...columns, names], rowCount)
}
