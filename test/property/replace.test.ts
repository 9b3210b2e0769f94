/** A query in the place of another: whatever state it takes over, its result is that of the new
 *  query over the whole input, also over kills and restarts. */

import { afterAll, expect, it } from 'vitest'
import { type Random, random } from '../../engine/base/random.ts'
import type { RowsResult } from '../../server/statement-result.ts'
import { seedOf } from '../seed.ts'
import { rowLines } from '../slt/runner/answers.ts'
import { Life } from '../slt/runner/life.ts'
import { settle } from '../slt/runner/settle.ts'
import { Follower } from '../slt/runner/twins.ts'

const TABLES = `CREATE TABLE t (k STRING, v INT);
  CREATE TABLE u (k STRING, w INT, PRIMARY KEY (k) NOT ENFORCED);
  CREATE TABLE s (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)`

const COUNTS = 'SELECT k, COUNT(*) AS n, SUM(v) AS s FROM t GROUP BY k'
const TOP = 'SELECT k, v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS r FROM t'
const JOINED = 'SELECT t.k, t.v, u.w FROM t LEFT JOIN u ON t.k = u.k'
const HOURS = `SELECT k, window_start AS ws, COUNT(*) AS n
  FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start, window_end`

/** Families of queries that share parts. */
const FAMILIES: readonly (readonly string[])[] = [
  [
    COUNTS,
    `${COUNTS} HAVING COUNT(*) > 2`,
    `SELECT k, n * 10 AS m FROM (${COUNTS}) AS c WHERE s > 0`,
    `SELECT c.k, c.n, u.w FROM (${COUNTS}) AS c JOIN u ON c.k = u.k`,
    `SELECT MAX(n) AS most FROM (${COUNTS}) AS c`,
    `SELECT a.k FROM (${COUNTS}) AS a
      JOIN (SELECT MAX(n) AS most FROM (${COUNTS}) AS c) AS b ON a.n = b.most`,
    `SELECT k, n FROM (${COUNTS}) AS c UNION ALL SELECT k, w FROM u`,
    `SELECT k FROM (${COUNTS}) AS c WHERE n > 1 EXCEPT SELECT k FROM u`,
    `SELECT k FROM (${COUNTS}) AS c WHERE n > 1 EXCEPT SELECT k FROM u UNION ALL SELECT 'always'`,
  ],
  ['SELECT DISTINCT k FROM t', "SELECT k || '!' AS k FROM (SELECT DISTINCT k FROM t) AS d"],
  [
    `SELECT k, v FROM (${TOP}) AS r WHERE r <= 2`,
    `SELECT k, v + 1 AS v FROM (${TOP}) AS r WHERE r <= 2 AND v > 0`,
    `SELECT k, SUM(v) AS v FROM (SELECT k, v FROM (${TOP}) AS r WHERE r <= 2) AS x GROUP BY k`,
    `SELECT k, v FROM (${TOP}) AS r WHERE r <= 1`,
    `SELECT k, v * v AS v FROM (${TOP}) AS r WHERE r <= 1`,
  ],
  [
    JOINED,
    `SELECT k, COUNT(*) AS n, SUM(w) AS w FROM (${JOINED}) AS j GROUP BY k`,
    `SELECT k, v FROM (${JOINED}) AS j WHERE w IS NULL`,
    'SELECT t.k, t.v, u.w FROM t JOIN u ON t.k = u.k',
    'SELECT t.k, t.v + u.w AS x FROM t JOIN u ON t.k = u.k',
  ],
  [
    'SELECT * FROM u',
    'SELECT w, COUNT(*) AS n FROM u GROUP BY w',
    'SELECT k, w FROM u WHERE w > 2',
  ],
  [
    'SELECT COUNT(*) AS n FROM t',
    'SELECT n, n + 1 AS m FROM (SELECT COUNT(*) AS n FROM t) AS c',
    'SELECT k, v FROM t WHERE v > 2',
  ],
  [
    HOURS,
    `SELECT k, SUM(n) AS n FROM (${HOURS}) AS h GROUP BY k`,
    `SELECT k, n + 1 AS n FROM (SELECT k, SUM(n) AS n FROM (${HOURS}) AS h GROUP BY k) AS g`,
  ],
]

