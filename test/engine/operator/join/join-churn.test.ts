/** Joins whose rows and keys come and go by the thousands: sweeps of rows and of keys, restarts in
 *  between, and what the state takes in the end. */

import { describe, expect, test } from 'vitest'
import { type Random, random } from '../../../../engine/base/random.ts'
import type { Batch } from '../../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../../engine/batch/builder.ts'
import { rowsOf } from '../../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../../engine/batch/schema.ts'
import { BIGINT, TIMESTAMP, VARCHAR } from '../../../../engine/batch/types.ts'
import type { Expr } from '../../../../engine/expr/ir.ts'
import type { JoinKind, JoinNode } from '../../../../engine/operator/nodes.ts'
import { driveTwo } from './join-drive.ts'

const FIELDS: readonly Field[] = [
  { name: 'k', type: VARCHAR, nullable: true },
  { name: 'v', type: BIGINT, nullable: true },
  { name: 't', type: TIMESTAMP, nullable: true },
]
const KEY: Expr = { kind: 'column', index: 0, ...FIELDS[0] }

const node = (join: JoinKind, interval?: JoinNode['interval']): JoinNode => ({
  join,
  leftKeys: [KEY],
  rightKeys: [KEY],
  nullSafe: [false],
  nullAware: false,
  interval,
  fields: join === 'anti' || join === 'semi' ? FIELDS : [...FIELDS, ...FIELDS],
})

type Row = readonly [key: string, value: number]

function batchOf(rows: readonly Row[], weight: number, timeUs = 0): Batch {
  const builder = new BatchBuilder(schemaOf(FIELDS))
  for (const [key, value] of rows) builder.append([key, value, timeUs], weight)
  return builder.finish()
}

const textOf = (left: Row | null, right: Row | null) =>
  [...(left ?? ['', '']), ...(right ?? ['', ''])].join('|')

/** What a full join says of these rows. */
function fullJoin(left: readonly Row[], right: readonly Row[]): Map<string, number> {
  const sums = new Map<string, number>()
  const add = (text: string) => sums.set(text, (sums.get(text) ?? 0) + 1)
  const byKey = new Map<string, Row[]>()
  for (const row of right) byKey.set(row[0], [...(byKey.get(row[0]) ?? []), row])
  const met = new Set<string>()
  for (const row of left) {
    met.add(row[0])
    for (const partner of byKey.get(row[0]) ?? [null]) add(textOf(row, partner))
  }
  for (const row of right) if (!met.has(row[0])) add(textOf(null, row))
  return sums
}

describe('an updating full join with keys that move on', () => {
  test('equals the join by hand through sweeps and restarts', () => {
    const r = random(21)
    let drive = driveTwo('join', node('full'), [FIELDS, FIELDS], {
      changelog: [true, true],
      batchRowsMax: 512,
    })
    const sides: Row[][] = [[], []]
    const sums = new Map<string, number>()
    for (let epoch = 0; epoch < 60; epoch++) {
      for (const input of [0, 1]) change(sides, input, epoch, r, (b) => drive.feed(input, b))
      for (const batch of drive.epochBatches()) {
        rowsOf(batch).forEach(([lk, lv, , rk, rv], i) => {
          const text = [lk, lv, rk, rv].join('|')
          const sum = (sums.get(text) ?? 0) + batch.weights![i]
          if (sum === 0) sums.delete(text)
          else sums.set(text, sum)
        })
      }
      if (epoch % 20 === 7) drive = drive.restarted()
      if (epoch % 10 === 9) {
        expect([...sums].sort()).toEqual([...fullJoin(sides[0], sides[1])].sort())
      }
    }
    const size = drive.operator.stateSize()
    expect(size.rows).toBe(new Set(sides[0].map(String)).size + new Set(sides[1].map(String)).size)
    expect(size.bytes).toBeLessThan(3_000_000)
  })
})

/** Some new rows with keys of this epoch's range, and the old ones leave. */
function change(
  sides: Row[][],
  input: number,
  epoch: number,
  r: Random,
  feed: (batch: Batch) => void,
): void {
  const fresh = Array.from(
    { length: 300 },
    (): Row => [`key number ${epoch * 150 + r.below(400)}`, r.below(3)],
  )
  const cut = Math.max(0, sides[input].length - 600)
  const gone = sides[input].slice(0, cut)
  sides[input] = [...sides[input].slice(cut), ...fresh]
  feed(batchOf(fresh, 1))
  if (gone.length > 0) feed(batchOf(gone, -1))
}

describe('append-only joins within a moving time', () => {
  for (const join of ['inner', 'left', 'anti'] as const) {
    test(`${join}: the state is flat, keys included`, () => {
      const interval = { leftTime: 2, rightTime: 2, lowerUs: 0, upperUs: 0 }
      let drive = driveTwo('join', node(join, interval), [FIELDS, FIELDS], { batchRowsMax: 512 })
      const sizes: number[] = []
      let told = 0
      for (let epoch = 0; epoch < 120; epoch++) {
        const rows = Array.from(
          { length: 200 },
          (_, i): Row => [`key number ${epoch * 200 + i}`, i],
        )
        const plain = (batch: Batch) => batch.withoutWeights()
        drive.feed(0, plain(batchOf(rows, 1, epoch)))
        drive.feed(1, plain(batchOf(rows.slice(0, 50), 1, epoch)))
        drive.watermark(0, epoch)
        drive.watermark(1, epoch)
        for (const batch of drive.epochBatches()) told += batch.rowCount
        expect(drive.operator.stateSize().rows).toBeLessThan(600)
        if (epoch % 30 === 15) drive = drive.restarted()
        if (epoch >= 60) sizes.push(drive.operator.stateSize().bytes)
      }
      drive.watermark(1, Infinity)
      for (const batch of drive.epochBatches()) told += batch.rowCount
      expect(told).toBe(120 * { inner: 50, left: 200, anti: 150 }[join])
      expect(Math.max(...sizes)).toBeLessThan(2_500_000)
    })
  }
})

test('a hot key with half of the rows, and one with many matches, come in bounded batches', () => {
  const drive = driveTwo('join', node('full'), [FIELDS, FIELDS], {
    changelog: [true, true],
    batchRowsMax: 512,
  })
  const rows = Array.from({ length: 20_000 }, (_, i): Row => [i % 2 === 0 ? 'hot' : `k${i}`, i])
  for (let at = 0; at < rows.length; at += 500) drive.feed(0, batchOf(rows.slice(at, at + 500), 1))
  const count = () => drive.epochBatches().reduce((sum, batch) => sum + batch.rowCount, 0)
  expect(count()).toBe(20_000)
  drive.feed(1, batchOf([['hot', 1]], 1))
  expect(count()).toBe(20_000)
  drive.feed(1, batchOf([['hot', 2]], 1))
  expect(count()).toBe(10_000)
  drive.feed(1, batchOf([['hot', 1]], -1))
  expect(count()).toBe(10_000)
  for (let at = 0; at < rows.length; at += 500) drive.feed(0, batchOf(rows.slice(at, at + 500), -1))
  // The pairs, the others, and the right row that is alone now.
  expect(count()).toBe(20_001)
  expect(drive.operator.stateSize().rows).toBe(1)
})
