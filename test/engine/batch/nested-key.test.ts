/** Nested values as keys: bytes are equal exactly if the values are, and give the value back. */

import { expect, test } from 'vitest'
import { type Random, random } from '../../../engine/base/random.ts'
import { nestedKey, nestedValue } from '../../../engine/batch/nested-key.ts'
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  type DataType,
  DOUBLE,
  INT,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/batch/value.ts'
import { decimal } from '../../../engine/expr/decimal.ts'
import { identityOf } from '../../../engine/expr/value-identity.ts'
import { seedOf } from '../../seed.ts'
import { randomValue } from '../expr/random-expression.ts'

const FLAT: readonly DataType[] = [
  BOOLEAN,
  INT,
  BIGINT,
  DOUBLE,
  decimal(38, 4),
  VARCHAR,
  BYTES,
  { kind: 'timestamp', precision: 6 },
]

function randomType(source: Random, depth: number): DataType {
  const flat = FLAT[source.below(FLAT.length)]
  const inner = () => (depth > 1 ? randomType(source, depth - 1) : flat)
  switch (source.below(3)) {
    case 0:
      return { kind: 'array', element: inner() }
    case 1:
      return {
        kind: 'row',
        fields: [
          { name: 'a', type: inner() },
          { name: 'b', type: flat },
        ],
      }
    default:
      return { kind: 'map', key: VARCHAR, value: inner() }
  }
}

const withoutNegativeZero = (value: Value): Value => {
  if (Array.isArray(value)) return value.map(withoutNegativeZero)
  return Object.is(value, -0) ? 0 : value
}

/** Maps by their keys. */
function inOrder(value: Value, type: DataType): Value {
  if (value === null) return null
  const parts = value as readonly Value[]
  if (type.kind === 'array') return parts.map((part) => inOrder(part, type.element))
  if (type.kind === 'row') return parts.map((part, i) => inOrder(part, type.fields[i].type))
  if (type.kind !== 'map') return value
  return (parts as readonly (readonly Value[])[])
    .map(([k, v]) => [k, inOrder(v, type.value)])
    .sort(([a], [b]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

test('what is written is read again', () => {
  const source = random(seedOf('nested-key'))
  for (let n = 0; n < 3000; n++) {
    const type = randomType(source, 3)
    const value = randomValue(source, type)
    if (value === null) continue
    const bytes = nestedKey(type)(value)
    const padded = Uint8Array.from([1, ...bytes, 2])
    const back = nestedValue(type)(padded, 1, bytes.length + 1)
    expect(inOrder(back, type)).toEqual(inOrder(withoutNegativeZero(value), type))
  }
})

test('equal values, and only they, have equal bytes', () => {
  const source = random(seedOf('nested-key equality'))
  for (let n = 0; n < 3000; n++) {
    const element = FLAT[source.below(FLAT.length)]
    const type: DataType = { kind: 'array', element }
    const [a, b] = [randomValue(source, type), randomValue(source, type)]
    if (a === null || b === null) continue
    const key = nestedKey(type)
    const identity = identityOf(type)
    const same = Buffer.from(key(a)).equals(Buffer.from(key(b)))
    expect(same).toBe(identity(a) === identity(b))
  }
})

test('the order of entries of a map means nothing, -0 is 0, NaN is NaN', () => {
  const map = nestedKey({ kind: 'map', key: VARCHAR, value: INT })
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
  expect(
    text(
      map([
        ['a', 1],
        ['b', 2],
      ]),
    ),
  ).toBe(
    text(
      map([
        ['b', 2],
        ['a', 1],
      ]),
    ),
  )
  const doubles = nestedKey({ kind: 'array', element: DOUBLE })
  expect(text(doubles([-0, Number.NaN]))).toBe(text(doubles([0, Number.NaN])))
  expect(text(doubles([Number.NaN]))).not.toBe(text(doubles([null])))
  const texts = nestedKey({ kind: 'array', element: VARCHAR })
  expect(text(texts(['NaN']))).not.toBe(text(texts([null])))
})
