/** Functions of maps, and those that make arrays and maps of texts. */

import { fail } from '../../base/errors.ts'
import { type DataType, VARCHAR } from '../../batch/types.ts'
import { meetingType } from '../common-type.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Value } from '../ir.ts'
import { literal, text } from '../literal.ts'
import { ints, mapOf, textMap, texts } from './constructor.ts'
import { oneOf } from './signature.ts'

const plain = { family: 'collection', nulls: 'strict' } as const

type MapType = Extract<DataType, { kind: 'map' }>
type Entries = readonly (readonly Value[])[]

const ofMap =
  (result: (type: MapType) => DataType): PlainFunction['resolve'] =>
  ([first, ...more]) =>
    first?.type.kind === 'map' && more.length === 0
      ? { args: [first.type], type: result(first.type) }
      : undefined

const part = (
  name: string,
  doc: string,
  result: (type: MapType) => DataType,
  apply: (entries: Entries) => Value,
  example: string,
): PlainFunction => ({
  ...plain,
  name,
  doc,
  syntax: [`${name}(map)`],
  examples: [{ args: [textMap({ a: 1, b: 2 })], result: example }],
  resolve: ofMap((type) => ({ kind: 'array', element: result(type) })),
  evaluate: () => apply,
})

/** What MAP_ENTRIES has as elements. */
const entryType = ({ key, value }: MapType): DataType => ({
  kind: 'row',
  fields: [
    { name: 'key', type: key },
    { name: 'value', type: value },
  ],
})

const keyOf = (type: DataType): DataType => (type.kind === 'map' ? type.key : VARCHAR)

const fromArrays: PlainFunction = {
  ...plain,
  name: 'MAP_FROM_ARRAYS',
  doc: 'The map of the keys to the values that stand at the same places.',
  syntax: ['MAP_FROM_ARRAYS(keys, values)'],
  examples: [{ args: [texts('a', 'b'), ints(1, 2)], result: '{a=1, b=2}' }],
  resolve(args) {
    if (args.length !== 2) return undefined
    const [{ type: keys }, { type: values }] = args
    if (keys.kind !== 'array' || values.kind !== 'array') return undefined
    return {
      args: [keys, values],
      type: { kind: 'map', key: keys.element, value: values.element },
    }
  },
  evaluate:
    ({ type, at }) =>
    (keys: readonly Value[], values: readonly Value[]) => {
      if (keys.length !== values.length) {
        fail('INVALID_VALUE', `${keys.length} keys and ${values.length} values make no map`, { at })
      }
      return mapOf(
        keyOf(type),
        keys.map((key, i) => [key, values[i]]),
        at,
      )
    },
}

const fromEntries: PlainFunction = {
  ...plain,
  name: 'MAP_FROM_ENTRIES',
  doc: 'The map of an array of rows of two: key and value.',
  syntax: ['MAP_FROM_ENTRIES(rows)'],
  examples: [
    {
      args: [
        literal(
          {
            kind: 'array',
            element: {
              kind: 'row',
              fields: [
                { name: 'f0', type: VARCHAR },
                { name: 'f1', type: { kind: 'int' } },
              ],
            },
          },
          [
            ['a', 1],
            ['b', 2],
          ],
        ),
      ],
      result: '{a=1, b=2}',
    },
  ],
  resolve([first, ...more]) {
    if (first?.type.kind !== 'array' || more.length > 0) return undefined
    const { element } = first.type
    if (element.kind !== 'row' || element.fields.length !== 2) return undefined
    const [key, value] = element.fields.map((field) => field.type)
    return { args: [first.type], type: { kind: 'map', key, value } }
  },
  evaluate:
    ({ type, at }) =>
    (rows: readonly Value[]) =>
      mapOf(keyOf(type), rows.filter((row) => row !== null) as unknown as Entries, at),
}

const union: PlainFunction = {
  ...plain,
  name: 'MAP_UNION',
  doc: 'The entries of all the maps; of two with one key, that of the later map counts.',
  syntax: ['MAP_UNION(a, b, …)'],
  examples: [{ args: [textMap({ a: 1, b: 2 }), textMap({ b: 3 })], result: '{a=1, b=3}' }],
  resolve(args) {
    const type = args.length === 0 ? undefined : meetingType(args)
    return type?.kind === 'map' ? { args: args.map(() => type), type } : undefined
  },
  evaluate:
    ({ type, at }) =>
    (...maps: Entries[]) =>
      mapOf(keyOf(type), maps.flat(1), at),
}

const split: PlainFunction = {
  ...plain,
  name: 'SPLIT',
  aliases: ['STRING_TO_ARRAY'],
  doc: 'The parts of a text between separators, as an array; with an empty separator, its characters.',
  syntax: ['SPLIT(text, separator)'],
  examples: [
    { args: [text('a,b,,c'), text(',')], result: '[a, b, , c]' },
    { args: [text('ab'), text('')], result: '[a, b]' },
  ],
  resolve: oneOf([[VARCHAR, VARCHAR], { kind: 'array', element: VARCHAR }]),
  evaluate: () => (value: string, separator: string) =>
    separator === '' ? Array.from(value) : value.split(separator),
}

const strToMap: PlainFunction = {
  ...plain,
  name: 'STR_TO_MAP',
  doc: "The map that a text spells: entries between separators (default ','), in each a key, a sign (default '=') and a value.",
  syntax: ['STR_TO_MAP(text[, separator, sign])'],
  examples: [
    { args: [text('a=1,b=2')], result: '{a=1, b=2}' },
    { args: [text('a:1;b'), text(';'), text(':')], result: '{a=1, b=NULL}' },
  ],
  resolve: oneOf(
    [[VARCHAR], { kind: 'map', key: VARCHAR, value: VARCHAR }],
    [[VARCHAR, VARCHAR, VARCHAR], { kind: 'map', key: VARCHAR, value: VARCHAR }],
  ),
  evaluate:
    ({ at }) =>
    (value: string, separator = ',', sign = '=') => {
      const entries = value.split(separator).map((entry) => {
        const place = entry.indexOf(sign)
        return place < 0 ? [entry, null] : [entry.slice(0, place), entry.slice(place + sign.length)]
      })
      return mapOf(VARCHAR, entries, at)
    },
}

export const maps: readonly ScalarFunction[] = [
  part(
    'MAP_KEYS',
    'The keys, as an array.',
    (type) => type.key,
    (e) => e.map(([k]) => k),
    '[a, b]',
  ),
  part(
    'MAP_VALUES',
    'The values, as an array.',
    (type) => type.value,
    (entries) => entries.map(([, value]) => value),
    '[1, 2]',
  ),
  part(
    'MAP_ENTRIES',
    'The entries, as an array of rows (key, value).',
    entryType,
    (entries) => entries,
    '[(a, 1), (b, 2)]',
  ),
  fromArrays,
  fromEntries,
  union,
  split,
  strToMap,
]
