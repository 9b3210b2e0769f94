import { describe, expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import type { Batch } from '../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../engine/batch/schema.ts'
import {
  BIGINT,
  BOOLEAN,
  BYTES,
  DATE,
  type DataType,
  DOUBLE,
  FLOAT,
  SMALLINT,
  TINYINT,
  VARCHAR,
} from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/batch/value.ts'
import { RowStore } from '../../../engine/state/row-store.ts'

const TYPES: readonly DataType[] = [
  BOOLEAN,
  TINYINT,
  SMALLINT,
  DATE,
  BIGINT,
  FLOAT,
  DOUBLE,
  { kind: 'decimal', precision: 38, scale: 2 },
  VARCHAR,
  BYTES,
  { kind: 'array', element: VARCHAR },
  { kind: 'map', key: VARCHAR, value: BIGINT },
  {
    kind: 'row',
    fields: [
      { name: 'a', type: BIGINT },
      { name: 'b', type: VARCHAR },
    ],
  },
]
const FIELDS: readonly Field[] = TYPES.map((type, i) => ({ name: `c${i}`, type, nullable: true }))
const SCHEMA = schemaOf(FIELDS)

/** A row that can be told from others by its number. */
function rowOf(n: number): Value[] {
  const texts = Array.from({ length: n % 4 }, (_, i) => (i === 2 ? null : `e${n}`))
  const row: Value[] = [
    n % 2 === 0,
    n % 100,
    n % 30_000,
    n,
    BigInt(n) << 40n,
    n / 2,
    n / 3,
    (BigInt(n) << 70n) + 1n,
    `text ${n} ü`,
    Uint8Array.of(n & 255, 1),
    texts,
    texts.map((_, i) => [`k${i}`, n]),
    [n, `in ${n}`],
  ]
  return row.map((value, i) => ((n + i) % 7 === 0 ? null : value))
}

function batchOf(numbers: readonly number[]): Batch {
  const builder = new BatchBuilder(SCHEMA)
  for (const n of numbers) builder.append(rowOf(n))
  return builder.finish()
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const plain = (rows: readonly (readonly Value[])[]) =>
  rows.map((row) => row.map((value) => (value instanceof Uint8Array ? [...value] : value)))

describe('every type', () => {
  test('whole batches, slices and picked rows are kept as they are', () => {
    const store = new RowStore(SCHEMA)
    const r = random(3)
    const numbers: number[] = []
    for (let from = 0; from < 400; ) {
      const size = 1 + r.below(40)
      const batch = batchOf(range(from, from + size))
      if (r.below(3) === 0) {
        const picked = range(0, size).filter(() => r.below(2) === 0)
        store.append(batch, Int32Array.from(picked), picked.length, null)
        numbers.push(...picked.map((i) => from + i))
      } else {
        const skip = r.below(size)
        const slice = batch.slice(skip, size)
        store.append(slice, null, slice.rowCount, null)
        numbers.push(...range(from + skip, from + size))
      }
      from += size
    }
    expect(plain(rowsOf(store.view))).toEqual(plain(rowsOf(batchOf(numbers))))
  })

  test('sweeping keeps the living in order, with their weights and numbers', () => {
    const store = new RowStore(SCHEMA, 2)
    store.append(batchOf(range(0, 3000)), null, 3000, null)
    const before = store.view.slice(2990, 3000)
    store.counts[2999 * 2 + 1] = 77
    for (let slot = 0; slot < 3000; slot++) if (slot % 3 > 0) store.kill(slot)
    expect(store.crowded).toBe(true)
    store.weights[2997] = 5
    const kept = store.sweep()
    expect([...kept]).toEqual(range(0, 1000).map((i) => i * 3))
    expect(plain(rowsOf(store.view))).toEqual(plain(rowsOf(batchOf([...kept]))))
    expect(store.weights[999]).toBe(5)
    expect([store.count, store.live]).toEqual([1000, 1000])
    // What was handed out before is as it was.
    expect(plain(rowsOf(before))).toEqual(plain(rowsOf(batchOf(range(2990, 3000)))))
  })
})

describe('snapshots', () => {
  const fields: readonly Field[] = [{ name: 'n', type: BIGINT, nullable: false }]
  const numbers = (from: number, to: number) => {
    const builder = new BatchBuilder(schemaOf(fields))
    for (let n = from; n < to; n++) builder.append([n])
    return builder.finish()
  }
  const take = (store: RowStore) =>
    store
      .snapshot('x-')
      .map(({ name, version, bytes }) => ({ name, version, bytes: bytes.slice() }))

  test('a full chunk is not written again, a death changes only the weights beside it', () => {
    const store = new RowStore(schemaOf(fields), 1)
    store.append(numbers(0, 70_000), null, 70_000, null)
    const first = new Map(take(store).map((s) => [s.name, s.version]))
    expect([...first.keys()]).toEqual(['x-rows-0', 'x-rows-1', 'x-rows-2'])
    store.append(numbers(70_000, 70_100), null, 100, null)
    store.kill(5)
    const second = new Map(take(store).map((s) => [s.name, s.version]))
    expect([...second.keys()].sort()).toEqual(['x-rows-0', 'x-rows-1', 'x-rows-2', 'x-weights-0'])
    expect(second.get('x-rows-0')).toBe(first.get('x-rows-0'))
    expect(second.get('x-rows-1')).toBe(first.get('x-rows-1'))
    expect(second.get('x-rows-2')).not.toBe(first.get('x-rows-2'))
  })

  test('restoring gives the same slots, weights, numbers and versions', () => {
    const store = new RowStore(schemaOf(fields), 1)
    store.append(numbers(0, 40_000), null, 40_000, null)
    store.kill(39_999)
    store.weights[7] = 3
    store.counts[7] = 9
    store.touch(7)
    const again = new RowStore(schemaOf(fields), 1)
    again.restore('x-', take(store))
    expect([again.count, again.live]).toEqual([40_000, 39_999])
    expect([again.weights[7], again.counts[7], again.weights[39_999]]).toEqual([3, 9, 0])
    expect(rowsOf(again.view.slice(39_990, 40_000))).toEqual(rowsOf(numbers(39_990, 40_000)))
    expect(take(again)).toEqual(take(store))
    again.kill(0)
    const versions = (s: RowStore) => take(s).map(({ name, version }) => `${name} ${version}`)
    expect(versions(again)).not.toEqual(versions(store))
  })

  test('bytes that are read later are those of the moment of the snapshot', () => {
    const store = new RowStore(schemaOf(fields))
    store.append(numbers(0, 3000), null, 3000, null)
    const sections = store.snapshot('x-')
    store.append(numbers(3000, 6000), null, 3000, null)
    for (let slot = 0; slot < 5000; slot++) store.kill(slot)
    store.sweep()
    const again = new RowStore(schemaOf(fields))
    again.restore('x-', sections)
    expect(rowsOf(again.view)).toEqual(rowsOf(numbers(0, 3000)))
  })
})
