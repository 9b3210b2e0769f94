/** The limit on what one call may cost: matching is linear in text times pattern, and this bounds
 *  the product, so that no row holds up the others (law 7). */

import { fail, type Span } from '../../base/errors.ts'

/** Steps of a matcher for one text: about a third of a second. */
const STEPS_MAX = 30_000_000

/** LIMIT_EXCEEDED if the steps are more than one text may take. */
export function checkWork(steps: number, at: Span | undefined): void {
  if (steps <= STEPS_MAX) return
  fail('LIMIT_EXCEEDED', 'The pattern takes too long on a text', {
    at,
    hint: 'Cut the text, or make the pattern simpler.',
  })
}
