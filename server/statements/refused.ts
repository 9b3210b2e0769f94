/** Statements that are understood and not carried out yet: each is refused by its name. */

import { fail } from '../../engine/base/errors.ts'
import type { Statement } from '../../sql/index.ts'

export type Refused = Extract<
  Statement,
  {
    kind: 'delete' | 'update' | 'statement-set' | 'alter'
  }
>

const REFUSALS: Readonly<Record<Refused['kind'], readonly [what: string, hint: string]>> = {
  delete: ['DELETE', 'Streams are append-only: filter the rows in a query.'],
  update: ['UPDATE', 'Streams are append-only: append the new row, and take the last per key.'],
  'statement-set': ['A statement set', 'Run its statements one by one.'],
  alter: ['ALTER', 'DROP the object and create it again.'],
}

/** UNSUPPORTED, at the statement. */
export function refuse({ kind, at }: Refused): never {
  const [what, hint] = REFUSALS[kind]
  fail('UNSUPPORTED', `${what} is not supported yet`, { at, hint })
}
