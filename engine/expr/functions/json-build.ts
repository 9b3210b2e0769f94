/** JSON from SQL values: objects, arrays, and single values; quoting. */

import { fail, type Span } from '../../base/errors.ts'
import { INT, JSON_TYPE, VARCHAR } from '../../batch/types.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Value } from '../ir.ts'
import { jsonText } from '../json/json-text.ts'
import { isJson } from '../json/parse.ts'
import { int, literal, nullLiteral, text } from '../literal.ts'
import { limitText } from '../text-limit.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'json', nulls: 'strict' } as const

type Print = (value: Value) => string

function limited(made: string, at: Span | undefined): string {
  limitText(made.length, at)
  return made
}

/** A member of an object. INVALID_VALUE for a NULL key. */
function member(key: Value, value: Value, print: Print, at: Span | undefined): string {
  if (key === null) fail('INVALID_VALUE', 'A key of a JSON object is NULL', { at })
  return `${JSON.stringify(key)}:${value === null ? 'null' : print(value)}`
}

/** `absent`: members whose value is NULL are left out. */
const object = (absent: boolean): PlainFunction => ({
  family: 'json',
  nulls: 'custom',
  nullable: 'never',
  name: absent ? 'JSON_OBJECT ABSENT ON NULL' : 'JSON_OBJECT',
  doc: 'A JSON object of keys and values. NULL values are null, with ABSENT ON NULL they are left out; JSON values stand as they are.',
  syntax: [
    'JSON_OBJECT([KEY] key VALUE value, … [NULL ON NULL | ABSENT ON NULL])',
    'JSON_OBJECT(key: value, …)',
    'JSON_OBJECT(key, value, …)',
  ],
  examples: [
    {
      args: [text('id'), int(7), text('name'), text('x "y"'), text('no'), nullLiteral()],
      result: `{"id":7,"name":"x \\"y\\""${absent ? '' : ',"no":null'}}`,
    },
  ],
  ...(absent
    ? { internal: true }
    : {
        forms: [
          { sql: "JSON_OBJECT(KEY 'a' VALUE 1, 'b': NULL)", result: '{"a":1,"b":null}' },
          { sql: "JSON_OBJECT('a' VALUE 1, 'b' VALUE NULL ABSENT ON NULL)", result: '{"a":1}' },
        ],
      }),
  resolve(args) {
    if (args.length % 2 === 1) return undefined
    return { args: args.map(({ type }, i) => (i % 2 === 0 ? VARCHAR : type)), type: JSON_TYPE }
  },
  evaluate({ args, at }) {
    const prints = args.map(({ type }) => jsonText(type) as Print)
    return (...values: Value[]) => {
      const parts: string[] = []
      for (let i = 0; i < values.length; i += 2) {
        const made = member(values[i], values[i + 1], prints[i + 1], at)
        if (!absent || values[i + 1] !== null) parts.push(made)
      }
      return limited(`{${parts.join(',')}}`, at)
    }
  },
})

/** `absent`: NULLs are left out. */
const array = (absent: boolean): PlainFunction => ({
  family: 'json',
  nulls: 'custom',
  nullable: 'never',
  name: absent ? 'JSON_ARRAY' : 'JSON_ARRAY NULL ON NULL',
  doc: 'A JSON array of the values. NULLs are left out, with NULL ON NULL they are null; JSON values stand as they are.',
  syntax: ['JSON_ARRAY(a, b, … [ABSENT ON NULL | NULL ON NULL])'],
  examples: [
    { args: [int(1), text('a'), nullLiteral()], result: absent ? '[1,"a"]' : '[1,"a",null]' },
  ],
  ...(absent
    ? { forms: [{ sql: 'JSON_ARRAY(1, NULL NULL ON NULL)', result: '[1,null]' }] }
    : { internal: true }),
  resolve: (args) => ({ args: args.map(({ type }) => type), type: JSON_TYPE }),
  evaluate({ args, at }) {
    const prints = args.map(({ type }) => jsonText(type) as Print)
    return (...values: Value[]) => {
      const parts = values.flatMap((value, i) =>
        value === null ? (absent ? [] : 'null') : prints[i](value),
      )
      return limited(`[${parts.join(',')}]`, at)
    }
  },
})

