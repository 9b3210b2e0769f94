/** Law 1 of temporal joins: whatever their right side is made of, what a row meets does not depend
 *  on where epochs end. Against the version by hand. */

import { describe, expect, it } from 'vitest'
import { type Random, random } from '../../engine/base/random.ts'
import type { Value } from '../../engine/expr/ir.ts'
import { seedOf } from '../seed.ts'
import { driveQuery, SECOND_US, T0 } from './query-drive.ts'

const DDL = `
  CREATE TABLE o (id INT NOT NULL, k STRING, region INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
  CREATE TABLE s (k STRING NOT NULL, rate INT, region INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts);
  CREATE TABLE keyed (k STRING NOT NULL, rate INT, region INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts,
    PRIMARY KEY (k) NOT ENFORCED);
  CREATE VIEW latest AS SELECT k, rate, region, ts FROM s
    QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) = 1;
  CREATE VIEW numbered AS SELECT * FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM s) WHERE rn <= 1;
  CREATE VIEW dear AS SELECT k, ts, rate + 0 AS rate FROM latest WHERE rate > 40 AND region <> 2;
  CREATE VIEW dear_keyed AS SELECT k, ts, rate FROM keyed WHERE rate > 40 AND region <> 2;
  CREATE VIEW posted AS SELECT * FROM s WHERE rate > 40 AND region <> 2;`

interface Version {
  readonly k: string
  readonly rate: number
  readonly region: number
  readonly time: number
}

type Keep = (version: Version) => boolean
const isDear: Keep = ({ rate, region }) => rate > 40 && region !== 2

/** How each right side is read: which rows are versions, and which versions are seen. */
const SIDES: Readonly<Record<string, { table: 's' | 'keyed'; is?: Keep; seen?: Keep }>> = {
  s: { table: 's' },
  keyed: { table: 'keyed' },
  latest: { table: 's' },
  numbered: { table: 's' },
  dear: { table: 's', seen: isDear },
  dear_keyed: { table: 'keyed', seen: isDear },
  posted: { table: 's', is: isDear },
}

const KEYS = ['a', 'b', 'c']

function randomVersions(r: Random): Version[] {
  // No two at one moment: which of them counts is another test's question.
  return Array.from({ length: 25 }, (_, i) => ({
    k: KEYS[r.below(3)],
    rate: r.below(100),
    region: r.below(3),
    time: i * 4 + r.below(4),
  }))
}

/** Cuts a list at random. */
function cuts<T>(r: Random, list: readonly T[]): T[][] {
  const parts: T[][] = []
  for (let from = 0; from < list.length; ) {
    const to = Math.min(list.length, from + 1 + r.below(r.below(4) === 0 ? 12 : 4))
    parts.push(list.slice(from, to))
    from = to
  }
  return parts
}

function runCase(name: string, seed: number): void {
  const { table, is = () => true, seen = () => true } = SIDES[name]
  const r = random(seed)
  const versions = randomVersions(r)
  const orders = Array.from({ length: 25 }, (_, id) => ({
    id,
    k: r.below(6) === 0 ? null : [...KEYS, 'd'][r.below(4)],
    region: r.below(3),
    time: id * 4 + r.below(4),
  }))
  const byRegion = r.below(3) === 0 && name !== 'dear' && name !== 'dear_keyed'
  const on = byRegion ? 'o.k = r.k AND o.region = r.region' : 'o.k = r.k'
  const query = driveQuery(
    DDL,
    `SELECT o.id, r.rate FROM o LEFT JOIN ${name} FOR SYSTEM_TIME AS OF o.ts AS r ON ${on}`,
  )
  const us = (time: number) => T0 + time * SECOND_US
  const sides = [
    cuts(r, orders).map((part) => ({
      table: 'o',
      rows: part.map(({ id, k, region, time }): Value[] => [id, k, region, us(time)]),
    })),
    cuts(r, versions).map((part) => ({
      table,
      rows: part.map(({ k, rate, region, time }): Value[] => [k, rate, region, us(time)]),
    })),
  ]
  const at = [0, 0]
  while (at[0] < sides[0].length || at[1] < sides[1].length) {
    const side = at[0] >= sides[0].length ? 1 : at[1] >= sides[1].length ? 0 : r.below(2)
    const { table: name, rows } = sides[side][at[side]++]
    const mark = Number(rows.at(-1)!.at(-1))
    query.epoch({ rows: { [name]: rows }, marks: { [name]: mark } })
    if (r.below(8) === 0) query.restart()
  }
  query.end()
  const expected = orders.map(({ id, k, region, time }) => {
    const own = (version: Version) => version.k === k && version.time <= time && is(version)
    // A stream is told apart by all that the join is on, a key by itself.
    const keyed = name !== 's' && name !== 'posted'
    const same = (version: Version) => !byRegion || version.region === region
    const last = versions.filter((v) => own(v) && (keyed || same(v))).at(-1)
    const found = last !== undefined && seen(last) && same(last)
    return `${id} | ${found ? last.rate : 'NULL'}`
  })
  expect(query.rows(), `seed ${seed}`).toEqual(expected.sort())
  expect(query.lateRows).toBe(0)
}

describe('wherever epochs end, a row meets the version of its time', () => {
  it.each(Object.keys(SIDES))('%s', (name) => {
    const first = seedOf(`temporal versions ${name}`)
    const count = process.env.MILLRACE_LONG === undefined ? 25 : 1500
    for (let seed = first; seed < first + count; seed++) runCase(name, seed)
  })
})

it('of equal times the first row counts, as in the view itself', () => {
  const query = driveQuery(
    DDL,
    'SELECT o.id, r.rate FROM o JOIN latest FOR SYSTEM_TIME AS OF o.ts AS r ON o.k = r.k',
  )
  const at = (second: number) => T0 + second * SECOND_US
  query.epoch({
    rows: {
      s: [
        ['a', 1, 0, at(1)],
        ['a', 2, 0, at(1)],
      ],
    },
    marks: { s: at(1) },
  })
  query.restart()
  query.epoch({ rows: { o: [[1, 'a', 0, at(2)]] } })
  query.end()
  expect(query.rows()).toEqual(['1 | 1'])
  // It was not late, only second.
  expect(query.lateRows).toBe(0)
})

describe('refuses', () => {
  const refused =
    (right: string, on = 'o.k = r.k') =>
    () =>
      driveQuery(
        `${DDL}
       CREATE VIEW top2 AS SELECT * FROM s QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) <= 2;
       CREATE VIEW latest2 AS SELECT * FROM s
         QUALIFY ROW_NUMBER() OVER (PARTITION BY k, region ORDER BY ts DESC) = 1;`,
        `SELECT o.id FROM o JOIN ${right} FOR SYSTEM_TIME AS OF o.ts AS r ON ${on}`,
      )

  it('rows of which only the sum of an epoch is known', () => {
    expect(refused('top2')).toThrow('over rows that change')
  })

  it('an equality on a part of the key', () => {
    expect(refused('latest2')).toThrow('on less than the key')
    expect(refused('keyed', 'o.region = r.region')).toThrow('on less than the key')
    expect(refused('latest2', 'o.k = r.k AND o.region = r.region')).not.toThrow()
  })
})
