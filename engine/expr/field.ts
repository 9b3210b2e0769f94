/** Fields of a ROW by name. */

import type { RowField } from '../batch/types.ts'

/** The position of the field of this name, in this case or else in any; -1 if there is none, or
 *  several differ from it in case only. */
export function fieldIndex(fields: readonly RowField[], name: string): number {
  const exact = fields.findIndex((field) => field.name === name)
  if (exact >= 0) return exact
  const wanted = name.toLowerCase()
  const same = fields.filter((field) => field.name.toLowerCase() === wanted)
  return same.length === 1 ? fields.indexOf(same[0]) : -1
}
