/** JSON_OBJECTAGG and JSON_ARRAYAGG: ARRAY_AGG collects, and a function writes the JSON. */

import { fail } from '../../engine/base/errors.ts'
import { callOf } from '../parse/call.ts'
import type { CallExpression } from './bind-expression.ts'

/** The call written with ARRAY_AGG, which takes over DISTINCT, ORDER BY, FILTER and OVER.
 *  INVALID_ARGUMENT for a wrong number of arguments. */
export function asCollected(call: CallExpression): CallExpression {
  const { args, at, json, ...parts } = call
  const isObject = call.name.text.toUpperCase() === 'JSON_OBJECTAGG'
  const wanted = isObject ? 2 : 1
  if (args.length !== wanted || args.some(({ kind }) => kind === 'star')) {
    const [what, form] = isObject ? ['a key and a value', 'KEY k VALUE v'] : ['one value', 'value']
    fail('INVALID_ARGUMENT', `${call.name.text.toUpperCase()} takes ${what}`, {
      at,
      hint: `Write ${call.name.text.toUpperCase()}(${form}).`,
    })
  }
  const named = (text: string) => ({ text, at: call.name.at })
  const collected = isObject ? callOf(named('ROW'), args, at) : args[0]
  const list: CallExpression = { ...parts, name: named('ARRAY_AGG'), args: [collected], at }
  return callOf(named(writerOf(isObject, json?.onNull)), [list], at)
}

function writerOf(isObject: boolean, onNull: 'null' | 'absent' | undefined): string {
  if (isObject) return onNull === 'absent' ? 'JSON_OBJECT OF ABSENT ON NULL' : 'JSON_OBJECT OF'
  return onNull === 'null' ? 'JSON_ARRAY OF NULL ON NULL' : 'JSON_ARRAY OF'
}
