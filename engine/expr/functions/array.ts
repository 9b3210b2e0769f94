/** Functions of arrays. Elements are the same as `IS NOT DISTINCT FROM` has it: NULL is the same as
 *  NULL. Positions count from 1. */

import { BIGINT, BOOLEAN, type DataType, INT, VARCHAR } from '../../batch/types.ts'
import { coerce, commonType } from '../coerce.ts'
import { meetingType } from '../common-type.ts'
import type { Apply, PlainFunction, ScalarFunction, Signature } from '../function.ts'
import type { CallExpr, Expr, Value } from '../ir.ts'
import { bool, int, nullLiteral, text } from '../literal.ts'
import { limitText } from '../text-limit.ts'
import { identityOf, totalOrder } from '../value-identity.ts'
import { ints, texts } from './constructor.ts'

const strict = { family: 'collection', nulls: 'strict' } as const
/** NULL elements are looked for as such, so NULL arguments are seen. */
const custom = { family: 'collection', nulls: 'custom' } as const

type List = readonly Value[]
type ArrayType = Extract<DataType, { kind: 'array' }>

const isArray = (type: DataType): type is ArrayType => type.kind === 'array'

/** The type of elements that an array argument has. */
function elementOf({ args }: CallExpr): DataType {
  const [{ type }] = args
  return isArray(type) ? type.element : type
}

/** (array) -> result of its type. */
const ofOne =
  (result: (type: ArrayType) => DataType): PlainFunction['resolve'] =>
  (args) =>
    args.length === 1 && isArray(args[0].type)
      ? { args: [args[0].type], type: result(args[0].type) }
      : undefined

/** (array, element) -> result; both adapt to each other. */
function withElement(args: readonly Expr[], result: (type: ArrayType) => DataType) {
  const [array, element] = args
  if (args.length !== 2 || !isArray(array.type)) return undefined
  const fits = coerce(element, array.type.element) !== undefined
  const common = fits ? array.type.element : commonType([array.type.element, element.type])
  if (common === undefined) return undefined
  const type: ArrayType = { kind: 'array', element: common }
  return { args: [type, common], type: result(type) } satisfies Signature
}

/** (array, array, …) -> array; of a common type. */
const ofMany =
  (fewest: number, most: number): PlainFunction['resolve'] =>
  (args) => {
    const type = meetingType(args)
    if (type === undefined || !isArray(type)) return undefined
    if (args.length < fewest || args.length > most) return undefined
    return { args: args.map(() => type), type }
  }

