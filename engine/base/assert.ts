/** Invariants. A failed assertion is our own bug: it ends the query with INTERNAL, never the
 *  process. */

import { SqlError } from './errors.ts'

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new SqlError('INTERNAL', `Assertion failed: ${message}`)
}

/** Makes a forgotten case of a union a compile error, and a loud one at run time. */
export function unreachable(value: never, message = 'unexpected case'): never {
  throw new SqlError('INTERNAL', `Assertion failed: ${message}: ${JSON.stringify(value)}`)
}
