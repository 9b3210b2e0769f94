/** What every source must keep that cannot be read twice: nothing that it acknowledged is lost,
 *  whatever dies; and with ids to go by, nothing counts twice.
 *
 *      import { intake } from '../contract/intake.ts'
 *      intake({ name: 'mqtt', missing, start: async () => … })
 *
 *  The suite runs in a describe of its own against one broker and one real server process, which it
 *  kills. Every message is `{"id":n,"pad":"…"}`, n = 0, 1, 2, … of its topic. */

import { beforeEach, expect, it } from 'vitest'
import { describeWith, sleep } from '../brokers/program.ts'
import { type BadOptions, type Broker, createTable, isLong, type TableOptions } from './broker.ts'
import type { ContractServer } from './server.ts'
import { keepDoing, refuses, serverBeside } from './setting.ts'

export interface IntakeAdapter {
  /** For the title: the connector, and its mode if it has several. */
  readonly name: string
  /** Why the suite cannot run here; undefined: it can. */
  readonly missing: string | undefined
  readonly start: () => Promise<IntakeBroker>
  /** Options that CREATE TABLE refuses. */
  readonly badOptions: readonly BadOptions[]
  /** Whether messages that come again are recognised, by the options of `topic`: then counts are
   *  exact after any failure. Default: false. */
  readonly dedupes?: boolean
  /** Whether the source keeps what nobody takes: while our server is down, nothing is lost.
   *  Default: true. */
  readonly keeps?: boolean
  /** Whether the broker keeps what it has over its own death. Default: true. */
  readonly survives?: boolean
  /** Only what depends on how the broker keeps its messages: the rest was seen with another of its
   *  kinds. Default: false. */
  readonly isBrief?: boolean
}

export interface IntakeBroker extends Broker {
  /** Makes an empty topic (queue, subject, path, …), durable if there is such a thing. */
  topic(name: string): Promise<IntakeTopic>
}

export interface IntakeTopic {
  /** Of a table that reads the topic. */
  readonly options: TableOptions
  /** Puts messages into the topic, in order, each once. Resolves when the broker has taken all; must
   *  connect anew if the broker was restarted in between. */
  send(messages: readonly string[]): Promise<void>
}

const COLUMNS = 'id BIGINT NOT NULL, pad STRING'
const KILLS = isLong ? 40 : 3
const COUNT = isLong ? 20_000 : 2000

/** Registers the suite. */
export function intake(adapter: IntakeAdapter): void {
  describeWith(`${adapter.name} as an intake`, adapter.missing, () => suite(adapter))
}

function suite(adapter: IntakeAdapter) {
  const { start, badOptions, dedupes = false, keeps = true, survives = true } = adapter
  const { isBrief = false } = adapter
  let broker: IntakeBroker
  const server = serverBeside(start, (started) => {
    broker = started
  })
  let number = 0
  let stream: Stream

  beforeEach(async () => {
    stream = new Stream(server, await broker.topic(`t${++number}`), `s${number}`)
  })

  it('takes every message once and in order, whether a query reads it or not', async () => {
    await stream.define()
    await stream.send(COUNT)
    await stream.hasRows(COUNT)
    await server.post('/v1/queries', {
      name: `q${number}`,
      sql: `SELECT id FROM ${stream.name}`,
    })
    await stream.send(3)
    await stream.hasRows(stream.sent)
    const events = await server.events(`q${number}`)
    const ids: number[] = []
    while (ids.length < stream.sent) {
      const { data } = await events.until('changes')
      ids.push(...data.rows.map(({ row }) => Number(row.id)))
    }
    events.close()
    expect(ids).toEqual(Array.from({ length: stream.sent }, (_, i) => i))
    await stream.hasAll(true)
  }, 60_000)

  // While we are away, a source that keeps nothing loses messages, as it declares.
  it.runIf(keeps && !isBrief)(
    'an orderly restart neither loses nor doubles',
    async () => {
      await stream.define()
      const sending = stream.keepSending()
      for (let n = 0; n < 2; n++) {
        await sleep(200)
        await server.stop()
        await server.start()
      }
      await sending.stop()
      await stream.hasAll(true)
    },
    60_000,
  )

  // Likewise.
  it.runIf(keeps)(
    `${dedupes ? 'counts exactly' : 'loses nothing'} over ${KILLS} kills of the server`,
    async () => {
      await stream.define()
      const sending = stream.keepSending()
      for (let kill = 0; kill < KILLS; kill++) {
        await sleep(100 + 70 * (kill % 5))
        await server.kill()
        await server.start()
      }
      await sending.stop()
      await stream.hasAll(dedupes)
    },
    600_000,
  )

  it(`${dedupes ? 'counts exactly' : 'loses nothing'} over the death of the broker`, async () => {
    await stream.define()
    await stream.send(COUNT)
    if (!survives) await stream.hasRows(COUNT)
    await broker.kill()
    const state = async () => (await stream.info()).intake
    try {
      const found = await server.eventually(state, (now) => now?.state === 'waiting')
      expect(found?.error).toMatchObject({ code: 'CONNECTOR_FAILED' })
    } finally {
      await broker.restart()
    }
    await server.eventually(state, (found) => found?.state === 'connected')
    await stream.send(COUNT)
    await stream.hasAll(dedupes)
    expect((await state())?.error).toBe(null)
  }, 180_000)

  // Likewise.
  it.runIf(keeps && !isBrief)(
    'starts without its broker, and goes on when it comes',
    async () => {
      await stream.define()
      await stream.send(100)
      await stream.hasAll(dedupes)
      await server.kill()
      await broker.kill()
      try {
        await server.start()
        await stream.hasRows(100)
      } finally {
        await broker.restart()
      }
      // A broker that is killed may forget who listens: then it keeps nothing for them.
      const state = async () => (await stream.info()).intake
      await server.eventually(state, (found) => found?.state === 'connected')
      await stream.send(100)
      await stream.hasAll(dedupes)
    },
    180_000,
  )

  // Another of the broker's kinds has shown it.
  it.skipIf(isBrief)(
    'a message that does not fit is left out and counted, and no other',
    async () => {
      await stream.define({ 'bad-records': 'skip' })
      await stream.send(10)
      await stream.sendText('{"id":')
      await stream.send(10)
      await stream.hasAll(true)
      expect((await stream.info()).badRecords).toBeGreaterThan(0)
    },
    30_000,
  )

  // Likewise.
  it.skipIf(isBrief)(
    'tells in the metrics how it does, and is gone when the table is dropped',
    async () => {
      await stream.define()
      await stream.send(10)
      await stream.hasAll(true)
      const metric = `millrace_intake_messages{name="${stream.name}"}`
      expect(await server.text('/metrics')).toContain(`${metric} 10\n`)
      await server.sql(`DROP MATERIALIZED VIEW ${stream.view}; DROP TABLE ${stream.name}`)
      expect(await server.text('/metrics')).not.toContain(metric)
    },
    30_000,
  )

  refuses({
    ...{ badOptions, columns: COLUMNS },
    options: () => stream.topic.options,
    server,
  })
}

