/** Sessions of rows that are taken back again: they grow, join and split, and are those of the rows
 *  that are there, whatever the cuts, the order of the splits and the restarts. */

import { expect, test } from 'vitest'
import { random } from '../../engine/base/random.ts'
import { catalogOf, type Epoch, inEpochs, planOf, Running } from '../property/law2/run.ts'
import { currentRows, type RandomTable, randomHistory } from '../property/law2/tables.ts'
import { seedOf } from '../seed.ts'

const CASES = process.env.MILLRACE_LONG === '1' ? 2000 : 60
const GAP_US = 3_000_000

const table = (kind: 'changes' | 'keyed'): RandomTable => ({
  ...{ name: 't', kind, timed: true, shrinks: true, latenessS: 0 },
  columns: [
    { name: 'id', kind: 'int' },
    { name: 'ts', kind: 'time' },
    { name: 'k', kind: 'int' },
    { name: 'v', kind: 'int' },
  ],
})

interface Session {
  readonly start: number
  readonly end: number
  readonly ids: readonly unknown[]
}

/** Of rows (id, ts, k, v): the sessions by `k`, or of all. */
function sessionsOf(rows: readonly (readonly unknown[])[], keyed: boolean) {
  const sessions: Session[] = []
  const keys = new Set(rows.map((row) => (keyed ? row[2] : 0)))
  for (const key of keys) {
    const own = rows.filter((row) => !keyed || row[2] === key).sort((a, b) => +a[1]! - +b[1]!)
    let open: { start: number; end: number; ids: unknown[] } | undefined
    for (const [id, ts] of own) {
      if (open === undefined || Number(ts) > open.end) {
        open = { start: Number(ts), end: 0, ids: [] }
        sessions.push(open)
      }
      open.end = Number(ts) + GAP_US
      open.ids.push(id)
    }
  }
  return sessions
}

const GAP = "INTERVAL '3' SECOND"
const QUERIES = {
  aggregate: (by: string) =>
    `SELECT window_start, window_end, COUNT(*) AS c, SUM(id) AS s FROM TABLE(SESSION(TABLE t${by && ` PARTITION BY ${by}`}, DESCRIPTOR(ts), ${GAP})) GROUP BY window_start, window_end${by && `, ${by}`}`,
  calls: (by: string) =>
    `SELECT SESSION_START(ts, ${GAP}) AS a, SESSION_END(ts, ${GAP}) AS b, COUNT(*) AS c, SUM(id) AS s FROM t GROUP BY SESSION(ts, ${GAP})${by && `, ${by}`}`,
  rows: (by: string) =>
    `SELECT window_start, window_end, id FROM TABLE(SESSION(TABLE t${by && ` PARTITION BY ${by}`}, DESCRIPTOR(ts), ${GAP}))`,
}

const textOf = (row: readonly unknown[]): string => row.map(String).join(' ')

function expected(rows: readonly (readonly unknown[])[], query: string, keyed: boolean): string[] {
  const sessions = sessionsOf(rows, keyed)
  const texts =
    query === 'rows'
      ? sessions.flatMap(({ start, end, ids }) => ids.map((id) => textOf([start, end, id])))
      : sessions.map(({ start, end, ids }) =>
          textOf([start, end, ids.length, ids.reduce((sum: number, id) => sum + Number(id), 0)]),
        )
  return texts.sort()
}

test.each(['changes', 'keyed'] as const)('sessions of a table of kind %s', (kind) => {
  const first = seedOf(`sessions ${kind}`)
  for (let seed = first; seed < first + CASES; seed++) {
    const r = random(seed)
    const tables = [table(kind)]
    const catalog = catalogOf(tables)
    const history = randomHistory(r, tables)
    const query = (['aggregate', 'calls', 'rows'] as const)[r.below(3)]
    const keyed = r.below(2) === 0
    const speaks = query !== 'rows' && r.below(2) === 0
    const sql = `${QUERIES[query](keyed ? 'k' : '')}${speaks ? ' EMIT CHANGES' : ''}`
    const running = new Running(planOf(sql, catalog, true), { r, tables, catalog })
    const epochs = inEpochs(r, history)
    const before: (typeof history)[0] = []
    const check = (when: string) => {
      const rows = currentRows(tables[0], before)
      const found = running.rows().map(textOf).sort()
      expect(found, `seed ${seed}, ${when}: ${sql}`).toEqual(expected(rows, query, keyed))
    }
    epochs.forEach((epoch: Epoch, e) => {
      running.epoch(epoch)
      before.push(...epoch.events[0])
      if (speaks) check(`epoch ${e}`)
    })
    running.end()
    check('end')
  }
})
