/** JSON: taking values out (SQL:2016's functions and the arrows) and building documents. A document
 *  is JSON or a text that holds it; a text that does not gives NULL (JSON_EXISTS: FALSE). */

import { fail } from '../../base/errors.ts'
import { BOOLEAN, INT, JSON_TYPE, typeName, VARCHAR } from '../../batch/types.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Wanted } from '../json/extract.ts'
import { JsonFinder } from '../json/find.ts'
import { type Asked, outcomeOf } from '../json/outcome.ts'
import { isJson } from '../json/parse.ts'
import { parseJsonPath, pathOf } from '../json/path.ts'
import { int, text } from '../literal.ts'
import { encodeText } from '../utf8.ts'
import { jsonBuilders } from './json-build.ts'
import { jsonOperators } from './json-operators.ts'
import {
  documentType,
  extraction,
  extractionEmit,
  fixedPath,
  resolveWay,
  type Way,
} from './json-path-call.ts'
import { jsonTests } from './json-test.ts'
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
  forms: PlainFunction['forms'] = [],
): PlainFunction {
  const type = wanted === 'scalar' || wanted === 'text' ? VARCHAR : JSON_TYPE
  return {
    ...plain,
    name,
    doc,
    syntax: [syntax],
    examples,
    forms,
    resolve: (args) => resolveWay(args, way, type),
    nullable: 'always',
    evaluate: (call) => extraction(call, way, wanted),
    emit: extractionEmit(way, wanted),
  }
}

