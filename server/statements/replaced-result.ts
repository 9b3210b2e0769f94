/** What is said of a query that took the place of another. */

import type { StatementResult } from '../statement-result.ts'
import type { Replaced } from './replace.ts'

const HOW: Readonly<Record<Replaced['how'], string>> = {
  same: 'goes on as it is: the new query gives the same rows',
  kept: 'replaced, with the state of the operators that are the same',
  anew: 'replaced, from the beginning',
}

export function replacedResult(
  title: string,
  { how, operators, warnings }: Replaced,
): StatementResult {
  return {
    kind: 'ok',
    message: `${title} ${HOW[how]}`,
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(operators.length === 0 ? {} : { operators }),
  }
}