interface StreamState {
  readonly rows: number
  readonly badRecords: number
  readonly intake: {
    readonly state: string
    readonly messages: number
    readonly error: { readonly code: string } | null
  } | null
}

/** A topic, the table that reads it and a materialized view that counts its messages. */
class Stream {
  readonly #server: ContractServer
  readonly topic: IntakeTopic
  readonly name: string
  readonly view: string
  sent = 0

  constructor(server: ContractServer, topic: IntakeTopic, name: string) {
    this.#server = server
    this.topic = topic
    this.name = name
    this.view = `${name}_counts`
  }

  /** Resolves when the table is connected. */
  async define(more: TableOptions = {}): Promise<void> {
    await this.#server.sql(createTable(this.name, COLUMNS, { ...this.topic.options, ...more }))
    await this.#server.sql(`CREATE MATERIALIZED VIEW ${this.view} AS
      SELECT COUNT(*) AS n, COUNT(DISTINCT id) AS d, SUM(DISTINCT id) AS total FROM ${this.name}`)
    await this.#server.eventually(
      () => this.info(),
      ({ intake }) => intake?.state === 'connected',
    )
  }

  async info(): Promise<StreamState> {
    return JSON.parse(await this.#server.text(`/v1/streams/${this.name}`)) as StreamState
  }

  async send(count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, i) =>
      JSON.stringify({ id: this.sent + i, pad: 'ü"\n' }),
    )
    await this.topic.send(messages)
    this.sent += count
  }

  sendText(text: string): Promise<void> {
    return this.topic.send([text])
  }

  /** Sends until it is told to stop. */
  keepSending(): { stop(): Promise<void> } {
    return keepDoing(() => this.send(100), 10)
  }

  /** Waits until so many messages are in the log. */
  async hasRows(count: number): Promise<void> {
    await this.#server.eventually(
      () => this.info(),
      ({ rows }) => rows >= count,
    )
  }

  /** Waits until every message that was sent is counted, `exactly` once or at least once, and sees
   *  that it stays so. */
  async hasAll(exactly: boolean): Promise<void> {
    const wanted = { d: this.sent, total: (this.sent * (this.sent - 1)) / 2 }
    const read = async () =>
      (await this.#server.sql(`SELECT n, d, total FROM ${this.view}`))[0] ?? { n: 0, d: 0 }
    await this.#server.eventually(read, ({ d }) => Number(d) >= this.sent)
    await sleep(60)
    const { n, ...found } = await read()
    expect(found).toEqual(wanted)
    if (exactly) expect(n).toBe(this.sent)
    else expect(Number(n)).toBeGreaterThanOrEqual(this.sent)
  }
}
