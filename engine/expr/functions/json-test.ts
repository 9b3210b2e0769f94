/** IS [NOT] JSON: tests of texts. As the other tests behind IS they are never NULL: NULL is no
 *  JSON. */

import { BOOLEAN, JSON_TYPE, VARCHAR } from '../../batch/types.ts'
import { scalar } from '../emitted.ts'
import { type PlainFunction, type ScalarFunction, total } from '../function.ts'
import { isJson } from '../json/parse.ts'
import { skipDocument } from '../json/scan.ts'
import { nullLiteral, text } from '../literal.ts'
import { oneOf } from './signature.ts'

const KINDS: Readonly<Record<string, (first: string) => boolean>> = {
  '': () => true,
  ' VALUE': () => true,
  ' OBJECT': (first) => first === '{',
  ' ARRAY': (first) => first === '[',
  ' SCALAR': (first) => first !== '{' && first !== '[',
}

const kindOf = (kind: string): string =>
  kind === '' || kind === ' VALUE' ? '' : kind.toLowerCase()

const testOf = (kind: string, wanted: boolean): PlainFunction => {
  const name = `IS${wanted ? '' : ' NOT'} JSON${kind}`
  const isIt = (value: string | null) =>
    value !== null && KINDS[kind](value.trimStart()[0]) && isJson(value)
  const shown = (is: boolean) => (is === wanted ? 'TRUE' : 'FALSE')
  return {
    family: 'json',
    nulls: 'custom',
    nullable: 'never',
    name,
    doc: `Whether the text is ${wanted ? '' : 'no '}JSON${kindOf(kind)}. NULL is none.`,
    syntax: [`text ${name}`],
    examples: [
      { args: [text('{"a": 1}')], result: shown(isIt('{"a": 1}')) },
      { args: [nullLiteral()], result: shown(false) },
    ],
    resolve: oneOf([[JSON_TYPE], BOOLEAN], [[VARCHAR], BOOLEAN]),
    evaluate: () => (value: string | null) => isIt(value) === wanted,
    ...(kind === '' ? { emit: emitOf(wanted) } : {}),
  }
}

function emitOf(wanted: boolean): PlainFunction['emit'] {
  return total(([value], code) => {
    const slice = code.asSlice(value)
    if (slice === undefined) return undefined
    const call = `${code.bind(skipDocument, 'isJson')}(${slice.heap}, ${slice.start}, ${slice.end})`
    const isIt = value.isNull === 'false' ? call : `(!(${value.isNull}) && ${call})`
    return scalar(`${wanted ? '' : '!'}${isIt}`)
  })
}

export const jsonTests: readonly ScalarFunction[] = Object.keys(KINDS).flatMap((kind) =>
  [true, false].map((wanted) => testOf(kind, wanted)),
)
