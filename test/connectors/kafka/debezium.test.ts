/** A database's table told by Debezium through Kafka: snapshot, insertions, updates, new keys,
 *  deletions with their tombstones, truncations. While it changes, the broker and our server are
 *  killed again and again; afterwards every view equals the table. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Random, random } from '../../../engine/base/random.ts'
import { KafkaBroker, missingKafka, type Record_ } from '../../brokers/kafka.ts'
import { describeWith, sleep } from '../../brokers/program.ts'
import { createTable, isLong, type TableOptions } from '../../contract/broker.ts'
import { ContractServer } from '../../contract/server.ts'
import { seedOf } from '../../seed.ts'

interface Row {
  readonly id: number
  readonly city: string
  readonly amount: string
}

const CITIES = ['Köln', 'Paris', 'Oslo', 'a"\\\n']
const KEYS = 200
const ROUNDS = isLong ? 12 : 4

/** The table in the database, and its connector: every change becomes messages as Kafka Connect
 *  writes them. */
class Upstream {
  readonly #topic: string
  readonly #random: Random
  readonly #wraps: boolean
  readonly rows = new Map<number, Row>()
  #messages: Record_[] = []
  #lsn = 1

  /** `wraps`: keys and values come with their schemas. */
  constructor(topic: string, r: Random, wraps: boolean) {
    this.#topic = topic
    this.#random = r
    this.#wraps = wraps
  }

  #put(key: number | null, payload: unknown): void {
    const bytes = (json: unknown) =>
      Buffer.from(
        JSON.stringify(
          this.#wraps ? { schema: { type: 'struct', optional: false }, payload: json } : json,
        ),
      )
    this.#messages.push({
      topic: this.#topic,
      ...(key === null ? {} : { key: bytes({ id: key }) }),
      value: payload === null ? null : bytes(payload),
    } as Record_)
  }

  #event(op: string, before: Row | null, after: Row | null, key: number | null): void {
    const source = { version: '3.0.0', connector: 'postgresql', db: 'shop', schema: 'public' }
    const place = { table: 'accounts', txId: this.#lsn, lsn: this.#lsn++, snapshot: op === 'r' }
    this.#put(key, {
      ...{ before, after, source: { ...source, ...place, ts_ms: 1_700_000_000_000 + this.#lsn } },
      ...{ op, ts_ms: 1_700_000_000_500 + this.#lsn, transaction: null },
    })
  }

  #fresh(id: number): Row {
    const r = this.#random
    const amount = `${r.below(100_000)}.${String(r.below(100)).padStart(2, '0')}`
    return { id, city: CITIES[r.below(CITIES.length)], amount }
  }

  /** What is there when the connector begins. */
  snapshot(): void {
    for (let id = 0; id < KEYS; id += 2) {
      const row = this.#fresh(id)
      this.rows.set(id, row)
      this.#event('r', null, row, id)
    }
  }

  #delete(old: Row): void {
    this.rows.delete(old.id)
    this.#event('d', old, null, old.id)
    this.#put(old.id, null)
  }

  #insert(row: Row): void {
    this.rows.set(row.id, row)
    this.#event('c', null, row, row.id)
  }

  change(count: number): void {
    const r = this.#random
    for (let n = 0; n < count; n++) {
      const id = r.below(KEYS)
      const old = this.rows.get(id)
      if (old === undefined) this.#insert(this.#fresh(id))
      else if (r.below(4) === 0) this.#delete(old)
      else if (r.below(8) === 0) {
        // Another key: the row goes and comes.
        const other = r.below(KEYS)
        if (this.rows.has(other)) continue
        this.#delete(old)
        this.#insert({ ...old, id: other })
      } else {
        const row = this.#fresh(id)
        this.rows.set(id, row)
        this.#event('u', old, row, id)
      }
    }
  }

  truncate(): void {
    this.rows.clear()
    this.#event('t', null, null, null)
  }

  /** What is not in the topic yet. */
  taken(): Record_[] {
    return this.#messages.splice(0)
  }

  sorted(): Row[] {
    return [...this.rows.values()].sort((a, b) => a.id - b.id)
  }

  /** Count and cents by city. */
  totals() {
    const byCity = Map.groupBy(this.sorted(), ({ city }) => city)
    return [...byCity]
      .map(([city, rows]) => ({
        ...{ city, n: rows.length },
        cents: rows.reduce((sum, { amount }) => sum + Number(amount.replace('.', '')), 0),
      }))
      .sort((a, b) => (a.city < b.city ? -1 : 1))
  }
}

