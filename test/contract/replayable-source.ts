/** What every source must keep that can be read again from any offset: exactly once, whatever dies.
 *
 *      import { replayableSource } from '../contract/replayable-source.ts'
 *      replayableSource({ name: 'nats', missing, start: async () => … })
 *
 *  The suite runs in a describe of its own against one broker and one real server process, which it
 *  kills. Every message is `{"id":n,"pad":"…"}`, n = 0, 1, 2, … of its topic. */

import { beforeEach, expect, it } from 'vitest'
import { describeWith, sleep } from '../brokers/program.ts'
import { type BadOptions, type Broker, createTable, isLong, type TableOptions } from './broker.ts'
import type { ContractServer } from './server.ts'
import { keepDoing, refuses, serverBeside } from './setting.ts'

export interface SourceAdapter {
  /** For the title: the connector. */
  readonly name: string
  /** Why the suite cannot run here; undefined: it can. */
  readonly missing: string | undefined
  readonly start: () => Promise<SourceBroker>
  /** Options that CREATE TABLE refuses. */
  readonly badOptions: readonly BadOptions[]
  /** Splits of the topics that `topic` makes; messages keep their order only within one. Default:
   *  1, and then the suite checks the order over the whole topic. */
  readonly splits?: number
  /** What makes the table begin behind the messages that are there; undefined: it cannot. */
  readonly latest?: TableOptions
  /** Whether the connector can tell how many messages it has not read. Default: true. */
  readonly tellsLag?: boolean
  /** Whether there is a broker that can die by itself. Default: true. */
  readonly canDie?: boolean
}

export interface SourceBroker extends Broker {
  /** Makes an empty topic (stream, queue, …), durable. */
  topic(name: string): Promise<SourceTopic>
}

export interface SourceTopic {
  /** Of a table that reads the topic from its first message. */
  readonly options: TableOptions
  /** Puts messages into the topic, in order, each once. Resolves when all are as durable as the
   *  broker makes them: a kill of it right afterwards must lose none. Called while the broker is
   *  up; must connect anew if it was restarted in between. */
  send(messages: readonly string[]): Promise<void>
}

const COLUMNS = 'id BIGINT NOT NULL, pad STRING'
const KILLS = isLong ? 40 : 5
const COUNT = 20_000
/** Messages whose sum is beyond what a reader may hold. */
const LARGE = { count: 16_000, bytes: 6000 }
const GROWTH_BYTES_MAX = 56 << 20

/** Registers the suite. */
export function replayableSource(adapter: SourceAdapter): void {
  describeWith(`${adapter.name} as a replayable source`, adapter.missing, () => suite(adapter))
}

