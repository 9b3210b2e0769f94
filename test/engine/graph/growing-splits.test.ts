/** Splits that are found while the engine runs: they join between two epochs, once, and a replay
 *  has them where the first run had them. The broker may be away at any time. */

import { afterEach, describe, expect, it } from 'vitest'
import { sleep } from '../../../engine/base/clock.ts'
import { type Random, random } from '../../../engine/base/random.ts'
import { decodeBatch } from '../../../engine/batch/ipc.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import type { QueryPlan } from '../../../engine/plan/physical.ts'
import {
  Catalog,
  defineTable,
  EMBEDDED_CONNECTORS,
  Planner,
  parseStatements,
} from '../../../sql/index.ts'
import { seedOf } from '../../seed.ts'
import { until } from './harness.ts'
import { type LifeOptions, Lives } from './lives.ts'
import { MemoryBroker, type Row } from './memory-broker.ts'

const SECOND = 1_000_000
const CONNECTORS = new Map([
  ...EMBEDDED_CONNECTORS,
  ['memory', { name: 'memory', doc: '', options: {}, source: { replay: 'offset' } }] as const,
])

const QUERIES = {
  rows: 'SELECT k, ts FROM m',
  windows: `SELECT window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE m, DESCRIPTOR(ts),
    INTERVAL '10' SECOND)) GROUP BY window_start, window_end`,
  per_key: 'SELECT k, COUNT(*) AS n FROM m GROUP BY k',
}
type Name = keyof typeof QUERIES

function plans(): Record<Name, QueryPlan> {
  const catalog = new Catalog()
  const [table] = parseStatements(`CREATE TABLE m (k INT, ts TIMESTAMP(6), WATERMARK FOR ts AS ts)
    WITH ('connector' = 'memory')`)
  if (table.kind === 'create-table') catalog.add(defineTable(table, catalog, CONNECTORS)!)
  const planned = Object.entries(QUERIES).map(([name, sql]) => {
    const [statement] = parseStatements(sql)
    if (statement.kind !== 'select') throw new Error(sql)
    return [name, new Planner(catalog).planQuery(statement, 'continuous', { id: name, name }).plan]
  })
  return Object.fromEntries(planned)
}

/** A row of this key at this second. */
const row = (k: number, second: number): Row => [k, second * SECOND]

/** An engine that reads a broker, over kills and outages. */
class Life extends Lives {
  readonly broker: MemoryBroker
  readonly plans = plans()

  constructor(options: LifeOptions = {}) {
    const broker = new MemoryBroker()
    // A replay needs the broker: it waits for it.
    const onRestart = () => {
      if (!broker.up) setTimeout(() => Object.assign(broker, { up: true }), 20)
    }
    super({ ...options, connectors: [broker], onRestart })
    this.broker = broker
  }

  run(name: Name): Promise<void> {
    return this.attach(this.plans[name])
  }

  status(name: Name) {
    return this.engine.status().queries.find(({ queryId }) => queryId === name)
  }

  rows(name: Name) {
    return this.subscriber.rows(this.plans[name])
  }

  async hasRead(name: Name, rowCount: number): Promise<void> {
    this.broker.wake()
    await until(
      () => this.status(name)?.rowsIn === rowCount || this.subscriber.failures.length > 0,
      () => `${rowCount} rows of ${name}: ${JSON.stringify(this.status(name))}`,
    )
    await until(
      () => (this.subscriber.frames.get(name)?.length ?? 0) === this.status(name)?.nextSeq,
      () => 'the results',
    )
    expect(this.subscriber.failures).toEqual([])
  }

  async end(): Promise<void> {
    await this.stop()
    this.remove()
  }
}

const lives: Life[] = []
const live = async (...options: ConstructorParameters<typeof Life>): Promise<Life> => {
  const life = new Life(...options)
  lives.push(life)
  await life.start()
  return life
}
afterEach(async () => {
  for (const life of lives.splice(0)) await life.end()
})

const printed = (rows: readonly Row[]): string[] => rows.map((row) => row.join('|')).sort()

