/** How long to wait before something that failed is tried again: longer each time, and unevenly, so
 *  that many who failed together do not come back at the same moment. */

import type { Random } from './random.ts'

export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/** After so many tries (0: the first one failed): `firstMs`, doubled each time up to `maxMs`, of
 *  that between half and all. */
export function backoffMs(tries: number, { firstMs, maxMs }: Backoff, random: Random): number {
  const longestMs = Math.min(firstMs * 2 ** tries, maxMs)
  return longestMs * (0.5 + random.unit() / 2)
}