function suite(adapter: SourceAdapter) {
  const { start, badOptions, splits = 1, latest, tellsLag = true, canDie = true } = adapter
  let broker: SourceBroker
  const server = serverBeside(start, (started) => {
    broker = started
  })
  let number = 0
  let stream: Stream

  beforeEach(async () => {
    stream = new Stream(server, await broker.topic(`t${++number}`), `s${number}`)
  })

  it('brings every message once, in order, and more as they come', async () => {
    await stream.send(COUNT)
    await stream.define()
    await server.post('/v1/queries', {
      name: `q${number}`,
      sql: `SELECT id FROM ${stream.name}`,
    })
    await stream.send(3)
    await stream.hasAll()
    const events = await server.events(`q${number}`)
    const ids: number[] = []
    while (ids.length < stream.sent) {
      const { data } = await events.until('changes')
      ids.push(...data.rows.map(({ row }) => Number(row.id)))
    }
    events.close()
    if (splits > 1) ids.sort((a, b) => a - b)
    expect(ids).toEqual(Array.from({ length: stream.sent }, (_, i) => i))
  }, 60_000)

  it('answers a SELECT over what is there now, also over nothing', async () => {
    await stream.define()
    const count = `SELECT COUNT(*) AS n, SUM(id) AS total FROM ${stream.name}`
    expect(await server.sql(count)).toEqual([{ n: 0, total: null }])
    await stream.send(1000)
    expect(await server.sql(count)).toEqual([{ n: 1000, total: 499_500 }])
  }, 30_000)

  it('goes on after a restart where it stopped, and reads nothing again', async () => {
    await stream.define()
    await stream.send(1000)
    await stream.hasAll()
    await server.stop()
    await stream.send(500)
    await server.start()
    await stream.hasAll()
    await stream.send(1)
    await stream.hasAll()
    const { rowsIn } = await server.query(stream.view)
    // What was read after the last checkpoint, if anything, is read again.
    expect(rowsIn).toBeLessThanOrEqual(1501)
  }, 60_000)

  it(`counts exactly over ${KILLS} kills of the server`, async () => {
    await stream.define()
    const sending = stream.keepSending()
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(150 + 60 * (kill % 7))
      await server.kill()
      await server.start()
    }
    await sending.stop()
    await stream.hasAll()
  }, 600_000)

  // Files have no broker.
  it.runIf(canDie)(
    'gets over the death of the broker, without loss or repetition',
    async () => {
      await stream.define()
      await stream.send(COUNT)
      await broker.kill()
      await broker.restart()
      await stream.send(COUNT)
      await stream.hasAll()
      await broker.kill()
      await server.eventually(
        () => server.query(stream.view),
        ({ state, error }) => state === 'retrying' && error?.code === 'CONNECTOR_FAILED',
      )
      await broker.restart()
      await stream.send(10)
      await stream.hasAll()
      const { state } = await server.query(stream.view)
      expect(['running', 'backfilling']).toContain(state)
    },
    180_000,
  )

  // Files have no broker.
  it.runIf(canDie)(
    'starts without its broker, says so, and goes on when it comes',
    async () => {
      await stream.define()
      await stream.send(100)
      await stream.hasAll()
      await server.kill()
      await broker.kill()
      try {
        await server.start()
        expect(await server.codeOf(`SELECT COUNT(*) FROM ${stream.name}`)).toBe('CONNECTOR_FAILED')
      } finally {
        await broker.restart()
      }
      await stream.send(100)
      await stream.hasAll()
    },
    180_000,
  )

  // Not every broker can tell.
  it.runIf(tellsLag)(
    'tells how far it is behind',
    async () => {
      await stream.define()
      await stream.send(100)
      await stream.hasAll()
      const lag = async () => (await server.query(stream.view)).lagRows
      await server.eventually(lag, (rows) => rows === 0)
      await server.post(`/v1/queries/${stream.view}/pause`, {})
      await stream.send(300)
      await server.eventually(lag, (rows) => rows === 300)
      await server.post(`/v1/queries/${stream.view}/resume`, {})
      await stream.hasAll()
      await server.eventually(lag, (rows) => rows === 0)
    },
    90_000,
  )

  // Memory is read from /proc.
  it.runIf(process.platform === 'linux')(
    'stops taking messages that a slow query has no room for',
    async () => {
      await stream.define()
      await stream.send(2000, LARGE.bytes)
      await stream.hasAll()
      await server.post(`/v1/queries/${stream.view}/pause`, {})
      const before = server.residentBytes()
      await stream.send(LARGE.count, LARGE.bytes)
      await sleep(500)
      expect(server.residentBytes() - before).toBeLessThan(GROWTH_BYTES_MAX)
      await server.post(`/v1/queries/${stream.view}/resume`, {})
      await stream.hasAll()
    },
    120_000,
  )

  // Not every connector has such a start.
  it.runIf(latest !== undefined)(
    'begins behind what is there if it is told to, also when it is killed',
    async () => {
      await stream.send(500)
      await stream.define(latest)
      await server.eventually(
        () => server.query(stream.view),
        ({ state }) => state === 'running',
      )
      await stream.settled()
      await server.kill()
      await stream.send(500)
      await server.start()
      await stream.has({ n: 500, distinct: 500, total: 500 * 749.5 })
      await server.kill()
      await server.start()
      await stream.has({ n: 500, distinct: 500, total: 500 * 749.5 })
    },
    60_000,
  )

  refuses({
    ...{ badOptions, columns: COLUMNS },
    options: () => stream.topic.options,
    server,
  })
}

interface Totals {
  readonly n: number
  readonly distinct: number
  readonly total: number
}

/** A topic, the table that reads it and a materialized view that counts its messages. */
class Stream {
  readonly #server: ContractServer
  readonly topic: SourceTopic
  readonly name: string
  readonly view: string
  sent = 0

  constructor(server: ContractServer, topic: SourceTopic, name: string) {
    this.#server = server
    this.topic = topic
    this.name = name
    this.view = `${name}_counts`
  }

  async define(more: TableOptions = {}): Promise<void> {
    await this.#server.sql(createTable(this.name, COLUMNS, { ...this.topic.options, ...more }))
    await this.#server.sql(`CREATE MATERIALIZED VIEW ${this.view} AS
      SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS d, SUM(id) AS total FROM ${this.name}`)
  }

  async send(count: number, bytes = 40): Promise<void> {
    const pad = 'x'.repeat(bytes)
    const messages = Array.from({ length: count }, (_, i) =>
      JSON.stringify({ id: this.sent + i, pad }),
    )
    await this.topic.send(messages)
    this.sent += count
  }

  /** Sends until it is told to stop. */
  keepSending(): { stop(): Promise<void> } {
    return keepDoing(() => this.send(200), 20)
  }

  /** Waits until every message that was sent is counted once, and sees that it stays so. */
  hasAll(): Promise<void> {
    const n = this.sent
    return this.has({ n, distinct: n, total: (n * (n - 1)) / 2 })
  }

  async has({ n, distinct, total }: Totals): Promise<void> {
    const select = `SELECT n, d, total FROM ${this.view}`
    const read = async () => (await this.#server.sql(select))[0]
    await this.#server.eventually(read, (row) => Number(row?.n ?? 0) >= n)
    await this.settled()
    expect(await read()).toEqual({ n, d: distinct, total })
  }

  /** A while in which what should not come would. */
  settled(): Promise<void> {
    return sleep(60)
  }
}
