/** The hint of every "no such name" error. */

import { nearestName } from './nearest-name.ts'

/** The hint for an unknown name: the nearest candidate, else what there is (if it is a short list),
 *  else nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const known = [...new Set(candidates)]
  const best = nearestName(name, known)
  if (best !== undefined) return `Did you mean ${best}?`
  return known.length > 0 && known.length <= 8 ? `There is: ${known.join(', ')}.` : undefined
}
