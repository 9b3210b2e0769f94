/** BOOL_AND, EVERY and BOOL_OR: how many values are TRUE and how many FALSE. */

import { BOOLEAN } from '../../batch/types.ts'
import type { AggregateFunction } from './aggregate.ts'
import { scalarOf } from './scalar.ts'

function bool(name: string, doc: string, test: 'falses === 0' | 'trues > 0'): AggregateFunction {
  const [decisive, condition] = test === 'trues > 0' ? ['trues', '> 0'] : ['falses', '=== 0']
  return {
    name,
    doc: `${doc} NULL if there is no value that is not NULL.`,
    example: `${name}(delay > 60)`,
    result: ([arg, ...more]) =>
      arg?.kind === 'boolean' && more.length === 0 ? BOOLEAN : undefined,
    nullable: true,
    ignoresDistinct: true,
    slots: () => [
      { name: 'trues', kind: 'f64', initial: 0 },
      { name: 'falses', kind: 'f64', initial: 0 },
    ],
    add({ code, slot, values, weight }) {
      code.line(
        `if (${scalarOf(values[0])}) ${slot('trues')} += ${weight}; else ${slot('falses')} += ${weight}`,
      )
    },
    merge({ code, slot, other }) {
      for (const side of ['trues', 'falses']) code.line(`${slot(side)} += ${other(side)}`)
    },
    value: ({ slot }) => ({
      form: 'scalar',
      value: `(${slot(decisive)} ${condition})`,
      isNull: `${slot('trues')} + ${slot('falses')} === 0`,
    }),
  }
}

export const boolAnd = bool('BOOL_AND', 'Whether all values are TRUE.', 'falses === 0')
export const every = bool('EVERY', 'The same as BOOL_AND.', 'falses === 0')
export const boolOr = bool('BOOL_OR', 'Whether some value is TRUE.', 'trues > 0')
