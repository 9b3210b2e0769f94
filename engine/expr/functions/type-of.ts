/** Functions about types. */

import { typeName, VARCHAR } from '../../batch/types.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import { decimal, int, text } from '../literal.ts'

const typeOf: PlainFunction = {
  family: 'conversion',
  nulls: 'custom',
  nullable: 'never',
  name: 'TYPEOF',
  doc: "The name of the value's type.",
  syntax: ['TYPEOF(value)'],
  examples: [
    { args: [int(1)], result: 'INT' },
    { args: [decimal('1.50')], result: 'DECIMAL(3, 2)' },
    { args: [text('a')], result: 'STRING' },
  ],
  resolve: (args) => (args.length === 1 ? { args: [args[0].type], type: VARCHAR } : undefined),
  evaluate({ args }) {
    const name = typeName(args[0].type)
    return () => name
  },
}

export const types: readonly ScalarFunction[] = [typeOf]
