/** ARRAY[…], MAP[…] and ROW(…). */

import { fail } from '../../base/errors.ts'
import { type DataType, VARCHAR } from '../../batch/types.ts'
import { meetingType } from '../common-type.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Expr, Value } from '../ir.ts'
import { int, literal, nullLiteral, text } from '../literal.ts'
import { identityOf } from '../value-identity.ts'

const plain = { family: 'collection', nulls: 'custom', nullable: 'never' } as const

const INT_ARRAY: DataType = { kind: 'array', element: { kind: 'int' } }

const array: PlainFunction = {
  ...plain,
  name: 'ARRAY',
  doc: 'An array of the values, which have a common type.',
  syntax: ['ARRAY[a, b, …]'],
  examples: [
    { args: [int(1), int(2), nullLiteral()], result: '[1, 2, NULL]' },
    { args: [text('a')], result: '[a]' },
  ],
  resolve(args) {
    const element = meetingType(args)
    return element && { args: args.map(() => element), type: { kind: 'array', element } }
  },
  evaluate:
    () =>
    (...values: Value[]) =>
      values,
}

/** The entries of a map: of two equal keys, the last counts. INVALID_VALUE for a NULL key. */
export function mapOf(
  key: DataType,
  entries: readonly (readonly Value[])[],
  at: Expr['at'],
): readonly (readonly Value[])[] {
  const identity = identityOf(key)
  const unique = new Map<unknown, readonly Value[]>()
  for (const entry of entries) {
    if (entry[0] === null) fail('INVALID_VALUE', 'A key of a MAP is NULL', { at })
    unique.set(identity(entry[0]), entry)
  }
  return [...unique.values()]
}

const map: PlainFunction = {
  ...plain,
  name: 'MAP',
  doc: 'A map of keys to values. A NULL key is an error; of two equal keys the last counts.',
  syntax: ['MAP[key, value, …]'],
  examples: [{ args: [text('a'), int(1), text('b'), int(2)], result: '{a=1, b=2}' }],
  resolve(args) {
    const key = meetingType(args.filter((_, i) => i % 2 === 0))
    const value = meetingType(args.filter((_, i) => i % 2 === 1))
    if (key === undefined || value === undefined || args.length % 2 === 1) return undefined
    return {
      args: args.map((_, i) => (i % 2 === 0 ? key : value)),
      type: { kind: 'map', key, value },
    }
  },
  evaluate: ({ type, at }) => {
    const key = type.kind === 'map' ? type.key : VARCHAR
    return (...values: Value[]) => {
      const entries: Value[][] = []
      for (let i = 0; i < values.length; i += 2) entries.push([values[i], values[i + 1]])
      return mapOf(key, entries, at)
    }
  },
}

const row: PlainFunction = {
  ...plain,
  name: 'ROW',
  doc: 'A row of the values. Its fields are called f0, f1, …; CAST(… AS ROW<name type, …>) names them.',
  syntax: ['ROW(a, b, …)'],
  examples: [{ args: [int(1), text('a')], result: '(1, a)' }],
  resolve(args) {
    if (args.length === 0) return undefined
    const fields = args.map(({ type }, i) => ({ name: `f${i}`, type }))
    return { args: args.map(({ type }) => type), type: { kind: 'row', fields } }
  },
  evaluate:
    () =>
    (...values: Value[]) =>
      values,
}

/** Numbers as an array, for examples. */
export const ints = (...values: (number | null)[]) => literal(INT_ARRAY, values)

/** Texts as an array, for examples. */
export const texts = (...values: (string | null)[]) =>
  literal({ kind: 'array', element: VARCHAR }, values)

/** A map of texts to numbers, for examples. */
export const textMap = (entries: Readonly<Record<string, number>>) =>
  literal({ kind: 'map', key: VARCHAR, value: { kind: 'int' } }, Object.entries(entries))

export const constructors: readonly ScalarFunction[] = [array, map, row]
