/** What every sink must keep: no result is lost, and none is there twice where the connector says
 *  exactly-once, whatever dies.
 *
 *      import { sink } from '../contract/sink.ts'
 *      sink({ name: 'nats', delivery: 'exactly-once', missing, start: async () => … })
 *
 *  The suite runs in a describe of its own against one broker and one real server process, which it
 *  kills. A job writes `{"id":n,"pad":"…"}`, n = 0, 1, 2, … of its target. */

import { beforeEach, expect, it } from 'vitest'
import { describeWith, sleep } from '../brokers/program.ts'
import { type BadOptions, type Broker, createTable, isLong, type TableOptions } from './broker.ts'
import type { ContractServer } from './server.ts'
import { keepDoing, refuses, serverBeside } from './setting.ts'

export interface SinkAdapter {
  /** For the title: the connector, and its mode if it has several. */
  readonly name: string
  /** As the connector declares it. */
  readonly delivery: 'exactly-once' | 'at-least-once'
  /** Why the suite cannot run here; undefined: it can. */
  readonly missing: string | undefined
  readonly start: () => Promise<SinkBroker>
  /** Options that CREATE TABLE refuses. */
  readonly badOptions: readonly BadOptions[]
  /** Whether what `read` gives is in the order of the results. Default: true. With at-least-once
   *  only the first appearances count. */
  readonly ordered?: boolean
  /** Columns of the target table. Default: `id BIGINT NOT NULL, pad STRING`; a sink that needs a
   *  key adds it. */
  readonly columns?: string
}

export interface SinkBroker extends Broker {
  /** Makes an empty target (topic, queue, table, …), durable. */
  target(name: string): Promise<SinkTarget>
}

export interface SinkTarget {
  /** Of a table that writes to the target. */
  readonly options: TableOptions
  /** Everything that is in the target now: the JSON text of each row. Must connect anew if the
   *  broker was restarted in between, and must not take anything away. */
  read(): Promise<readonly string[]>
}

const COLUMNS = 'id BIGINT NOT NULL, pad STRING'
const KILLS = isLong ? 40 : 5
const BATCH = 200

/** Registers the suite. */
export function sink(adapter: SinkAdapter): void {
  describeWith(`${adapter.name} as a sink`, adapter.missing, () => suite(adapter))
}

function suite(adapter: SinkAdapter) {
  const { start, badOptions, delivery, columns = COLUMNS } = adapter
  let broker: SinkBroker
  const server = serverBeside(start, (started) => {
    broker = started
  })
  let number = 0
  let job: Job

  beforeEach(async () => {
    job = new Job(server, await broker.target(`t${++number}`), adapter, `j${number}`)
  })

  it('writes every result, in order, and goes on after a restart', async () => {
    await job.begin()
    await job.produce(5000)
    await job.isComplete()
    await server.stop()
    await server.start()
    await job.produce(10)
    await job.isComplete()
  }, 60_000)

  it(`keeps ${delivery} over ${KILLS} kills of the server`, async () => {
    await job.begin()
    for (let kill = 0; kill < KILLS; kill++) {
      await job.produce(10 * BATCH)
      await sleep(13 * (kill % 8))
      await server.kill()
      await server.start()
    }
    await job.produce(1)
    await job.isComplete()
  }, 600_000)

  it(`keeps ${delivery} over the death of the broker, and of both`, async () => {
    await job.begin()
    const producing = job.keepProducing()
    await sleep(200)
    await broker.kill()
    await sleep(300)
    await broker.restart()
    await sleep(200)
    await broker.kill()
    await producing.stop()
    await server.kill()
    await server.start()
    await broker.restart()
    await job.isComplete()
  }, 180_000)

  refuses({
    ...{ badOptions, columns },
    options: () => job.target.options,
    server,
  })
}

/** An embedded stream, the table that writes to the target, and the job between them. */
class Job {
  readonly #server: ContractServer
  readonly #adapter: SinkAdapter
  readonly #name: string
  readonly target: SinkTarget
  #produced = 0

  constructor(server: ContractServer, target: SinkTarget, adapter: SinkAdapter, name: string) {
    this.#server = server
    this.#adapter = adapter
    this.#name = name
    this.target = target
  }

  async begin(): Promise<void> {
    const { columns = COLUMNS } = this.#adapter
    await this.#server.sql(`CREATE TABLE ${this.#name}_in (id BIGINT NOT NULL, pad STRING)`)
    await this.#server.sql(createTable(`${this.#name}_out`, columns, this.target.options))
    await this.#server.sql(`INSERT INTO ${this.#name}_out SELECT id, pad FROM ${this.#name}_in`)
  }

  /** Puts rows into the stream, some at a time: each time is an epoch or two. */
  async produce(count: number): Promise<void> {
    for (const end = this.#produced + count; this.#produced < end; ) {
      const rows = Math.min(BATCH, end - this.#produced)
      const lines = Array.from({ length: rows }, (_, i) =>
        JSON.stringify({ id: this.#produced + i, pad: 'ü"\n' }),
      )
      const path = `/v1/streams/${this.#name}_in/records`
      const { status, text } = await this.#server.post(path, lines.join('\n'))
      if (status !== 200) throw new Error(text)
      this.#produced += rows
    }
  }

  /** Produces until it is told to stop. */
  keepProducing(): { stop(): Promise<void> } {
    return keepDoing(() => this.produce(BATCH), 10)
  }

  /** Waits until every row is in the target, and sees that nothing else comes. */
  async isComplete(): Promise<void> {
    const wanted = Array.from({ length: this.#produced }, (_, i) => i)
    await this.#server.eventually(
      async () => new Set(await this.#ids()).size,
      (size) => size >= wanted.length,
    )
    await sleep(100)
    const ids = await this.#ids()
    const { delivery, ordered = true } = this.#adapter
    const counted = delivery === 'exactly-once' ? ids : [...new Set(ids)]
    expect(ordered ? counted : counted.sort((a, b) => a - b)).toEqual(wanted)
  }

  async #ids(): Promise<number[]> {
    const rows = (await this.target.read()).map((text) => JSON.parse(text))
    for (const { pad } of rows) expect(pad).toBe('ü"\n')
    return rows.map(({ id }) => Number(id))
  }
}
