/** The longest text that a function makes, so that no row eats the memory. */

import { fail, type Span } from '../base/errors.ts'

const LENGTH_MAX = 16 * 1024 * 1024

/** OUT_OF_RANGE for a text of more than 16 million characters. */
export function limitText(length: number, at: Span | undefined): void {
  if (length <= LENGTH_MAX) return
  fail('OUT_OF_RANGE', `The text would be longer than ${LENGTH_MAX} characters`, { at })
}
