/** JSON: taking values out (SQL:2016's functions and the arrows) and building documents. A document
 *  is JSON or a text that holds it; a text that does not gives NULL (JSON_EXISTS: FALSE). */

import { fail } from '../../base/errors.ts'
import { BOOLEAN, INT, JSON_TYPE, VARCHAR } from '../../batch/types.ts'
import { scalar } from '../emitted.ts'
import { type PlainFunction, type ScalarFunction, total } from '../function.ts'
import type { Value } from '../ir.ts'
import type { Wanted } from '../json/extract.ts'
import { JsonFinder } from '../json/find.ts'
import { jsonText } from '../json/json-text.ts'
import { isJson } from '../json/parse.ts'
import { parseJsonPath, pathOf } from '../json/path.ts'
import { skipDocument } from '../json/scan.ts'
import { int, literal, nullLiteral, text } from '../literal.ts'
import { limitText } from '../text-limit.ts'
import { encodeText } from '../utf8.ts'
import {
  documentType,
  extraction,
  extractionEmit,
  fixedPath,
  resolveWay,
  type Way,
} from './json-path-call.ts'
import { lastOf } from './last.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'json', nulls: 'strict' } as const
const DOCUMENT = text('{"a": {"b": [10, 20]}, "s": "x", "n": null}')

function taking(
  name: string,
  doc: string,
  syntax: string,
  way: Way,
  wanted: Wanted,
  examples: PlainFunction['examples'],
): PlainFunction {
  const type = wanted === 'value' || wanted === 'nested' ? JSON_TYPE : VARCHAR
  return {
    ...plain,
    name,
    doc,
    syntax: [syntax],
    examples,
    resolve: (args) => resolveWay(args, way, type),
    nullable: 'always',
    evaluate: (call) => extraction(call, way, wanted),
    emit: extractionEmit(way, wanted),
  }
}

const exists: PlainFunction = {
  ...plain,
  name: 'JSON_EXISTS',
  doc: 'Whether the path leads to a value of the document, JSON null included.',
  syntax: ['JSON_EXISTS(json, path)'],
  examples: [
    { args: [DOCUMENT, text('$.a.b[1]')], result: 'TRUE' },
    { args: [DOCUMENT, text('$.x')], result: 'FALSE' },
  ],
  resolve: (args) => resolveWay(args, 'path', BOOLEAN),
  evaluate({ args, at }) {
    const path = fixedPath(args, 'path', at)
    const finderOf =
      path === undefined
        ? lastOf((value: string) => new JsonFinder(parseJsonPath(value, at)))
        : lastOf(() => new JsonFinder(path))
    return (document: string, value: string) => {
      const bytes = encodeText(document)
      return finderOf(value).find(bytes, 0, bytes.length) > 0
    }
  },
}

const KINDS: Readonly<Record<string, (first: string) => boolean>> = {
  '': () => true,
  ' VALUE': () => true,
  ' OBJECT': (first) => first === '{',
  ' ARRAY': (first) => first === '[',
  ' SCALAR': (first) => first !== '{' && first !== '[',
}

const isJsonTests = Object.entries(KINDS).flatMap(([kind, fits]) =>
  [true, false].map((wanted): PlainFunction => {
    const name = `IS${wanted ? '' : ' NOT'} JSON${kind}`
    const isIt = (value: string) => fits(value.trimStart()[0]) && isJson(value)
    return {
      ...plain,
      name,
      doc: `Whether the text is${wanted ? '' : ' not'} JSON${kind.replace(/^ (\w+)/, (_, word: string) => ` of the kind ${word}`)}.`,
      syntax: [`text ${name}`],
      examples: [
        { args: [text('{"a": 1}')], result: isIt('{"a": 1}') === wanted ? 'TRUE' : 'FALSE' },
      ],
      resolve: oneOf([[VARCHAR], BOOLEAN]),
      evaluate: () => (value: string) => isIt(value) === wanted,
      ...(kind === '' ? { emit: isJsonEmit(wanted) } : {}),
    }
  }),
)

function isJsonEmit(wanted: boolean): PlainFunction['emit'] {
  return total(([value], code) => {
    const slice = code.asSlice(value)
    if (slice === undefined) return undefined
    const test = code.bind(skipDocument, 'isJson')
    return scalar(`${wanted ? '' : '!'}${test}(${slice.heap}, ${slice.start}, ${slice.end})`)
  })
}

