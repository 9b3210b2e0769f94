/** Functions that stand before OVER only. */

const NAMES: ReadonlySet<string> = new Set([
  'ROW_NUMBER',
  'RANK',
  'DENSE_RANK',
  'PERCENT_RANK',
  'CUME_DIST',
  'NTILE',
  'LAG',
  'LEAD',
  'NTH_VALUE',
])

/** By the name in upper case. */
export const isOverName = (name: string): boolean => NAMES.has(name)
