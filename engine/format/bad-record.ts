/** The refusal of a record: which one, which column, and why. */

import { asSqlError, fail } from '../base/errors.ts'

export interface BadRecord {
  /** Counts from 0. */
  readonly index: number
  readonly column?: string | undefined
  readonly reason: string
  /** Where in the text, both from 1, if that says more than the index. */
  readonly place?: { readonly line: number; readonly position?: number } | undefined
  readonly cause?: unknown
}

/** Raises BAD_RECORD with `details` {index, column, reason, line, position}. */
export function badRecord({ index, column, reason, place, cause }: BadRecord): never {
  const where = column === undefined ? '' : `, column ${column}`
  fail('BAD_RECORD', `Record ${index}${where}: ${reason}`, {
    details: { index, column, reason, ...place },
    hint: 'Records count from 0. Nothing of this request was stored.',
    cause,
  })
}

/** Raises BAD_RECORD for a value that a conversion refused; other errors pass through. A nesting
 *  that is too deep for the stack is the record's fault as well. */
export function refuseRecord(error: unknown, where: Omit<BadRecord, 'reason' | 'cause'>): never {
  if (error instanceof RangeError) {
    badRecord({ ...where, reason: 'it is nested too deeply', cause: error })
  }
  const refusal = asSqlError(error)
  if (refusal.code !== 'INVALID_VALUE' && refusal.code !== 'OUT_OF_RANGE') throw error
  badRecord({ ...where, reason: refusal.message, cause: error })
}