const object: PlainFunction = {
  family: 'json',
  nulls: 'custom',
  nullable: 'never',
  name: 'JSON_OBJECT',
  doc: 'A JSON object of keys and values. NULL values are kept as null; JSON values stand as they are.',
  syntax: ['JSON_OBJECT(key VALUE value, …)', 'JSON_OBJECT(key, value, …)'],
  examples: [
    {
      args: [text('id'), int(7), text('name'), text('x "y"'), text('no'), nullLiteral()],
      result: '{"id":7,"name":"x \\"y\\"","no":null}',
    },
  ],
  resolve(args) {
    if (args.length % 2 === 1) return undefined
    return { args: args.map(({ type }, i) => (i % 2 === 0 ? VARCHAR : type)), type: JSON_TYPE }
  },
  evaluate({ args, at }) {
    const prints = args.map(({ type }) => jsonText(type) as (value: Value) => string)
    return (...values: Value[]) => {
      const parts: string[] = []
      for (let i = 0; i < values.length; i += 2) {
        const [key, value] = [values[i], values[i + 1]]
        if (key === null) fail('INVALID_VALUE', 'A key of JSON_OBJECT is NULL', { at })
        parts.push(`${JSON.stringify(key)}:${value === null ? 'null' : prints[i + 1](value)}`)
      }
      return limited(`{${parts.join(',')}}`, at)
    }
  },
}

function limited(made: string, at: Parameters<typeof limitText>[1]): string {
  limitText(made.length, at)
  return made
}

const array: PlainFunction = {
  family: 'json',
  nulls: 'custom',
  nullable: 'never',
  name: 'JSON_ARRAY',
  doc: 'A JSON array of the values. NULLs are left out; JSON values stand as they are.',
  syntax: ['JSON_ARRAY(a, b, …)'],
  examples: [{ args: [int(1), text('a'), nullLiteral()], result: '[1,"a"]' }],
  resolve: (args) => ({ args: args.map(({ type }) => type), type: JSON_TYPE }),
  evaluate({ args, at }) {
    const prints = args.map(({ type }) => jsonText(type) as (value: Value) => string)
    return (...values: Value[]) => {
      const parts = values.flatMap((value, i) => (value === null ? [] : [prints[i](value)]))
      return limited(`[${parts.join(',')}]`, at)
    }
  },
}

const string: PlainFunction = {
  ...plain,
  name: 'JSON_STRING',
  aliases: ['TO_JSON'],
  doc: 'Any value as JSON: numbers with all their digits, dates and times as text, arrays, maps and rows as arrays and objects.',
  syntax: ['JSON_STRING(value)'],
  examples: [
    { args: [text('a "b"')], result: '"a \\"b\\""' },
    { args: [literal({ kind: 'array', element: INT }, [1, null])], result: '[1,null]' },
  ],
  resolve: (args) => (args.length === 1 ? { args: [args[0].type], type: JSON_TYPE } : undefined),
  evaluate: ({ args }) => jsonText(args[0].type),
}

const quote: PlainFunction = {
  ...plain,
  name: 'JSON_QUOTE',
  doc: 'The text as a JSON string, in quotes.',
  syntax: ['JSON_QUOTE(text)'],
  examples: [{ args: [text('a\tb')], result: '"a\\tb"' }],
  resolve: oneOf([[VARCHAR], VARCHAR]),
  evaluate: () => (value: string) => JSON.stringify(value),
}

const unquote: PlainFunction = {
  ...plain,
  name: 'JSON_UNQUOTE',
  doc: 'The text that a JSON string means; any other text stays as it is.',
  syntax: ['JSON_UNQUOTE(text)'],
  examples: [
    { args: [text('"a\\tb"')], result: 'a\tb' },
    { args: [text('abc')], result: 'abc' },
  ],
  resolve: oneOf([[VARCHAR], VARCHAR]),
  evaluate: () => (value: string) =>
    value.startsWith('"') && isJson(value) ? (JSON.parse(value) as string) : value,
}