describeWith('kafka with debezium-json', missingKafka(), () => {
  const seed = seedOf('kafka debezium')
  const r = random(seed)
  let broker: KafkaBroker
  let server: ContractServer
  /** One that may be truncated, in one partition, with schemas; and one in three. */
  const one = new Upstream('one', r, true)
  const three = new Upstream('three', r, false)

  beforeAll(async () => {
    broker = await KafkaBroker.start()
    server = await ContractServer.start()
    // A truncation has no key, which a compacted topic does not take.
    await broker.topic('one')
    await broker.topic('three', { partitions: 3, configs: { 'cleanup.policy': 'compact' } })
  }, 120_000)
  afterAll(async () => {
    server?.close()
    await broker?.close()
  }, 60_000)

  async function define(name: string, columns: string, more: TableOptions): Promise<void> {
    const options = {
      ...{ connector: 'kafka', 'properties.bootstrap.servers': broker.bootstrap },
      ...{ format: 'debezium-json', 'bad-records': 'fail', ...more },
    }
    await server.sql(createTable(name, columns, options))
    await server.sql(`
      CREATE MATERIALIZED VIEW ${name}_rows AS SELECT id, city, amount FROM ${name};
      CREATE MATERIALIZED VIEW ${name}_totals AS
        SELECT city, COUNT(*) AS n, SUM(amount) AS total FROM ${name} GROUP BY city`)
  }

  async function equals(name: string, upstream: Upstream): Promise<void> {
    const text = (rows: unknown) => JSON.stringify(rows)
    const rows = () => server.sql(`SELECT id, city, amount FROM ${name}_rows ORDER BY id`)
    const wanted = upstream.sorted()
    await server
      .eventually(rows, (found) => text(found) === text(wanted))
      .catch(async (error) => {
        expect(await rows(), `seed ${seed}, ${error}`).toEqual(wanted)
      })
    const totals = async () =>
      (await server.sql(`SELECT city, n, total FROM ${name}_totals`))
        .map(({ city, n, total }) => ({ city, n, cents: Math.round(Number(total) * 100) }))
        .sort((a, b) => (String(a.city) < String(b.city) ? -1 : 1))
    await server.eventually(totals, (found) => text(found) === text(upstream.totals()))
    await sleep(60)
    expect(await rows()).toEqual(wanted)
    expect(await totals()).toEqual(upstream.totals())
    // The topic from its beginning.
    expect(await server.sql(`SELECT id, city, amount FROM ${name} ORDER BY id`)).toEqual(wanted)
  }

  it(`is the table, over ${ROUNDS} rounds of deaths`, async () => {
    for (const upstream of [one, three]) upstream.snapshot()
    await broker.send([...one.taken(), ...three.taken()])
    const columns = 'id INT NOT NULL, city STRING NOT NULL, amount DECIMAL(12, 2) NOT NULL'
    const keyed = `${columns}, PRIMARY KEY (id) NOT ENFORCED`
    await define('one_keyed', keyed, { topic: 'one', 'debezium-json.schema-include': 'true' })
    await define('three_keyed', keyed, { topic: 'three' })
    await define('three_plain', columns, { topic: 'three' })
    const all = async () => {
      await equals('one_keyed', one)
      await equals('three_keyed', three)
      await equals('three_plain', three)
    }
    let isUp = true
    let isOver = false
    let sending: Promise<void> | undefined
    const changing = (async () => {
      while (!isOver) {
        one.change(20 + r.below(60))
        three.change(20 + r.below(60))
        if (r.below(12) === 0) one.truncate()
        // Nobody sends while the broker dies: who has no answer would not know what is there.
        while (!isUp) await sleep(10)
        sending = broker.send([...one.taken(), ...three.taken()])
        await sending
        await sleep(15)
      }
    })()
    changing.catch(() => {})
    const killBroker = async () => {
      isUp = false
      await sending
      await broker.kill()
    }
    const restartBroker = async () => {
      await broker.restart()
      isUp = true
    }
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(200 + r.below(300))
      switch (round % 4) {
        case 0:
          await server.kill()
          await server.start()
          break
        case 1:
          await killBroker()
          await restartBroker()
          break
        case 2:
          await killBroker()
          await server.kill()
          // A replay may need what the broker has: the server is ready when both are there.
          await Promise.all([server.start(), sleep(r.below(1000)).then(restartBroker)])
          break
        default:
          await server.kill()
          await sleep(r.below(300))
          await server.start()
          await sleep(r.below(100))
          await server.kill()
          await server.start()
      }
    }
    isOver = true
    await changing
    await all()
    one.truncate()
    one.change(30)
    await broker.send(one.taken())
    await all()
    // Debezium that has died tells again what it is not sure of having told.
    three.change(50)
    const last = three.taken()
    await broker.send(last)
    await equals('three_plain', three)
    await server.sql(
      'DROP MATERIALIZED VIEW three_plain_rows; DROP MATERIALIZED VIEW three_plain_totals',
    )
    await broker.send(last)
    await equals('three_keyed', three)
  }, 900_000)
})
