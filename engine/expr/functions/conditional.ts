/** COALESCE, IFNULL, NULLIF, IF: choices that run only what they choose. CASE is an expression of
 *  its own. */

import { meetingType } from '../common-type.ts'
import type { LazyFunction, ScalarFunction } from '../function.ts'
import { bool, int, nullLiteral, text } from '../literal.ts'

const coalesce: LazyFunction = {
  name: 'COALESCE',
  family: 'conditional',
  doc: 'The first argument that is not NULL; NULL if all are. Later arguments are not evaluated.',
  syntax: ['COALESCE(a, b, …)'],
  examples: [
    { args: [nullLiteral(), int(2), int(3)], result: '2' },
    { args: [nullLiteral(), text('none')], result: 'none' },
  ],
  resolve(args) {
    const type = args.length === 0 ? undefined : meetingType(args)
    return type && { args: args.map(() => type), type }
  },
  nulls: 'lazy',
  nullable: (args) => args.every(Boolean),
  lazy: () => (thunks) => {
    for (const thunk of thunks) {
      const value = thunk()
      if (value !== null) return value
    }
    return null
  },
  emitLazy({ args, type }, code) {
    const merge = code.merge(type)
    let nullable = true
    code.labelled('coalesce', (exit) => {
      for (const [i, arg] of args.entries()) {
        const part = code.emit(arg)
        merge.assign(part)
        if (part.isNull === 'false') {
          nullable = false
          return
        }
        if (i < args.length - 1) code.line(`if (!(${part.isNull})) ${exit}`)
      }
    })
    const result = merge.result(nullable)
    return nullable ? result : { ...result, isNull: 'false' }
  },
}

export const conditional: readonly ScalarFunction[] = [
  coalesce,
  {
    name: 'IFNULL',
    aliases: ['NVL'],
    family: 'conditional',
    doc: 'COALESCE of two arguments.',
    syntax: ['IFNULL(a, b)'],
    examples: [{ args: [nullLiteral(), int(5)], result: '5' }],
    nulls: 'macro',
    arity: [2, 2],
    expand: ([a, b], { call }) => call('COALESCE', a, b),
  },
  {
    name: 'NVL2',
    family: 'conditional',
    doc: 'The second argument if the first is not NULL, else the third.',
    syntax: ['NVL2(x, then, else)'],
    examples: [{ args: [int(1), text('yes'), text('no')], result: 'yes' }],
    nulls: 'macro',
    arity: [3, 3],
    expand: ([x, then, otherwise], { call, choose }) =>
      choose(call('IS NOT NULL', x), then, otherwise),
  },
  {
    name: 'NULLIF',
    family: 'conditional',
    doc: 'NULL if the arguments are equal, else the first.',
    syntax: ['NULLIF(a, b)'],
    examples: [
      { args: [int(5), int(5)], result: 'NULL' },
      { args: [int(5), int(0)], result: '5' },
    ],
    nulls: 'macro',
    arity: [2, 2],
    expand: ([a, b], { call, choose }) => choose(call('=', a, b), nullLiteral(), a),
  },
  {
    name: 'IF',
    family: 'conditional',
    doc: 'The second argument if the condition is TRUE, else the third. Only that one is evaluated.',
    syntax: ['IF(condition, then, else)'],
    examples: [
      { args: [bool(true), text('yes'), text('no')], result: 'yes' },
      { args: [bool(false), int(1), int(2)], result: '2' },
    ],
    nulls: 'macro',
    arity: [3, 3],
    expand: ([condition, then, otherwise], { choose }) => choose(condition, then, otherwise),
  },
]
