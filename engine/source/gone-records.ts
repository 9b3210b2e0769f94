/** What is said when retention took records of the embedded queue that somebody had yet to read. */

import { fail } from '../base/errors.ts'

/** GONE: `offset` was to be read next, `first` is the oldest that is kept. */
export function refuseGone(
  table: string,
  split: string,
  { offset, first }: { readonly offset: number; readonly first: number },
): never {
  fail(
    'GONE',
    `Records ${offset} to ${first - 1} of ${table}, split ${split}, are no longer kept`,
    {
      hint: 'Restart the query: it begins with the oldest that are left.',
      details: { split, offset, first },
    },
  )
}
