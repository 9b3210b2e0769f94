/** When two windows are the same over time. */

import type { WindowSpec } from '../../engine/operator/nodes.ts'

/** Same kind, lengths and offset. */
export const sameWindow = (a: WindowSpec, b: WindowSpec): boolean => textOf(a) === textOf(b)

const textOf = (window: WindowSpec): string =>
  JSON.stringify(Object.entries(window).toSorted(([x], [y]) => (x < y ? -1 : 1)))