describe('splits that are found', () => {
  it('a query starts while the broker is down, says so, and reads when it is there', async () => {
    const life = await live()
    life.broker.up = false
    life.broker.addPartition([row(1, 1), row(2, 2)])
    await life.run('rows')
    life.broker.wake()
    await until(
      () => life.status('rows')?.state === 'retrying',
      () => 'trouble',
    )
    expect(life.status('rows')).toMatchObject({ error: { code: 'CONNECTOR_FAILED' } })
    await life.engine.stop()
    await life.start()
    expect(life.status('rows')).toMatchObject({ state: 'retrying', rowsIn: 0 })
    life.broker.up = true
    await life.hasRead('rows', 2)
    expect(life.status('rows')).toMatchObject({ state: 'running', error: undefined })
  })

  it('a table without splits has not ended; the first one may come much later', async () => {
    const life = await live()
    await life.run('windows')
    life.broker.wake()
    await sleep(30)
    expect(life.status('windows')).toMatchObject({ state: 'running', watermarkUs: -Infinity })
    life.broker.addPartition([row(1, 1), row(1, 25)])
    await life.hasRead('windows', 2)
    await until(
      () => life.rows('windows').length === 1,
      () => 'the window',
    )
    expect(life.rows('windows')).toEqual([[10 * SECOND, 1]])
  })

  it('a new split does not take the watermark back; what it brings behind it is late', async () => {
    const life = await live({ checkpointIntervalMs: 1e6 })
    life.broker.addPartition([row(1, 1), row(1, 25)])
    await life.run('windows')
    await life.hasRead('windows', 2)
    life.broker.addPartition([row(2, 2), row(2, 26), row(2, 31)])
    await life.hasRead('windows', 5)
    const frames = life.subscriber.frames.get('windows')!
    life.broker.append(0, [row(1, 41)])
    await life.hasRead('windows', 6)
    await until(
      () => life.rows('windows').length === 2,
      () => 'the second window',
    )
    expect(life.status('windows')).toMatchObject({ lateRows: 1, watermarkUs: 31 * SECOND })
    expect(life.rows('windows')).toEqual([
      [10 * SECOND, 1],
      [30 * SECOND, 2],
    ])
    const marks = frames.map(({ watermarkUs }) => watermarkUs)
    expect(marks).toEqual([...marks].sort((a, b) => a - b))
    await life.kill()
    expect(life.status('windows')).toMatchObject({ lateRows: 1, watermarkUs: 31 * SECOND })
  })

  it('where a split begins is decided once, and a replay does not ask again', async () => {
    const life = await live({ checkpointIntervalMs: 1e6 })
    life.broker.startsAtEnd = true
    life.broker.addPartition([row(1, 1)])
    await life.run('rows')
    life.broker.wake()
    await until(
      () => life.status('rows')?.state === 'running' && life.status('rows')?.lagRows === 0,
      () => 'the first look',
    )
    // Found later: nothing of it may be missed.
    life.broker.addPartition([row(2, 2)])
    life.broker.append(0, [row(1, 3)])
    await life.hasRead('rows', 2)
    const expected = printed([row(1, 3), row(2, 2)])
    expect(printed(life.rows('rows'))).toEqual(expected)
    life.broker.addPartition([row(3, 4)])
    await life.kill()
    await life.hasRead('rows', 3)
    expect(printed(life.rows('rows'))).toEqual(printed([row(1, 3), row(2, 2), row(3, 4)]))
  })

  it('a later query joins the main cursor although it saw more splits', async () => {
    const life = await live()
    life.broker.addPartition([row(1, 1)])
    await life.run('rows')
    await life.hasRead('rows', 1)
    life.broker.addPartition([row(2, 2)])
    // Nobody tells the main cursor of it, but the second query looks for itself.
    await life.run('per_key')
    await until(
      () => life.status('per_key')?.rowsIn === 2 && life.status('per_key')?.state === 'running',
      () => JSON.stringify(life.status('per_key')),
    )
    expect(life.broker.refreshes).toBeGreaterThan(0)
    await life.hasRead('rows', 2)
    expect(printed(life.rows('per_key'))).toEqual(['1|1', '2|1'])
  })

  it('a replay that needs a broker which is away says so', async () => {
    const life = await live({ checkpointIntervalMs: 3_600_000 })
    life.broker.addPartition([row(1, 1)])
    await life.run('rows')
    await life.hasRead('rows', 1)
    life.broker.up = false
    await life.kill()
    const waits = life.subscriber.messages.flatMap((message) =>
      message.kind === 'recovering' ? (message.progress.waitsFor ?? []) : [],
    )
    expect(new Set(waits)).toEqual(new Set(['m: the broker is down']))
    expect(life.engine.status().recovery).toBeUndefined()
    await life.hasRead('rows', 1)
  })

  it('a table that is bounded ends where its splits end', async () => {
    const life = await live()
    life.broker.bounded = true
    life.broker.addPartition([row(1, 1), row(1, 2)])
    life.broker.addPartition()
    await life.run('windows')
    life.broker.wake()
    await until(
      () => life.subscriber.ended.has('windows'),
      () => 'the end',
    )
    life.broker.append(0, [row(1, 3)])
    await life.restart()
    await sleep(20)
    expect(life.rows('windows')).toEqual([[10 * SECOND, 2]])
  })

  it('a split stops where it was to stop, also after a restart in between', async () => {
    const life = await live({ epochRowsMax: 1, checkpointIntervalMs: 1 })
    life.broker.bounded = true
    life.broker.addPartition(Array.from({ length: 40 }, (_, i) => row(1, i)))
    await life.run('rows')
    await until(
      () => life.status('rows')!.rowsIn > 3,
      () => 'some rows',
    )
    await life.engine.stop()
    life.broker.append(0, [row(2, 100)])
    await life.start()
    await until(
      () => life.subscriber.ended.has('rows'),
      () => JSON.stringify(life.status('rows')),
    )
    expect(life.rows('rows').length).toBe(40)
  })

  it('a bounded query finds the splits, and does not wait for a broker that is away', async () => {
    const life = await live()
    const run = () =>
      life.engine
        .bounded({ plan: life.plans.rows, given: {}, rowsMax: 100 })
        .then(({ payloads }) =>
          printed(
            payloads.flatMap((payload) => rowsOf(decodeBatch(payload, life.plans.rows.schema))),
          ),
        )
    expect(await run()).toEqual([])
    life.broker.addPartition([row(1, 1)])
    life.broker.addPartition([row(2, 2), row(2, 3)])
    expect(await run()).toEqual(printed([row(1, 1), row(2, 2), row(2, 3)]))
    life.broker.up = false
    const refused = run()
    life.broker.wake()
    await expect(refused).rejects.toMatchObject({ code: 'CONNECTOR_FAILED' })
  })
})

