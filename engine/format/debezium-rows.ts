/** Changes as Debezium's events, `{"before":…,"after":…,"op":"c|u|d"}`: what Flink writes, and with
 *  a key also updates, where the old and the new row come in one epoch. */

import type { Batch } from '../batch/batch.ts'
import { textOf } from '../batch/json-rows.ts'
import type { EncodedRows } from './encoded-rows.ts'

/** `texts`: the rows as JSON. Without `key` an update is a deletion and an insertion. */
export function debeziumEvents(
  batch: Batch,
  texts: readonly string[],
  key: readonly number[] | undefined,
): EncodedRows {
  const records: string[] = []
  const rows: number[] = []
  const put = (row: number, event: string) => {
    records.push(event)
    rows.push(row)
  }
  const { weights, rowCount } = batch
  const oldOf = weights === null || key === undefined ? undefined : new OldRows(batch, key, weights)
  for (let row = 0; row < rowCount; row++) {
    const weight = weights === null ? 1 : weights[row]
    const text = texts[row]
    for (let n = weight; n > 0; n--) {
      const old = oldOf?.takenBy(row)
      if (old === undefined) put(row, `{"before":null,"after":${text},"op":"c"}`)
      else put(row, `{"before":${texts[old]},"after":${text},"op":"u"}`)
    }
    for (let n = -weight - (oldOf?.replaced(row) ?? 0); n > 0; n--) {
      put(row, `{"before":${text},"after":null,"op":"d"}`)
    }
  }
  return { records, rows: Int32Array.from(rows) }
}

/** Which rows that go have one of the same key that comes. */
class OldRows {
  readonly #idOf: (row: number) => string
  /** Rows that go, by key, as often as new ones take their place; the next one is the last. */
  readonly #pairs = new Map<string, number[]>()
  /** How often a row that goes is replaced. */
  readonly #replaced: Int32Array

  constructor({ columns, rowCount }: Batch, key: readonly number[], weights: Int32Array) {
    const parts = key.map((column) => textOf(columns[column]))
    this.#idOf = (row) => parts.map((part) => part(row)).join(',')
    this.#replaced = new Int32Array(rowCount)
    const coming = new Map<string, number>()
    for (let row = 0; row < rowCount; row++) {
      if (weights[row] < 0) continue
      const id = this.#idOf(row)
      coming.set(id, (coming.get(id) ?? 0) + weights[row])
    }
    for (let row = 0; row < rowCount; row++) {
      if (weights[row] > 0) continue
      const id = this.#idOf(row)
      const pairs = this.#pairs.get(id) ?? []
      this.#pairs.set(id, pairs)
      const count = Math.min(-weights[row], (coming.get(id) ?? 0) - pairs.length)
      for (let n = 0; n < count; n++) pairs.unshift(row)
      this.#replaced[row] = Math.max(0, count)
    }
  }

  /** The row whose place this new one takes; undefined: none's. Each is told once. */
  takenBy(row: number): number | undefined {
    return this.#pairs.get(this.#idOf(row))?.pop()
  }

  replaced(row: number): number {
    return this.#replaced[row]
  }
}