const KEYS = ['a', 'b', 'c', 'd', 'e']

/** Replacements that took state over. */
let kept = 0

class Session {
  readonly #random: Random
  readonly life: Life
  #family = FAMILIES[0]
  #sql = COUNTS
  #clock = 0

  constructor(life: Life, seed: number) {
    this.life = life
    this.#random = random(seed)
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)]
  }

  async begin(): Promise<void> {
    await this.life.db.execute(`${TABLES}; CREATE MATERIALIZED VIEW m AS ${this.#sql}`)
  }

  async step(): Promise<void> {
    const dice = this.#random.below(10)
    if (dice < 4) await this.#push()
    else if (dice < 8) await this.#replace()
    else if (dice < 9) await this.life.kill()
    else await this.life.restart()
  }

  async #push(): Promise<void> {
    const { db } = this.life
    const rows = (make: (k: string) => string) =>
      Array.from({ length: 1 + this.#random.below(5) }, () => make(this.#pick(KEYS))).join(', ')
    const number = () => this.#random.below(9) - 2
    const moment = () => {
      this.#clock += this.#random.below(40)
      return `TIMESTAMP '2024-01-01 ${String(Math.floor(this.#clock / 60) % 24).padStart(2, '0')}:${String(this.#clock % 60).padStart(2, '0')}:00'`
    }
    await db.execute(
      this.#pick([
        `INSERT INTO t VALUES ${rows((k) => `('${k}', ${number()})`)}`,
        `INSERT INTO u VALUES ${rows((k) => `('${k}', ${number()})`)}`,
        `INSERT INTO s VALUES ${rows((k) => `('${k}', ${number()}, ${moment()})`)}`,
        `DELETE FROM u WHERE k = '${this.#pick(KEYS)}'`,
      ]),
    )
  }

  async #replace(): Promise<void> {
    const { db } = this.life
    if (this.#random.below(4) === 0) this.#family = this.#pick(FAMILIES)
    this.#sql = this.#pick(this.#family)
    await db.execute("SET 'millrace.replace-state' = 'drop'")
    const verb = this.#pick([
      'CREATE OR REPLACE MATERIALIZED VIEW m AS',
      'ALTER MATERIALIZED VIEW m AS',
    ])
    const [result] = await db.execute(`${verb} ${this.#sql}`)
    if (result.kind !== 'ok') throw new Error('no message')
    if (result.message.includes('with the state')) kept++
  }

  async check(): Promise<void> {
    const { db } = this.life
    await settle(db)
    const linesOf = async (sql: string) => {
      const [result] = await db.execute(sql)
      return rowLines((result as RowsResult).batches).sort()
    }
    const [found, wanted] = [await linesOf('SELECT * FROM m'), await linesOf(this.#sql)]
    // A window says nothing before it is over; a bounded query ends all of them.
    if (this.#sql.includes('TUMBLE')) return
    expect(found, this.#sql).toEqual(wanted)
    expect(new Follower('m').rows(db), this.#sql).toEqual(wanted)
  }

  /** All windows close: now those can be compared as well. */
  async end(): Promise<void> {
    for (const name of ['t', 'u', 's']) await this.life.db.endStream(name)
    await settle(this.life.db)
    const [found, wanted] = await Promise.all(
      ['SELECT * FROM m', this.#sql].map(async (sql) => {
        const [result] = await this.life.db.execute(sql)
        return rowLines((result as RowsResult).batches).sort()
      }),
    )
    expect(found, this.#sql).toEqual(wanted)
  }
}

const [ROUNDS, STEPS] = process.env.MILLRACE_LONG ? [200, 40] : [8, 25]
const first = seedOf('replace')

it.each(Array.from({ length: ROUNDS }, (_, i) => first + i))(
  'seed %d (replay: MILLRACE_SEED=… npx vitest run test/property/replace.test.ts)',
  async (seed) => {
    const life = await Life.begin({ seed, checkpointIntervalMs: 1 + (seed % 20) })
    try {
      const session = new Session(life, seed)
      await session.begin()
      for (let step = 0; step < STEPS; step++) {
        await session.step()
        await session.check()
      }
      await session.end()
    } finally {
      await life.end()
    }
  },
)

afterAll(() => expect(kept).toBeGreaterThan(ROUNDS))
