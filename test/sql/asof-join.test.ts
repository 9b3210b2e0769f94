/** Laws 1 to 3 of ASOF JOIN: random rows and retractions, disorder, NULLs, equal values, cuts and
 *  restarts, beside DuckDB's ASOF JOIN. */

import { DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Random, random } from '../../engine/base/random.ts'
import type { Value } from '../../engine/expr/ir.ts'
import { seedOf } from '../seed.ts'
import { driveQuery, SECOND_US, T0, textOf } from './query-drive.ts'

const CHANGES = "WITH ('format' = 'changelog-json')"
const DDL = `
  CREATE TABLE a (id INT, k INT, v INT);
  CREATE TABLE b (k INT, v INT, w INT);
  CREATE TABLE ca (id INT, k INT, v INT) ${CHANGES};
  CREATE TABLE cb (k INT, v INT, w INT) ${CHANGES};
  CREATE TABLE ta (id INT, k INT, v TIMESTAMP(3), WATERMARK FOR v AS v - INTERVAL '5' SECOND);
  CREATE TABLE tb (k INT, v TIMESTAMP(3), w INT, WATERMARK FOR v AS v - INTERVAL '5' SECOND);
  CREATE TABLE cta (id INT, k INT, v TIMESTAMP(3), WATERMARK FOR v AS v - INTERVAL '5' SECOND) ${CHANGES};
  CREATE TABLE ctb (k INT, v TIMESTAMP(3), w INT, WATERMARK FOR v AS v - INTERVAL '5' SECOND) ${CHANGES};`

let duckdb: (rows: readonly [Row[], Row[]], on: string, kind: string) => Promise<string[]>

beforeAll(async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run('CREATE TABLE a (id INT, k INT, v BIGINT)')
  await connection.run('CREATE TABLE b (k INT, v BIGINT, w INT)')
  const fill = async (table: string, rows: readonly Row[]) => {
    await connection.run(`DELETE FROM ${table}`)
    const values = rows.map((row) => `(${row.map((v) => (v === null ? 'NULL' : v)).join(', ')})`)
    if (values.length > 0) await connection.run(`INSERT INTO ${table} VALUES ${values.join(', ')}`)
  }
  duckdb = async ([left, right], on, kind) => {
    await fill('a', left)
    await fill('b', right)
    // Of rows with equal values we take the greatest, DuckDB any; and it gives some rows whose value
    // is NULL a match.
    const reader = await connection.runAndReadAll(
      `SELECT a.id, b.v, b.w FROM (SELECT * FROM a WHERE v IS NOT NULL) AS a ASOF ${kind} JOIN
         (SELECT k, v, MAX(w) AS w FROM b GROUP BY k, v) AS b ON ${on}
       UNION ALL SELECT id, NULL, NULL FROM a WHERE v IS NULL AND ${kind === 'LEFT'}`,
    )
    return reader
      .getRows()
      .map((row) => row.map(textOf).join(' | '))
      .sort()
  }
})

type Row = readonly (number | null)[]

interface Shape {
  readonly tables: readonly [string, string]
  /** Values are times, in seconds. */
  readonly timed: boolean
  /** Rows are also taken back. */
  readonly changes: readonly [boolean, boolean]
  /** Each left row comes once, when the watermarks have passed. */
  readonly final: boolean
}

const SHAPES: Readonly<Record<string, Shape>> = {
  'append-only': { tables: ['a', 'b'], timed: false, changes: [false, false], final: false },
  'right side updated': { tables: ['a', 'cb'], timed: false, changes: [false, true], final: false },
  'both updated': { tables: ['ca', 'cb'], timed: false, changes: [true, true], final: false },
  'append-only by time': {
    tables: ['ta', 'tb'],
    timed: true,
    changes: [false, false],
    final: true,
  },
  'updated by time': { tables: ['cta', 'ctb'], timed: true, changes: [true, true], final: false },
  'left by time, right updated': {
    tables: ['ta', 'ctb'],
    timed: true,
    changes: [false, true],
    final: false,
  },
}

const keyOf = (r: Random) => (r.below(7) === 0 ? null : r.below(3))
const without = (rows: readonly Row[], at: number) => rows.filter((_, i) => i !== at)

