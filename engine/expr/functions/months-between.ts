/** Whole months between two timestamps, as TIMESTAMPDIFF counts them. */

import { civilOf } from '../../base/time-text.ts'
import { addMonths, dayOf } from '../calendar.ts'
import type { Int64 } from '../int64.ts'

/** The most months (by size) that lead from `from` toward `to` without passing it. Negative when
 *  `to` is before `from`. */
export function monthsBetween(from: Int64, to: Int64): number {
  const a = civilOf(dayOf(from))
  const b = civilOf(dayOf(to))
  const guess = (b.year - a.year) * 12 + (b.month - a.month)
  // A month counts only when day and time of day are reached; a short month does not shorten it.
  const reached = addMonths(from, guess)
  const sameDay = civilOf(dayOf(reached)).day === a.day
  if (guess > 0 && (reached > to || (!sameDay && a.day > b.day))) return guess - 1
  if (guess < 0 && reached < to) return guess + 1
  return guess
}
