/** Row lists: which rows of a batch go where. */

/** 0, 1, 2, … for a batch's rows; grown on demand and shared, so nobody may write to it. */
let identity = new Int32Array(0)

/** The first `count` row numbers. */
export function allRows(count: number): Int32Array {
  if (identity.length < count) identity = Int32Array.from({ length: count }, (_, i) => i)
  return identity
}
