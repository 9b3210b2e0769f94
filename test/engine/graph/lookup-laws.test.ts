/** Laws 1, 4 and 8 for lookups outside: whoever answers, when, and how often the server is killed,
 *  a row comes out once, with an answer that was given for it, and keeps it. */

import { describe, expect, test } from 'vitest'
import { sleep } from '../../../engine/base/clock.ts'
import { SqlError } from '../../../engine/base/errors.ts'
import { type Random, random } from '../../../engine/base/random.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import type { Value } from '../../../engine/expr/ir.ts'
import type { QueryPlan } from '../../../engine/plan/physical.ts'
import type { ConnectorSpec } from '../../../engine/source/connector-spec.ts'
import { LOOKUP_OPTIONS, type LookupConnector } from '../../../engine/source/lookup.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import {
  Catalog,
  defineTable,
  EMBEDDED_CONNECTORS,
  Planner,
  parseStatements,
} from '../../../sql/index.ts'
import { seedOf } from '../../seed.ts'
import { Producer, Subscriber, startEngine, temporaryFolder, until } from './harness.ts'
import { Lives } from './lives.ts'

const FAKE: ConnectorSpec = {
  name: 'fake',
  doc: 'Answers what it likes.',
  options: LOOKUP_OPTIONS,
  lookup: { keys: 'any' },
}
const CONNECTORS = new Map([...EMBEDDED_CONNECTORS, ['fake', FAKE] as const])

const DDL = `
  CREATE TABLE o (id INT NOT NULL, k INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND);
  CREATE TABLE ask (k INT NOT NULL, n INT, label STRING, twice AS n * 2)
    WITH ('connector' = 'fake', 'lookup.max-retries' = '50');
  CREATE TABLE kept (k INT NOT NULL, n INT, label STRING)
    WITH ('connector' = 'fake', 'lookup.max-retries' = '50', 'lookup.cache' = 'PARTIAL',
      'lookup.partial-cache.max-rows' = '4', 'lookup.partial-cache.expire-after-write' = '30 ms');
  CREATE TABLE down (k INT, n INT) WITH ('connector' = 'fake', 'lookup.max-retries' = '2');
  CREATE TABLE deaf (k INT, n INT)
    WITH ('connector' = 'fake', 'lookup.max-retries' = '0', 'lookup.timeout' = '20 ms');`

function catalogOf(): Catalog {
  const catalog = new Catalog()
  for (const statement of parseStatements(DDL)) {
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog, CONNECTORS)!)
  }
  return catalog
}

const CATALOG = catalogOf()
const ORDERS = (CATALOG.find('o') as { spec: TableSpec } | undefined)!.spec

function planOf(id: string, sql: string): QueryPlan {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') throw new Error('not a query')
  return new Planner(CATALOG).planQuery(statement, 'continuous', { id, name: id }).plan
}

/** Key k has k % 3 rows; every answer has another number. */
class Outside {
  readonly answered = new Set<string>()
  keys = 0
  #count = 0
  readonly #random: Random

  constructor(seed: number) {
    this.#random = random(seed)
  }