const parse = (name: string, safe: boolean): PlainFunction => ({
  ...plain,
  name,
  doc: `The text as JSON. A text that is none is ${safe ? 'NULL' : 'an error'}.`,
  syntax: [`${name}(text)`],
  examples: [{ args: [text('[1, 2]')], result: '[1, 2]' }],
  resolve: oneOf([[VARCHAR], JSON_TYPE]),
  nullable: safe ? 'always' : 'args',
  evaluate:
    ({ at }) =>
    (value: string) => {
      if (isJson(value)) return value
      if (safe) return null
      return fail('INVALID_VALUE', `'${value.slice(0, 60)}' is not JSON`, {
        at,
        hint: 'TRY_PARSE_JSON gives NULL instead of an error.',
      })
    },
})

const keys: PlainFunction = {
  ...plain,
  name: 'JSON_KEYS',
  doc: 'The keys of a JSON object, as an array; NULL for anything else.',
  syntax: ['JSON_KEYS(json)'],
  examples: [{ args: [DOCUMENT], result: '[a, s, n]' }],
  resolve(args) {
    const type = args.length === 1 ? documentType(args[0]) : undefined
    return type && { args: [type], type: { kind: 'array', element: VARCHAR } }
  },
  nullable: 'always',
  evaluate() {
    const finder = new JsonFinder(pathOf([]))
    return (document: string) => {
      const bytes = encodeText(document)
      return finder.keys(bytes, 0, bytes.length) ?? null
    }
  },
}

const length: PlainFunction = {
  ...plain,
  name: 'JSON_LENGTH',
  doc: 'The number of elements of a JSON array or members of an object, 1 for a scalar; NULL if it is no JSON.',
  syntax: ['JSON_LENGTH(json)'],
  examples: [{ args: [text('[1, [2, 3]]')], result: '2' }],
  resolve(args) {
    const type = args.length === 1 ? documentType(args[0]) : undefined
    return type && { args: [type], type: INT }
  },
  nullable: 'always',
  evaluate() {
    const whole = new JsonFinder(pathOf([]))
    const members = new JsonFinder(pathOf([{ kind: 'all', of: 'object' }]))
    const elements = new JsonFinder(pathOf([{ kind: 'all', of: 'array' }]))
    return (document: string) => {
      const bytes = encodeText(document)
      const [first] = document.trimStart()
      const finder = first === '{' ? members : first === '[' ? elements : whole
      const count = finder.find(bytes, 0, bytes.length)
      return count < 0 ? null : count
    }
  },
}

export const json: readonly ScalarFunction[] = [
  taking(
    'JSON_VALUE',
    'The text of the string, number or truth value that the path leads to; NULL if there is none, or it is null, an array or an object. Paths are as $.a.b, $[0], $[*], $..a, behind lax (the default) or strict.',
    'JSON_VALUE(json, path)',
    'path',
    'scalar',
    [
      { args: [DOCUMENT, text('$.a.b[1]')], result: '20' },
      { args: [DOCUMENT, text('lax $.s')], result: 'x' },
      { args: [DOCUMENT, text('$.a')], result: 'NULL' },
    ],
  ),
  taking(
    'JSON_QUERY',
    'The array or object that the path leads to, as JSON; an array of all of them if the path can lead to several; NULL if there is none or it is a scalar.',
    'JSON_QUERY(json, path)',
    'path',
    'nested',
    [
      { args: [DOCUMENT, text('$.a')], result: '{"b": [10, 20]}' },
      { args: [DOCUMENT, text('$.a.b[*]')], result: '[10,20]' },
      { args: [DOCUMENT, text('$.s')], result: 'NULL' },
    ],
  ),
  exists,
  taking(
    '->',
    'The member of an object by key, or the element of an array by position from 0 (negative: from the end), as JSON. A key that begins with $ is a path.',
    "json -> 'key'",
    'key',
    'value',
    [
      { args: [DOCUMENT, text('a')], result: '{"b": [10, 20]}' },
      { args: [text('[1, 2]'), int(-1)], result: '2' },
    ],
  ),
  taking(
    '->>',
    'As ->, but a string as its text, and null as NULL.',
    "json ->> 'key'",
    'key',
    'text',
    [
      { args: [DOCUMENT, text('s')], result: 'x' },
      { args: [DOCUMENT, text('n')], result: 'NULL' },
    ],
  ),
  ...isJsonTests,
  object,
  array,
  string,
  quote,
  unquote,
  parse('PARSE_JSON', false),
  parse('TRY_PARSE_JSON', true),
  keys,
  length,
]
