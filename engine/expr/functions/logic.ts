/** AND, OR, NOT in three-valued logic, and the tests for NULL, TRUE, FALSE and UNKNOWN. AND and OR
 *  do not run their right side where the left decides. */

import { BOOLEAN } from '../../batch/types.ts'
import type { LoopCode } from '../codegen.ts'
import type { Emitted } from '../emitted.ts'
import { scalar } from '../emitted.ts'
import { type LazyFunction, type PlainFunction, type ScalarFunction, total } from '../function.ts'
import { type CallExpr, flattened, type Value } from '../ir.ts'
import { bool, int, nullLiteral } from '../literal.ts'
import { anyOne, booleans } from './signature.ts'

const NULL_BOOLEAN = nullLiteral(BOOLEAN)

/** AND with `stop` FALSE, OR with `stop` TRUE: the value that decides. */
function connective(name: 'AND' | 'OR', stop: boolean, doc: string): LazyFunction {
  return {
    name,
    family: 'logic',
    doc,
    syntax: [`a ${name} b`],
    examples: [
      { args: [bool(true), bool(false)], result: stop ? 'TRUE' : 'FALSE' },
      { args: [bool(stop), NULL_BOOLEAN], result: stop ? 'TRUE' : 'FALSE' },
      { args: [bool(!stop), NULL_BOOLEAN], result: 'NULL' },
    ],
    resolve: booleans(2, Number.POSITIVE_INFINITY),
    nulls: 'lazy',
    nullable: (args) => args.includes(true),
    lazy: () => (thunks) => {
      let result: Value = !stop
      for (const thunk of thunks) {
        const value = thunk()
        if (value === stop) return stop
        if (value === null) result = null
      }
      return result
    },
    emitLazy: (call, code) => emitConnective(call, code, stop),
  }
}

function emitConnective(call: CallExpr, code: LoopCode, stop: boolean): Emitted {
  const value = code.variable('v', `${!stop}`)
  const isNull = code.variable('n', 'false')
  let nullable = false
  const parts = flattened(call, stop ? 'OR' : 'AND')
  code.labelled(stop ? 'or' : 'and', (exit) => {
    for (const [i, expr] of parts.entries()) {
      const part = code.emit(expr)
      const test = part.form === 'scalar' ? part.value : 'false'
      const known = part.isNull === 'false' ? '' : `!(${part.isNull}) && `
      const leave = i === parts.length - 1 ? '' : `; ${exit}`
      const decides = `${known}${stop ? '' : '!'}(${test})`
      code.line(`if (${decides}) { ${value} = ${stop}; ${isNull} = false${leave} }`)
      if (part.isNull === 'false') continue
      nullable = true
      code.line(`if (${part.isNull}) ${isNull} = true`)
    }
  })
  return { form: 'scalar', value, isNull: nullable ? isNull : 'false' }
}

/** A test of one value that is never NULL itself. `js` gets the value and its NULL test. */
function test(
  name: string,
  doc: string,
  check: (value: Value) => boolean,
  js: (value: string, isNull: string) => string,
  onBoolean: boolean,
): PlainFunction {
  const samples = onBoolean ? [bool(true), bool(false), NULL_BOOLEAN] : [int(1), nullLiteral()]
  return {
    name,
    family: 'logic',
    doc,
    syntax: [`x ${name}`],
    examples: samples.map((sample) => ({
      args: [sample],
      result: check(sample.value) ? 'TRUE' : 'FALSE',
    })),
    resolve: onBoolean ? booleans(1, 1) : anyOne(BOOLEAN),
    nulls: 'custom',
    nullable: 'never',
    evaluate: () => check,
    emit: total(([arg]) =>
      scalar(js(arg.form === 'scalar' ? arg.value : 'false', `(${arg.isNull})`)),
    ),
  }
}

const not: PlainFunction = {
  name: 'NOT',
  family: 'logic',
  doc: 'The opposite; NULL stays NULL.',
  syntax: ['NOT a'],
  examples: [
    { args: [bool(true)], result: 'FALSE' },
    { args: [NULL_BOOLEAN], result: 'NULL' },
  ],
  resolve: booleans(1, 1),
  nulls: 'strict',
  evaluate: () => (value: boolean) => !value,
  emit: total(([arg]) => (arg.form === 'scalar' ? scalar(`!${arg.value}`) : undefined)),
}

export const logic: readonly ScalarFunction[] = [
  connective('AND', false, 'Both. FALSE if a side is FALSE, else NULL if a side is NULL.'),
  connective('OR', true, 'Either. TRUE if a side is TRUE, else NULL if a side is NULL.'),
  not,
  test(
    'IS NULL',
    'Whether the value is NULL.',
    (v) => v === null,
    (_, n) => n,
    false,
  ),
  test(
    'IS NOT NULL',
    'Whether the value is not NULL.',
    (v) => v !== null,
    (_, n) => `!${n}`,
    false,
  ),
  test(
    'IS TRUE',
    'TRUE, not FALSE or NULL.',
    (v) => v === true,
    (v, n) => `!${n} && ${v}`,
    true,
  ),
  test(
    'IS NOT TRUE',
    'FALSE or NULL.',
    (v) => v !== true,
    (v, n) => `${n} || !${v}`,
    true,
  ),
  test(
    'IS FALSE',
    'FALSE, not TRUE or NULL.',
    (v) => v === false,
    (v, n) => `!${n} && !${v}`,
    true,
  ),
  test(
    'IS NOT FALSE',
    'TRUE or NULL.',
    (v) => v !== false,
    (v, n) => `${n} || ${v}`,
    true,
  ),
  test(
    'IS UNKNOWN',
    'NULL.',
    (v) => v === null,
    (_, n) => n,
    true,
  ),
  test(
    'IS NOT UNKNOWN',
    'TRUE or FALSE.',
    (v) => v !== null,
    (_, n) => `!${n}`,
    true,
  ),
]