  readonly connector: LookupConnector = {
    name: 'fake',
    open: ({ table, keys, columns }) => ({
      lookup: async (asked, signal) => {
        expect(keys).toEqual([0])
        if (table.name === 'deaf')
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        if (table.name === 'down') throw new SqlError('CONNECTOR_FAILED', 'out of order')
        if (this.#random.below(3) === 0) await sleep(this.#random.below(20))
        if (this.#random.below(5) === 0) throw new Error('try again')
        this.keys += asked.rowCount
        const rows = new BatchBuilder(schemaOf(columns.map((c) => table.schema.fields[c])))
        const of: number[] = []
        rowsOf(asked).forEach(([k], i) => {
          const n = ++this.#count
          for (let copy = 0; copy < Number(k) % 3; copy++) {
            const row: Value[] = [k, n, `label ${copy}`]
            this.answered.add(`${k} ${n} ${copy}`)
            rows.append(columns.map((column) => row[column]))
            of.push(i)
          }
        })
        return { rows: rows.finish(), of }
      },
      close: async () => {},
    }),
  }
}

const T0 = Date.UTC(2024, 0, 1) * 1000

async function runCase(seed: number): Promise<void> {
  const r = random(seed)
  const outside = new Outside(seed)
  const plans = [
    planOf(
      'left',
      'SELECT o.id, o.k, a.n, a.label FROM o LEFT JOIN ask FOR SYSTEM_TIME AS OF PROCTIME() AS a ON a.k = o.k',
    ),
    planOf(
      'inner',
      `SELECT o.id, o.k, a.twice / 2, a.label FROM o JOIN ask FOR SYSTEM_TIME AS OF PROCTIME() AS a
         ON o.k = a.k AND a.label <> 'label 1'`,
    ),
    planOf(
      'kept',
      'SELECT o.id, o.k, a.n, a.label FROM o LEFT JOIN kept FOR SYSTEM_TIME AS OF PROCTIME() AS a ON a.k = o.k',
    ),
    planOf(
      'windows',
      `SELECT window_start, COUNT(*), COUNT(DISTINCT id) FROM TUMBLE((
         SELECT o.id, o.ts FROM o LEFT JOIN ask FOR SYSTEM_TIME AS OF PROCTIME() AS a ON a.k = o.k), ts, INTERVAL '5' SECOND)
       GROUP BY window_start, window_end`,
    ),
    planOf(
      'updated',
      `SELECT g.k, g.c, a.n, a.label FROM (SELECT k, COUNT(*) AS c FROM o GROUP BY k) AS g
         LEFT JOIN ask FOR SYSTEM_TIME AS OF PROCTIME() AS a ON a.k = g.k`,
    ),
  ]
  const lives = new Lives({
    ...{ epochRowsMax: 1 + r.below(60), checkpointIntervalMs: 1 + r.below(60) },
    ...{ streams: [[ORDERS, 1]], lookups: [outside.connector] },
  })
  await lives.start()
  const rows: (readonly [number, number | null, number])[] = []
  for (let piece = 0; piece < 16; piece++) {
    if (piece < plans.length * 2 && piece % 2 === 0) {
      lives.attach(plans[piece / 2])
    }
    const builder = new BatchBuilder(schemaOf(ORDERS.schema.fields))
    for (let n = 1 + r.below(40); n > 0; n--) {
      const id = rows.length
      const row = [
        id,
        r.below(9) === 0 ? null : r.below(8),
        T0 + (id * 200 + r.below(900)) * 1000,
      ] as const
      rows.push(row)
      builder.append(row)
    }
    await lives.producer.append(ORDERS, 0, builder.finish())
    if (r.below(2) === 0) await sleep(r.below(30))
    const fate = r.below(5)
    if (fate === 0) await lives.restart()
    if (fate === 1) await lives.kill()
  }
  await lives.producer.end(ORDERS, 0)
  const { subscriber } = lives
  await until(
    () => subscriber.ended.size === plans.length || subscriber.failures.length > 0,
    () => `the end: ${JSON.stringify(lives.engine.status())}`,
  )
  await lives.stop()
  lives.remove()
  expect(subscriber.failures).toEqual([])

  for (const [place, plan] of plans.slice(0, 3).entries()) {
    const found = subscriber.rows(plan)
    const expected = rows.flatMap(([id, k]) => {
      const copies = k === null ? 0 : k % 3
      if (place === 1) return copies === 0 ? [] : [id]
      return new Array<number>(Math.max(1, copies)).fill(id)
    })
    const ids = found.map(([id]) => Number(id)).sort((a, b) => a - b)
    expect(ids, `${plan.id} of seed ${seed}`).toEqual(expected)
    for (const [id, k, n, label] of found) {
      expect(k).toBe(rows[Number(id)][1])
      if (n === null) continue
      expect(outside.answered).toContain(`${k} ${n} ${String(label).slice(-1)}`)
    }
  }
  // Of every count the last one, with the answer that was given for it.
  const counts = subscriber.rows(plans[4]).map(([k, c]) => `${k} ${c}`)
  const expected = [...new Set(rows.map(([, k]) => k))].flatMap((k) => {
    const count = rows.filter((row) => row[1] === k).length
    return new Array<string>(Math.max(1, (k ?? 0) % 3)).fill(`${k} ${count}`)
  })
  expect(counts.sort(), `updated, of seed ${seed}`).toEqual(expected.sort())
  for (const [k, , n, label] of subscriber.rows(plans[4])) {
    if (n !== null) expect(outside.answered).toContain(`${k} ${n} ${String(label).slice(-1)}`)
  }
  const inWindows = subscriber.rows(plans[3]).reduce((sum, [, , n]) => sum + Number(n), 0)
  expect(inWindows, `windows of seed ${seed}`).toBe(rows.length)
}

describe('a lookup is answered once and for all', () => {
  const first = seedOf('lookup laws')
  for (let seed = first; seed < first + (process.env.MILLRACE_LONG ? 200 : 3); seed++) {
    test(`seed ${seed}`, () => runCase(seed), 60_000)
  }
})

describe('a lookup that fails', () => {
  const ended = async (table: string) => {
    const folder = temporaryFolder()
    const producer = new Producer(folder.path)
    const subscriber = new Subscriber()
    const outside = new Outside(1)
    const { engine } = await startEngine({
      dataFolder: folder.path,
      ...{ producer, subscriber, lookups: [outside.connector] },
    })
    const plan = planOf(
      'q',
      `SELECT o.id, a.n FROM o JOIN ${table} FOR SYSTEM_TIME AS OF PROCTIME() AS a ON a.k = o.k`,
    )
    await engine.attach(plan)
    const builder = new BatchBuilder(schemaOf(ORDERS.schema.fields))
    builder.append([1, 1, T0])
    await producer.append(ORDERS, 0, builder.finish())
    const bounded = engine.bounded({ plan, given: {}, rowsMax: 10 }).catch((error) => error.message)
    await until(
      () => subscriber.failures.length > 0,
      () => 'a failure',
    )
    const said = [...subscriber.failures, await bounded]
    await engine.stop()
    folder.remove()
    return said.join('\n')
  }

  test('is tried again, and then the query fails', async () => {
    expect(await ended('down')).toMatch(
      /Lookup in down: out of order(.|\n)*Lookup in down: out of order/,
    )
  })

  test('nobody waits for ever for an answer', async () => {
    expect(await ended('deaf')).toMatch(/Lookup in deaf: No answer within 20 ms/)
  })
})

test('bounded: the answer is complete when all have answered', async () => {
  const folder = temporaryFolder()
  const producer = new Producer(folder.path)
  const outside = new Outside(7)
  const { engine } = await startEngine({
    dataFolder: folder.path,
    ...{ producer, subscriber: new Subscriber(), lookups: [outside.connector] },
  })
  const builder = new BatchBuilder(schemaOf(ORDERS.schema.fields))
  for (let id = 0; id < 1000; id++) builder.append([id, id % 100, T0])
  await producer.append(ORDERS, 0, builder.finish())
  const plan = planOf(
    'q',
    'SELECT COUNT(*), COUNT(DISTINCT k) FROM (SELECT o.k FROM o LEFT JOIN ask FOR SYSTEM_TIME AS OF PROCTIME() AS a ON a.k = o.k)',
  )
  const { payloads } = await engine.bounded({ plan, given: {}, rowsMax: 10 })
  const { decodeBatch } = await import('../../../engine/batch/ipc.ts')
  // 34 keys without a row, 33 with one, 33 with two; each ten times.
  expect(rowsOf(decodeBatch(payloads[0], plan.schema))).toEqual([[340 + 330 + 660, 100]])
  await engine.stop()
  folder.remove()
})
