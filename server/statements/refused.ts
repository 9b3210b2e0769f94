/** Statements that are understood and not carried out yet: each is refused by its name. */

import { fail } from '../../engine/base/errors.ts'
import type { Statement } from '../../sql/index.ts'

export type Refused = Extract<
  Statement,
  {
    kind: 'statement-set'
  }
>

const REFUSALS: Readonly<Record<Refused['kind'], readonly [what: string, hint: string]>> = {
  'statement-set': ['A statement set', 'Run its statements one by one.'],
}

/** UNSUPPORTED, at the statement. */
export function refuse({ kind, at }: Refused): never {
  const [what, hint] = REFUSALS[kind]
  fail('UNSUPPORTED', `${what} is not supported yet`, { at, hint })
}
