/** PostgreSQL's operators on whole ways into a document (`#>`, `#>>`) and on what it contains
 *  (`@>`, `<@`). */

import { BOOLEAN, type DataType, JSON_TYPE, VARCHAR } from '../../batch/types.ts'
import { coerce } from '../coerce.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Expr } from '../ir.ts'
import { JsonExtractor } from '../json/extract.ts'
import { parseExact } from '../json/parse.ts'
import { indexStep, keyStep, pathOf } from '../json/path.ts'
import { literal, text } from '../literal.ts'
import { documentType } from './json-path-call.ts'

const plain = { family: 'json', nulls: 'strict' } as const
const DOCUMENT = text('{"a": {"b": [10, 20]}, "s": "x"}')
const TEXTS: DataType = { kind: 'array', element: VARCHAR }

const way = (name: '#>' | '#>>', doc: string, last: 'value' | 'text'): PlainFunction => ({
  ...plain,
  name,
  doc,
  syntax: [`json ${name} ARRAY['key', 'position', …]`],
  examples: [
    { args: [DOCUMENT, literal(TEXTS, ['a', 'b', '-1'])], result: '20' },
    { args: [DOCUMENT, literal(TEXTS, ['s'])], result: last === 'text' ? 'x' : '"x"' },
    { args: [DOCUMENT, literal(TEXTS, ['s', 'x'])], result: 'NULL' },
  ],
  nullable: 'always',
  resolve([json, steps, ...more]) {
    const type = json && documentType(json)
    if (type === undefined || steps === undefined || more.length > 0) return undefined
    if (coerce(steps, TEXTS) === undefined) return undefined
    return { args: [type, TEXTS], type: last === 'text' ? VARCHAR : JSON_TYPE }
  },
  evaluate: () => (document: string, steps: readonly (string | null)[]) => {
    let value: string | null = document
    for (const [i, step] of steps.entries()) {
      if (value === null || step === null) return null
      value = memberOf(value, step, i === steps.length - 1 ? last : 'value')
    }
    return steps.length > 0 ? value : new JsonExtractor(pathOf([]), last).text(document)
  },
})

/** A step is a position in an array and a key of an object. */
function memberOf(document: string, step: string, wanted: 'value' | 'text'): string | null {
  const isArray = document.trimStart().startsWith('[')
  if (isArray && !/^-?\d{1,9}$/.test(step)) return null
  const path = pathOf([isArray ? indexStep(Number(step)) : keyStep(step)])
  return new JsonExtractor(path, wanted).text(document)
}

const containing = (name: '@>' | '<@', doc: string): PlainFunction => ({
  ...plain,
  name,
  doc,
  syntax: [name === '@>' ? 'json @> part' : 'part <@ json'],
  examples: [
    {
      args: name === '@>' ? [DOCUMENT, text('{"a": {"b": [20]}}')] : [text('[2]'), text('[1, 2]')],
      result: 'TRUE',
    },
    { args: [text('[1]'), text('{"a": 1}')], result: 'FALSE' },
  ],
  nullable: 'always',
  resolve: (args) => resolveTwo(args),
  evaluate: () => (a: string, b: string) => {
    const [whole, part] = (name === '@>' ? [a, b] : [b, a]).map(parsed)
    return whole === undefined || part === undefined ? null : contains(whole, part, true)
  },
})

function resolveTwo(args: readonly Expr[]) {
  const types = args.map(documentType)
  const [a, b] = types
  if (args.length !== 2 || a === undefined || b === undefined) return undefined
  return { args: [a, b], type: BOOLEAN }
}

function parsed(document: string): unknown {
  try {
    return parseExact(document)
  } catch {
    return undefined
  }
}

/** Every member and element of the part is in the whole; at the top an array also contains one of
 *  its scalars. */
function contains(whole: unknown, part: unknown, isTop = false): boolean {
  if (Array.isArray(whole)) {
    if (!Array.isArray(part))
      return isTop && !isObject(part) && whole.some((one) => same(one, part))
    return part.every((wanted) =>
      whole.some((one) => (isScalar(wanted) ? same(one, wanted) : contains(one, wanted))),
    )
  }
  if (isObject(whole)) {
    return (
      isObject(part) &&
      Object.entries(part).every(
        ([key, wanted]) => Object.hasOwn(whole, key) && contains(whole[key], wanted),
      )
    )
  }
  return same(whole, part)
}

type Members = Readonly<Record<string, unknown>>

const { isRawJSON } = JSON as unknown as { isRawJSON(value: unknown): boolean }

/** Numbers with more digits than a double holds are objects too. */
const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJSON(value)

const isScalar = (value: unknown): boolean => !Array.isArray(value) && !isObject(value)

const same = (a: unknown, b: unknown): boolean =>
  isScalar(a) && isScalar(b) && (a === b || JSON.stringify(a) === JSON.stringify(b))

export const jsonOperators: readonly ScalarFunction[] = [
  way('#>', 'What the keys and positions lead to, one after the other, as JSON.', 'value'),
  way('#>>', 'As #>, but a string as its text, and null as NULL.', 'text'),
  containing(
    '@>',
    'Whether the second document is contained in the first: its members and elements, at the same depth. NULL if one is no JSON.',
  ),
  containing('<@', 'Whether the first document is contained in the second.'),
]
