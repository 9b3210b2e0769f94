/** AFTER MATCH SKIP: where the next attempt begins. */

import { fail } from '../../base/errors.ts'
import type { MatchNode } from '../nodes.ts'
import type { MatchPath } from './match-path.ts'

/** The position of the row at which the next attempt begins. After an empty match it is the next
 *  row. INVALID_VALUE if SKIP TO names a variable that no row is mapped to, or whose row is the one
 *  that this attempt began at: it would go on for ever. */
export function nextAfter(path: MatchPath, { skip, variables }: MatchNode): number {
  const { start, depth } = path
  if (depth === 0) return start + 1
  if (!('variables' in skip)) return start + (skip.to === 'past-last' ? depth : 1)
  const mapped = path.variables.slice(0, depth)
  const isWanted = (variable: number) => skip.variables.includes(variable)
  const found = skip.to === 'first' ? mapped.findIndex(isWanted) : mapped.findLastIndex(isWanted)
  if (found > 0) return start + found
  const names = skip.variables.map((variable) => variables[variable].name).join(', ')
  const why =
    found < 0
      ? `no row of the match is mapped to ${names}`
      : 'the next match would begin at the row where this one did'
  return fail('INVALID_VALUE', `AFTER MATCH SKIP TO ${skip.to.toUpperCase()} ${names}: ${why}`, {
    hint: 'Use AFTER MATCH SKIP PAST LAST ROW or TO NEXT ROW, or a variable that always has a later row.',
  })
}
