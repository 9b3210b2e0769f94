/** The value of a subquery that must have one row at most. */

import { fail } from '../../base/errors.ts'
import { BIGINT } from '../../batch/types.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Value } from '../ir.ts'
import { bigint, int } from '../literal.ts'

const entry: PlainFunction = {
  name: 'SINGLE_ROW',
  family: 'conditional',
  doc: 'The value, which was found in the given number of rows; an error if these are several. Made for subqueries that are values.',
  syntax: ['SINGLE_ROW(value, rows)'],
  examples: [{ args: [int(7), bigint(1)], result: '7' }],
  resolve: (args) =>
    args.length === 2 ? { args: [args[0].type, BIGINT], type: args[0].type } : undefined,
  nulls: 'custom',
  evaluate:
    ({ at }) =>
    (value: Value, rows: Value) => {
      if (Number(rows) <= 1) return value
      return fail('INVALID_VALUE', 'A subquery as a value has more than one row', {
        at,
        hint: 'Aggregate it, or add LIMIT 1.',
      })
    },
}

export const singleRow: readonly ScalarFunction[] = [entry]