/** Rows come and go on; partitions, kills, restarts and outages come at random. */
async function randomLife(r: Random): Promise<void> {
  const life = await live({ epochRowsMax: 1 + r.below(50), checkpointIntervalMs: 1 + r.below(60) })
  const { broker } = life
  const all: Row[] = []
  const waiting: Name[] = ['rows', 'windows', 'per_key']
  let second = 100
  for (let step = 0; step < 40; step++) {
    const fate = r.below(10)
    if (fate === 0 || broker.partitions.length === 0) broker.addPartition()
    if (fate === 1) await life.kill()
    if (fate === 2) await life.restart()
    if (fate === 3) broker.up = !broker.up
    if (fate === 4 && waiting.length > 0) await life.run(waiting.shift()!)
    const rows = Array.from({ length: r.below(20) }, () => row(r.below(5), second++))
    broker.append(r.below(broker.partitions.length), rows)
    all.push(...rows)
    broker.wake()
    if (r.below(3) === 0) await sleep(r.below(8))
  }
  broker.up = true
  for (const name of waiting) await life.run(name)
  for (const name of ['rows', 'windows', 'per_key'] as const) await life.hasRead(name, all.length)
  await life.kill()
  for (const name of ['rows', 'windows', 'per_key'] as const) await life.hasRead(name, all.length)

  expect(printed(life.rows('rows'))).toEqual(printed(all))
  const perKey = Map.groupBy(all, ([k]) => k)
  expect(printed(life.rows('per_key'))).toEqual(
    printed([...perKey].map(([k, rows]) => [k, rows.length])),
  )
  const windows = life.rows('windows')
  expect(new Set(windows.map(([end]) => end)).size, 'each window once').toBe(windows.length)
  for (const frames of life.subscriber.frames.values()) {
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, i) => i))
    const marks = frames.map(({ watermarkUs }) => watermarkUs)
    expect(marks).toEqual([...marks].sort((a, b) => a - b))
  }
}

describe('splits that are found at random', () => {
  const first = seedOf('growing splits')
  for (let seed = first; seed < first + 5; seed++) {
    const again = `MILLRACE_SEED=${seed} npx vitest run test/engine/graph/growing-splits.test.ts`
    it(`seed ${seed} (replay: ${again})`, () => randomLife(random(seed)))
  }
})
