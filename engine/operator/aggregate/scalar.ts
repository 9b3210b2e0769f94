/** The JavaScript value of an emitted number, boolean or time. */

import { assert } from '../../base/assert.ts'
import type { Emitted } from '../../expr/emitted.ts'

export function scalarOf(emitted: Emitted): string {
  assert(emitted.form === 'scalar', 'a scalar argument')
  return emitted.value
}