/** What JSON_ARRAYAGG makes of the collected values; no rows are an empty array. */
const arrayOf = (absent: boolean): PlainFunction => ({
  family: 'json',
  nulls: 'custom',
  nullable: 'never',
  internal: true,
  name: absent ? 'JSON_ARRAY OF' : 'JSON_ARRAY OF NULL ON NULL',
  doc: 'The elements of an array as a JSON array. Made for JSON_ARRAYAGG.',
  syntax: ['JSON_ARRAYAGG(value)'],
  examples: [
    {
      args: [literal({ kind: 'array', element: INT }, [1, null])],
      result: absent ? '[1]' : '[1,null]',
    },
    { args: [nullLiteral({ kind: 'array', element: INT })], result: '[]' },
  ],
  resolve: ([arg, ...more]) =>
    arg?.type.kind === 'array' && more.length === 0
      ? { args: [arg.type], type: JSON_TYPE }
      : undefined,
  evaluate({ args: [{ type }], at }) {
    const print = type.kind === 'array' ? (jsonText(type.element) as Print) : String
    return (values: readonly Value[] | null) => {
      const parts = (values ?? []).flatMap((value) =>
        value === null ? (absent ? [] : 'null') : print(value),
      )
      return limited(`[${parts.join(',')}]`, at)
    }
  },
})

const PAIRS = {
  kind: 'array',
  element: {
    kind: 'row',
    fields: [
      { name: 'key', type: VARCHAR },
      { name: 'value', type: INT },
    ],
  },
} as const

/** What JSON_OBJECTAGG makes of the collected pairs; no rows are an empty object. */
const objectOf = (absent: boolean): PlainFunction => ({
  family: 'json',
  nulls: 'custom',
  nullable: 'never',
  internal: true,
  name: absent ? 'JSON_OBJECT OF ABSENT ON NULL' : 'JSON_OBJECT OF',
  doc: 'Rows of key and value as a JSON object. Made for JSON_OBJECTAGG.',
  syntax: ['JSON_OBJECTAGG(key VALUE value)'],
  examples: [
    {
      args: [
        literal(PAIRS, [
          ['a', 1],
          ['b', null],
        ]),
      ],
      result: absent ? '{"a":1}' : '{"a":1,"b":null}',
    },
    { args: [nullLiteral(PAIRS)], result: '{}' },
  ],
  resolve: ([arg, ...more]) =>
    arg?.type.kind === 'array' && arg.type.element.kind === 'row' && more.length === 0
      ? { args: [arg.type], type: JSON_TYPE }
      : undefined,
  evaluate({ args: [{ type }], at }) {
    const row = type.kind === 'array' && type.element.kind === 'row' ? type.element : undefined
    const print = jsonText(row?.fields[1].type ?? VARCHAR) as Print
    return (pairs: readonly (readonly Value[])[] | null) => {
      const members = new Map<Value, string>()
      for (const [key, value] of pairs ?? []) {
        const made = member(key, value, print, at)
        if (absent && value === null) continue
        if (members.has(key)) {
          fail('INVALID_VALUE', `JSON_OBJECTAGG has the key ${JSON.stringify(key)} twice`, {
            at,
            hint: 'Group by the key, or keep one row for each.',
          })
        }
        members.set(key, made)
      }
      return limited(`{${[...members.values()].join(',')}}`, at)
    }
  },
})

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

export const jsonBuilders: readonly ScalarFunction[] = [
  object(false),
  object(true),
  array(true),
  array(false),
  arrayOf(true),
  arrayOf(false),
  objectOf(false),
  objectOf(true),
  string,
  quote,
  unquote,
]