function distinct(values: List, identity: (value: Value) => unknown): List {
  const seen = new Set<unknown>()
  return values.filter((value) => {
    const key = identity(value)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

const search = (
  name: string,
  aliases: readonly string[],
  doc: string,
  type: DataType,
  found: (index: number) => Value,
  examples: PlainFunction['examples'],
): PlainFunction => ({
  ...custom,
  name,
  aliases,
  doc,
  syntax: [`${name}(array, element)`],
  examples,
  resolve: (args) => withElement(args, () => type),
  evaluate(call) {
    const identity = identityOf(elementOf(call))
    return (values: List | null, element: Value) => {
      if (values === null) return null
      const wanted = identity(element)
      return found(values.findIndex((value) => Object.is(identity(value), wanted)))
    }
  },
})

const change = (
  name: string,
  doc: string,
  apply: (values: List, element: Value, identity: (value: Value) => unknown) => List,
  result: string,
): PlainFunction => ({
  ...custom,
  name,
  doc,
  syntax: [`${name}(array, element)`],
  examples: [{ args: [ints(1, 2, 1), int(1)], result }],
  resolve: (args) => withElement(args, (type) => type),
  evaluate(call) {
    const identity = identityOf(elementOf(call))
    return (values: List | null, element: Value) =>
      values === null ? null : apply(values, element, identity)
  },
})

const combine = (
  name: string,
  doc: string,
  keep: (inOther: boolean) => boolean,
  result: string,
): PlainFunction => ({
  ...strict,
  name,
  doc,
  syntax: [`${name}(a, b)`],
  examples: [{ args: [ints(1, 2, 2, 3), ints(2, 4)], result }],
  resolve: ofMany(2, 2),
  evaluate(call) {
    const identity = identityOf(elementOf(call))
    return (values: List, others: List) => {
      const known = new Set(others.map(identity))
      const kept = values.filter((value) => keep(known.has(identity(value))))
      return distinct(kept, identity)
    }
  },
})

const extreme = (name: string, wanted: 1 | -1, result: string): PlainFunction => ({
  ...strict,
  name,
  doc: `The ${wanted < 0 ? 'smallest' : 'largest'} element; NULL elements do not count.`,
  syntax: [`${name}(array)`],
  examples: [{ args: [ints(3, null, 1, 2)], result }],
  resolve: ofOne((type) => type.element),
  nullable: 'always',
  evaluate(call) {
    const order = totalOrder(elementOf(call))
    return (values: List) => {
      let best: Value = null
      for (const value of values) {
        if (value !== null && (best === null || order(value, best) * wanted > 0)) best = value
      }
      return best
    }
  },
})

const join: PlainFunction = {
  ...strict,
  name: 'ARRAY_JOIN',
  aliases: ['ARRAY_TO_STRING'],
  doc: 'The elements as one text, with a separator between them. NULL elements are left out, or stand as the given text.',
  syntax: ['ARRAY_JOIN(array, separator[, null])'],
  examples: [
    { args: [texts('a', null, 'b'), text('-')], result: 'a-b' },
    { args: [texts('a', null, 'b'), text('-'), text('?')], result: 'a-?-b' },
  ],
  resolve(args) {
    if (args.length < 2 || args.length > 3) return undefined
    const wanted: DataType[] = [{ kind: 'array', element: VARCHAR }, VARCHAR, VARCHAR]
    return { args: wanted.slice(0, args.length), type: VARCHAR }
  },
  evaluate:
    ({ at }) =>
    (values: List, separator: string, missing?: string) => {
      const parts = values.map((value) => value ?? missing).filter((part) => part !== undefined)
      limitText(parts.length * separator.length, at)
      const joined = parts.join(separator)
      limitText(joined.length, at)
      return joined
    },
}

const slice: PlainFunction = {
  ...strict,
  name: 'ARRAY_SLICE',
  doc: 'The elements from one position to another (or the end), both included. Negative positions count from the end.',
  syntax: ['ARRAY_SLICE(array, from[, to])'],
  examples: [
    { args: [ints(1, 2, 3, 4), int(2), int(3)], result: '[2, 3]' },
    { args: [ints(1, 2, 3, 4), int(-2)], result: '[3, 4]' },
  ],
  resolve(args) {
    const [{ type } = { type: VARCHAR }] = args
    if (!isArray(type) || args.length < 2 || args.length > 3) return undefined
    return { args: [type, INT, INT].slice(0, args.length) as DataType[], type }
  },
  evaluate: () => (values: List, from: number, to?: number) => {
    const place = (at: number) => (at < 0 ? values.length + at + 1 : at)
    const first = Math.max(place(from), 1)
    return values.slice(first - 1, to === undefined ? undefined : Math.max(place(to), 0))
  },
}

const sort: PlainFunction = {
  ...strict,
  name: 'ARRAY_SORT',
  doc: 'The elements in order: ascending unless told otherwise, NULLs first in an ascending and last in a descending one unless told otherwise.',
  syntax: ['ARRAY_SORT(array[, ascending[, nulls_first]])'],
  examples: [
    { args: [ints(3, null, 1)], result: '[NULL, 1, 3]' },
    { args: [ints(3, null, 1), bool(false)], result: '[3, 1, NULL]' },
  ],
  resolve(args) {
    const [{ type } = { type: VARCHAR }] = args
    if (!isArray(type) || args.length > 3) return undefined
    return { args: [type, BOOLEAN, BOOLEAN].slice(0, args.length) as DataType[], type }
  },
  evaluate(call) {
    const order = totalOrder(elementOf(call))
    return (values: List, ascending = true, nullsFirst = ascending) =>
      values.toSorted((a, b) => {
        if (a === null || b === null) {
          return a === b ? 0 : (a === null) === nullsFirst ? -1 : 1
        }
        return ascending ? order(a, b) : order(b, a)
      })
  },
}

const whole = (
  name: string,
  doc: string,
  apply: (values: List, identity: (value: Value) => unknown) => List,
  result: string,
): PlainFunction => ({
  ...strict,
  name,
  doc,
  syntax: [`${name}(array)`],
  examples: [{ args: [ints(2, 1, 2)], result }],
  resolve: ofOne((type) => type),
  evaluate(call): Apply {
    const identity = identityOf(elementOf(call))
    return (values: List) => apply(values, identity)
  },
})

const concat: PlainFunction = {
  ...strict,
  name: 'ARRAY_CONCAT',
  doc: 'The elements of all the arrays, one after another; NULL if an array is NULL.',
  syntax: ['ARRAY_CONCAT(a, b, …)'],
  examples: [
    { args: [ints(1, 2), ints(3)], result: '[1, 2, 3]' },
    { args: [ints(1), nullLiteral()], result: 'NULL' },
  ],
  resolve: ofMany(1, Number.POSITIVE_INFINITY),
  evaluate:
    () =>
    (...arrays: List[]) =>
      arrays.flat(1),
}

const unionAll: PlainFunction = {
  ...strict,
  name: 'ARRAY_UNION',
  doc: 'Every element of the arrays once.',
  syntax: ['ARRAY_UNION(a, b)'],
  examples: [{ args: [ints(1, 2, 2), ints(2, 3)], result: '[1, 2, 3]' }],
  resolve: ofMany(2, 2),
  evaluate(call) {
    const identity = identityOf(elementOf(call))
    return (a: List, b: List) => distinct([...a, ...b], identity)
  },
}

const same = Object.is

const LENGTH_MAX = 1_000_000

const sequence: PlainFunction = {
  ...strict,
  name: 'SEQUENCE',
  doc: 'The whole numbers from one to another, both included, in steps (default 1); at most a million.',
  syntax: ['SEQUENCE(from, to[, step])'],
  examples: [{ args: [int(1), int(7), int(3)], result: '[1, 4, 7]' }],
  resolve(args) {
    if (args.length < 2 || args.length > 3) return undefined
    return { args: args.map(() => BIGINT), type: { kind: 'array', element: BIGINT } }
  },
  nullable: 'always',
  evaluate:
    () =>
    (from: number, to: number, step: number = 1) => {
      const [start, stop, by] = [Number(from), Number(to), Number(step)]
      const count = Math.floor((stop - start) / by) + 1
      if (!Number.isSafeInteger(start) || !(count <= LENGTH_MAX)) return null
      return Array.from({ length: Math.max(count, 0) }, (_, i) => start + i * by)
    },
}

export const arrays: readonly ScalarFunction[] = [
  search(
    'ARRAY_CONTAINS',
    [],
    'Whether the array has the element; NULL is found too.',
    BOOLEAN,
    (index) => index >= 0,
    [
      { args: [ints(1, 2), int(2)], result: 'TRUE' },
      { args: [ints(1, null), nullLiteral()], result: 'TRUE' },
    ],
  ),
  search(
    'ARRAY_POSITION',
    [],
    'Where the element first stands, from 1; 0 if it does not.',
    INT,
    (index) => index + 1,
    [{ args: [ints(5, 6, 6), int(6)], result: '2' }],
  ),
  change(
    'ARRAY_REMOVE',
    'The array without the element.',
    (values, element, identity) => {
      const wanted = identity(element)
      return values.filter((value) => !same(identity(value), wanted))
    },
    '[2]',
  ),
  change(
    'ARRAY_APPEND',
    'The array with the element at its end.',
    (values, element) => [...values, element],
    '[1, 2, 1, 1]',
  ),
  change(
    'ARRAY_PREPEND',
    'The array with the element at its beginning.',
    (values, element) => [element, ...values],
    '[1, 1, 2, 1]',
  ),
  whole('ARRAY_DISTINCT', 'Every element once, in order.', distinct, '[2, 1]'),
  whole('ARRAY_REVERSE', 'The elements in reverse order.', (v) => v.toReversed(), '[2, 1, 2]'),
  concat,
  unionAll,
  combine('ARRAY_EXCEPT', 'Every element of a that is not in b, once.', (is) => !is, '[1, 3]'),
  combine('ARRAY_INTERSECT', 'Every element of a that is in b, once.', (is) => is, '[2]'),
  extreme('ARRAY_MIN', -1, '1'),
  extreme('ARRAY_MAX', 1, '3'),
  join,
  slice,
  sort,
  sequence,
]
