/** Columns with NULLs where there is no row. */

import { allValid, Column, gather } from '../../batch/column.ts'

/** The values at the rows; NULL where the row is below 0. The column has at least one value. */
export function gatherOptional(column: Column, rows: Int32Array): Column {
  const missing: number[] = []
  const found = rows.map((row, i) => {
    if (row >= 0) return row
    missing.push(i)
    return 0
  })
  return withNulls(gather(column, found, found.length), missing)
}

/** The column with NULL at the rows. */
export function withNulls(column: Column, rows: readonly number[]): Column {
  if (rows.length === 0) return column
  const validity = column.validity?.slice() ?? allValid(column.length)
  const isRanged = column.starts.length > 0
  const starts = isRanged ? column.starts.slice() : column.starts
  const ends = isRanged ? column.ends.slice() : column.ends
  for (const row of rows) {
    validity[row >> 3] &= ~(1 << (row & 7))
    // A NULL holds an empty range.
    if (isRanged) ends[row] = starts[row]
  }
  return new Column({ ...column, validity, starts, ends, dictionary: null })
}