const exists: PlainFunction = {
  ...plain,
  name: 'JSON_EXISTS',
  doc: 'Whether the path leads to a value of the document, JSON null included. ON ERROR says what it is if the text is no JSON, or a strict path does not fit it: FALSE unless it says otherwise.',
  syntax: ['JSON_EXISTS(json, path [TRUE | FALSE | UNKNOWN | ERROR ON ERROR])'],
  forms: [
    { sql: "JSON_EXISTS('{}', 'strict $.a' TRUE ON ERROR)", result: 'TRUE' },
    { sql: "JSON_EXISTS('{}', 'lax $.a' TRUE ON ERROR)", result: 'FALSE' },
  ],
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

/** JSON_QUERY with a wrapper, whatever it finds. */
const wrapping = (wanted: 'wrapped' | 'array'): PlainFunction => ({
  ...taking(
    `JSON_QUERY WITH ${wanted === 'array' ? 'CONDITIONAL ' : ''}WRAPPER`,
    'What the path leads to, in an array. Made for JSON_QUERY … WITH WRAPPER.',
    'JSON_QUERY(json, path WITH WRAPPER)',
    'path',
    wanted,
    [
      { args: [DOCUMENT, text('$.s')], result: '["x"]' },
      {
        args: [DOCUMENT, text('$.a.b')],
        result: wanted === 'array' ? '[10, 20]' : '[[10, 20]]',
      },
    ],
  ),
  internal: true,
})

const outcomes = (asked: Asked, result: string): PlainFunction => ({
  ...plain,
  internal: true,
  name: `JSON OUTCOME ${asked.toUpperCase()}`,
  doc: 'Whether a path finds (0), finds nothing (1), or does not fit the document (2). Made for ON EMPTY and ON ERROR.',
  syntax: ['JSON_VALUE(json, path NULL ON EMPTY)'],
  examples: [
    { args: [DOCUMENT, text('$.s')], result },
    { args: [DOCUMENT, text('strict $.x')], result: '2' },
    { args: [DOCUMENT, text('lax $.x')], result: '1' },
    { args: [text('no'), text('$.x')], result: '2' },
  ],
  resolve: (args) => resolveWay(args, 'path', INT),
  evaluate({ args, at }) {
    const path = fixedPath(args, 'path', at)
    if (path !== undefined) return outcomeOf(path, asked)
    const outcome = lastOf((value: string) => outcomeOf(parseJsonPath(value, at), asked))
    return (document: string, value: string) => outcome(value)(document)
  },
})

/** (function's name, document, path, NULL of the wanted type): always an error. */
const failure: PlainFunction = {
  family: 'json',
  nulls: 'custom',
  nullable: 'always',
  internal: true,
  name: 'JSON FAILURE',
  doc: 'The error of ERROR ON EMPTY and ERROR ON ERROR.',
  syntax: ['JSON_VALUE(json, path ERROR ON ERROR)'],
  examples: [],
  resolve(args) {
    if (args.length !== 4) return undefined
    return { args: [VARCHAR, VARCHAR, VARCHAR, args[3].type], type: args[3].type }
  },
  evaluate:
    ({ at, type }) =>
    (name: string, document: string, path: string) => {
      const shown = document.length > 60 ? `${document.slice(0, 60)}…` : document
      const what = isJson(document)
        ? `${path} finds no ${typeName(type)} in ${shown}`
        : `'${shown}' is not JSON`
      return fail('INVALID_VALUE', `${name}: ${what}`, { at })
    },
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
    "The string, number or truth value that the path leads to, as text or as the type behind RETURNING. ON EMPTY says what it is if there is none or it is null, ON ERROR if the text is no JSON, the value an array or object or none of the type, or (behind strict, the default) the path does not fit the document; NULL unless they say otherwise. Behind lax all of that is empty, but for the type. Paths are as $.a.b, $['a b'], $[0], $[*], $..a.",
    'JSON_VALUE(json, path [RETURNING type] [NULL | ERROR | DEFAULT x ON EMPTY] [NULL | ERROR | DEFAULT x ON ERROR])',
    'path',
    'scalar',
    [
      { args: [DOCUMENT, text('$.a.b[1]')], result: '20' },
      { args: [DOCUMENT, text('lax $.s')], result: 'x' },
      { args: [DOCUMENT, text('$.a')], result: 'NULL' },
    ],
    [
      { sql: `JSON_VALUE('{"a": true}', '$.a' RETURNING BOOLEAN)`, result: 'TRUE' },
      { sql: `JSON_VALUE('{"a": 1}', 'lax $.b' DEFAULT 'none' ON EMPTY)`, result: 'none' },
      {
        sql: `JSON_VALUE('{"a": 1}', 'strict $.b' NULL ON EMPTY DEFAULT 'x' ON ERROR)`,
        result: 'x',
      },
    ],
  ),
  taking(
    'JSON_QUERY',
    'The array or object that the path leads to, as JSON or as the type behind RETURNING; an array of all of them if the path can lead to several. A scalar must be wrapped: WITH WRAPPER puts any value into an array, WITH CONDITIONAL WRAPPER all but arrays. ON EMPTY and ON ERROR are as of JSON_VALUE; a scalar without a wrapper is empty behind lax, an error behind strict.',
    'JSON_QUERY(json, path [RETURNING type] [WITHOUT | WITH [CONDITIONAL | UNCONDITIONAL] [ARRAY] WRAPPER] [NULL | EMPTY ARRAY | EMPTY OBJECT | ERROR ON EMPTY] [NULL | EMPTY ARRAY | EMPTY OBJECT | ERROR ON ERROR])',
    'path',
    'nested',
    [
      { args: [DOCUMENT, text('$.a')], result: '{"b": [10, 20]}' },
      { args: [DOCUMENT, text('$.a.b[*]')], result: '[10,20]' },
      { args: [DOCUMENT, text('$.s')], result: 'NULL' },
    ],
    [
      { sql: `JSON_QUERY('{"a": 1}', '$.a' WITH CONDITIONAL WRAPPER)`, result: '[1]' },
      { sql: "JSON_QUERY('{}', 'lax $.a' EMPTY OBJECT ON EMPTY)", result: '{}' },
      { sql: `JSON_QUERY('["a", "b"]', '$' RETURNING ARRAY<STRING>)`, result: '[a, b]' },
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
  wrapping('wrapped'),
  wrapping('array'),
  outcomes('any', '0'),
  outcomes('scalar', '0'),
  outcomes('nested', '2'),
  outcomes('wrapped', '0'),
  failure,
  ...jsonOperators,
  ...jsonTests,
  ...jsonBuilders,
  parse('PARSE_JSON', false),
  parse('TRY_PARSE_JSON', true),
  keys,
  length,
]
