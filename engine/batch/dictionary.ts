/** Finds out whether a string column has few distinct values, and gives them codes. */

import { Column, type Dictionary } from './column.ts'

const ROWS_MIN = 1024
const DISTINCT_MAX = 1024
const TABLE_SIZE = DISTINCT_MAX * 4

/** Reused between calls: a call touches all of it once. */
const table = new Int32Array(TABLE_SIZE)

/** The column's dictionary if it pays: its own, or a new one if there are at least 1024 rows and
 *  at most 1024 values, each four times on average. null otherwise, after at most that many
 *  distinct values were looked at. NULL rows have code 0. */
export function dictionaryOf(column: Column): Dictionary | null {
  const { length, dictionary } = column
  if (dictionary !== null && dictionary.entries.length * 4 <= length) return dictionary
  if (length < ROWS_MIN) return null
  return findDictionary(column, Math.min(DISTINCT_MAX, length >> 2))
}

function findDictionary(column: Column, distinctMax: number): Dictionary | null {
  const { length, starts, ends, validity } = column
  const bytes = column.values as Uint8Array
  const codes = new Int32Array(length)
  const firstRows = new Int32Array(distinctMax)
  let count = 0
  table.fill(-1)
  for (let row = 0; row < length; row++) {
    if (validity !== null && ((validity[row >> 3] >> (row & 7)) & 1) === 0) continue
    const start = starts[row]
    const size = ends[row] - start
    let hash = size
    for (let i = start; i < start + size; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193)
    let slot = (hash ^ (hash >>> 15)) & (TABLE_SIZE - 1)
    let code = table[slot]
    while (code !== -1) {
      const other = starts[firstRows[code]]
      if (ends[firstRows[code]] - other === size && sameBytes(bytes, start, other, size)) break
      slot = (slot + 1) & (TABLE_SIZE - 1)
      code = table[slot]
    }
    if (code === -1) {
      if (count === distinctMax) return null
      code = count++
      table[slot] = code
      firstRows[code] = row
    }
    codes[row] = code
  }
  return { codes, entries: entriesOf(column, firstRows.subarray(0, count)) }
}

function sameBytes(bytes: Uint8Array, a: number, b: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (bytes[a + i] !== bytes[b + i]) return false
  return true
}

/** The values of these rows in memory of their own. */
function entriesOf(column: Column, rows: Int32Array): Column {
  const { type, starts, ends } = column
  const heap = column.values as Uint8Array
  const entryStarts = new Int32Array(rows.length)
  const entryEnds = new Int32Array(rows.length)
  let size = 0
  rows.forEach((row, code) => {
    entryStarts[code] = size
    size += ends[row] - starts[row]
    entryEnds[code] = size
  })
  const values = new Uint8Array(size)
  rows.forEach((row, code) => {
    values.set(heap.subarray(starts[row], ends[row]), entryStarts[code])
  })
  return new Column({ type, length: rows.length, values, starts: entryStarts, ends: entryEnds })
}
