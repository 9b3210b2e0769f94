/** COUNT(*) and COUNT(x). */

import { BIGINT } from '../../batch/types.ts'
import type { AggregateFunction } from './aggregate.ts'

export const count: AggregateFunction = {
  name: 'COUNT',
  doc: 'The number of rows; with an argument, of the rows where it is not NULL. 0 over no rows.',
  example: 'COUNT(*)',
  result: (args) => (args.length <= 1 ? BIGINT : undefined),
  nullable: false,
  slots: () => [{ name: 'count', kind: 'f64', initial: 0 }],
  add({ code, slot, weight }) {
    code.line(`${slot('count')} += ${weight}`)
  },
  merge({ code, slot, other }) {
    code.line(`${slot('count')} += ${other('count')}`)
  },
  value: ({ slot }) => ({ form: 'scalar', value: slot('count'), isNull: 'false' }),
}
