/** The offsets of a foreign Arrow column, before anything follows them. */

import { fail } from '../base/errors.ts'

/** Raises INVALID_VALUE unless there are `length` + 1 offsets that never go back and stay within
 *  [0, size]. */
export function checkOffsets(offsets: Int32Array, length: number, size: number): void {
  if (length === 0) return
  if (offsets.length < length + 1 || offsets[0] < 0) fail('INVALID_VALUE', 'offsets are missing')
  for (let row = 0; row < length; row++) {
    if (offsets[row + 1] < offsets[row] || offsets[row + 1] > size) {
      fail('INVALID_VALUE', 'an offset is wrong', { details: { row } })
    }
  }
}
