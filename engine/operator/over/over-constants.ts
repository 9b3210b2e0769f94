/** The arguments of window functions that must be constants: distances, positions, tiles. */

import { fail } from '../../base/errors.ts'
import type { OverCall } from '../nodes.ts'

/** Argument `i` as an integer of at least `least`. INVALID_ARGUMENT for anything else. */
export function constantOf({ name, args }: OverCall, i: number, least = 1): number {
  const arg = args[i]
  const value = arg?.kind === 'literal' ? Number(arg.value ?? Number.NaN) : Number.NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  return fail(
    'INVALID_ARGUMENT',
    `Argument ${i + 1} of ${name} must be a constant, ${least} or more`,
    {
      at: arg?.at,
    },
  )
}

/** How many rows LAG and LEAD look away. */
export const distanceOf = (call: OverCall): number =>
  call.args.length < 2 ? 1 : constantOf(call, 1, 0)