async function runCase(shape: Shape, seed: number): Promise<void> {
  const r = random(seed)
  const { tables, timed, changes, final } = shape
  const comparison = ['>=', '>', '<=', '<'][r.below(4)]
  const kind = r.below(2) === 0 ? 'LEFT' : ''
  const on =
    r.below(3) === 0 ? `a.v ${comparison} b.v AND b.k = a.k` : `a.k = b.k AND a.v ${comparison} b.v`
  const [left, right] = tables
  const query = driveQuery(
    DDL,
    `SELECT a.id, b.v, b.w FROM ${left} AS a ASOF ${kind} JOIN ${right} AS b ON ${on}`,
    { batchRowsMax: 1 + r.below(9) },
  )
  // Time goes on, rows come up to 5 s late.
  let now = 10
  const marks = [0, 0]
  const value = (side: number) =>
    r.below(9) === 0 ? null : timed ? Math.max(marks[side], now - r.below(6)) : r.below(12)
  const stored = (v: number | null): Value => (timed && v !== null ? T0 + v * SECOND_US : v)
  const here: [Row[], Row[]] = [[], []]
  let id = 0
  const epochs = 4 + r.below(10)
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rows: [Value[][], Value[][]] = [[], []]
    const weights: [number[], number[]] = [[], []]
    for (let n = r.below(10); n > 0; n--) {
      now += r.below(3)
      const side = r.below(2)
      const own = here[side]
      const at = r.below(own.length + 1)
      const old = own[at]
      // What the watermark has passed is not taken back.
      const place = side === 0 ? 2 : 1
      const isOpen =
        old !== undefined && (!timed || old[place] === null || old[place] >= marks[side])
      const isBack = changes[side] && r.below(3) === 0 && isOpen
      const row: Row = isBack
        ? old
        : side === 0
          ? [r.below(8) === 0 ? id : ++id, keyOf(r), value(side)]
          : [keyOf(r), value(side), r.below(4)]
      here[side] = isBack ? without(own, at) : [...own, row]
      rows[side].push(row.map((v, c) => (c === place ? stored(v) : v)))
      weights[side].push(isBack ? -1 : 1)
    }
    for (const side of [0, 1]) {
      if (timed && r.below(2) === 0) marks[side] = Math.max(marks[side], now - 5)
    }
    query.epoch({
      rows: { [left]: rows[0], [right]: rows[1] },
      weights: { [left]: weights[0], [right]: weights[1] },
      marks: timed ? { [left]: T0 + marks[0] * SECOND_US, [right]: T0 + marks[1] * SECOND_US } : {},
    })
    if (!final)
      expect(inSeconds(query.rows(), timed), `seed ${seed}`).toEqual(await duckdb(here, on, kind))
    if (r.below(5) === 0) query.restart()
  }
  query.end()
  expect(inSeconds(query.rows(), timed), `seed ${seed}`).toEqual(await duckdb(here, on, kind))
  expect(query.lateRows).toBe(0)
  if (timed) expect(query.stateSize().rows, `seed ${seed}`).toBe(0)
}

const inSeconds = (rows: readonly string[], timed: boolean): string[] =>
  rows
    .map((row) => {
      const [id, v, w] = row.split(' | ')
      return `${id} | ${timed && v !== 'NULL' ? (Number(v) - T0) / SECOND_US : v} | ${w}`
    })
    .sort()

describe('equals DuckDB', () => {
  it.each(Object.keys(SHAPES))('%s', { timeout: 600_000 }, async (name) => {
    const first = seedOf(`asof ${name}`)
    const count = process.env.MILLRACE_LONG === undefined ? 15 : 1500
    for (let seed = first; seed < first + count; seed++) await runCase(SHAPES[name], seed)
  })
})

describe('by event time', () => {
  const at = (second: number) => T0 + second * SECOND_US
  const timed = (on: string) =>
    driveQuery(DDL, `SELECT a.id, b.w FROM ta AS a ASOF LEFT JOIN tb AS b ON a.k = b.k AND ${on}`)

  it.each(['a.v >= b.v', 'a.v < b.v'])('%s: state stays flat', (on) => {
    const query = timed(on)
    for (let n = 1; n <= 3000; n++) {
      const marks = { ta: at(n - 1), tb: at(n - 1) }
      query.epoch({ rows: { ta: [[n, n % 3, at(n)]], tb: [[n % 3, at(n), n]] }, marks })
      expect(query.stateSize().rows).toBeLessThan(20)
    }
    expect(query.stateSize().bytes).toBeLessThan(1_000_000)
  })

  it('a row waits for both watermarks, a late row is left out', () => {
    const query = timed('a.v <= b.v')
    query.epoch({ rows: { ta: [[1, 1, at(5)]], tb: [[1, at(9), 90]] }, marks: { ta: at(20) } })
    query.epoch({ marks: { tb: at(9) } })
    expect(query.rows()).toEqual([])
    query.epoch({ rows: { tb: [[1, at(8), 80]] }, marks: { tb: at(10) } })
    expect(query.lateRows).toBe(1)
    expect(query.rows()).toEqual(['1 | 90'])
    query.epoch({ rows: { ta: [[2, 1, at(19)]] } })
    expect(query.lateRows).toBe(2)
  })
})

describe('the text', () => {
  const plan = (from: string) => () => driveQuery(DDL, `SELECT a.id FROM ${from}`).plan
  const joinOf = (from: string) => {
    const { root } = plan(from)()
    const joins = JSON.stringify(root).match(/"kind":"asof-join","node":\{"join":"(\w+)"/)
    return joins?.[1]
  }

  it('takes DuckDB and Snowflake spelling', () => {
    expect(joinOf('a ASOF JOIN b ON a.k = b.k AND a.v >= b.v')).toBe('inner')
    expect(joinOf('a ASOF LEFT OUTER JOIN b ON b.v < a.v')).toBe('left')
    // Snowflake keeps left rows without a match.
    expect(joinOf('a ASOF JOIN b MATCH_CONDITION (a.v >= b.v) ON a.k = b.k')).toBe('left')
    expect(joinOf('a ASOF JOIN b AS c MATCH_CONDITION (a.v > c.v)')).toBe('left')
    expect(joinOf('(a ASOF JOIN b ON a.v >= b.v) JOIN cb ON cb.k = a.k')).toBe('inner')
  })

  it('refuses what is no ASOF join, by name', () => {
    expect(plan('a ASOF JOIN b ON a.k = b.k')).toThrow('needs a comparison')
    expect(plan('a ASOF JOIN b ON a.v >= b.v AND a.id > b.w')).toThrow('one comparison')
    expect(plan('a ASOF JOIN b ON a.v >= b.v AND b.w = 1')).toThrow('nothing more')
    expect(plan('a ASOF JOIN b USING (k)')).toThrow('USING with ASOF JOIN')
    expect(plan('a ASOF JOIN b')).toThrow('no condition')
    expect(plan('a ASOF RIGHT JOIN b ON a.v >= b.v')).toThrow('ASOF RIGHT JOIN')
    expect(plan('a ASOF JOIN UNNEST(ARRAY[1]) AS u (x) ON a.v >= u.x')).toThrow('depends on')
  })
})
