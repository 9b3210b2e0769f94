/** What the kafka connectors have beyond the contracts: metadata, codecs, transactions, where they
 *  begin and end, partitions that come later, passwords and TLS, keys, upsert-kafka. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeCertificates } from '../../brokers/certificates.ts'
import {
  KAFKA_PASSWORD,
  KAFKA_USER,
  KafkaBroker,
  missingKafka,
  record,
} from '../../brokers/kafka.ts'
import { describeWith, sleep } from '../../brokers/program.ts'
import { createTable, type TableOptions } from '../../contract/broker.ts'
import { TestServer } from '../../server/test-server.ts'
import { withExamples } from '../with-examples.ts'

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const NEW_PRODUCER = { producerId: -1n, producerEpoch: -1 }

describeWith('kafka', missingKafka(), () => {
  let broker: KafkaBroker
  let server: TestServer
  let number = 0

  beforeAll(async () => {
    broker = await KafkaBroker.start()
    server = await TestServer.start({ checkpointIntervalMs: 100 })
  }, 120_000)

  afterAll(async () => {
    await server?.stop()
    await broker?.close()
  }, 60_000)

  const options = (topic: string, more: TableOptions = {}): TableOptions => ({
    connector: 'kafka',
    ...(more['topic-pattern'] === undefined ? { topic } : {}),
    'properties.bootstrap.servers': broker.bootstrap,
    ...more,
  })

  /** An empty topic under a new name. */
  async function topic(...args: [Parameters<KafkaBroker['topic']>[1]?]): Promise<string> {
    const name = `t${++number}`
    await broker.topic(name, ...args)
    return name
  }

  /** A new table's name. */
  async function define(
    of: string,
    more: TableOptions = {},
    columns = 'id BIGINT',
  ): Promise<string> {
    const name = `s${++number}`
    await server.sql(createTable(name, columns, options(of, more)))
    return name
  }

  const idsOf = async (table: string) =>
    (await server.rows(`SELECT id FROM ${table}`)).flat().sort((a, b) => Number(a) - Number(b))

  /** Puts messages `{"id":n}` into a topic. */
  const send = (of: string, ids: readonly number[], more: Parameters<typeof record>[2] = {}) =>
    broker.send(ids.map((id) => record(of, JSON.stringify({ id }), more)))

  const query = async (name: string) =>
    (await server.get(`/v1/queries/${name}`)).json as unknown as {
      readonly state: string
      readonly error: { readonly code: string; readonly message: string } | null
    }

  async function eventually(check: () => Promise<boolean>, what: () => unknown): Promise<void> {
    const untilMs = performance.now() + 15_000
    while (!(await check())) {
      if (performance.now() > untilMs) throw new Error(`not: ${JSON.stringify(await what())}`)
      await sleep(20)
    }
  }

  it('brings what Kafka knows of a message', async () => {
    const name = await topic({ partitions: 3 })
    const headers = new Map([
      [Buffer.from('trace'), Buffer.from('abc')],
      [Buffer.from('empty'), Buffer.from('')],
    ])
    const timestamp = 1_700_000_000_123n
    await broker.send([
      record(name, '{"id":1}', { key: Buffer.from('kü'), headers, timestamp, partition: 2 }),
    ])
    await send(name, [2], { partition: 2 })
    const table = await define(
      name,
      {},
      `id BIGINT, topic STRING METADATA, p INT METADATA FROM 'partition', o BIGINT METADATA FROM 'offset',
       ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', kind STRING METADATA FROM 'timestamp-type',
       headers MAP<STRING, BYTES> METADATA, k BYTES METADATA FROM 'key', epoch INT METADATA FROM 'leader-epoch'`,
    )
    const rows =
      await server.rows(`SELECT id, topic, p, o, kind, CAST(headers['trace'] AS STRING) AS trace,
      CARDINALITY(headers) AS n, CAST(k AS STRING) AS k, epoch, ts FROM ${table} ORDER BY id`)
    expect(rows.map((row) => row.slice(0, 9))).toEqual([
      [1, name, 2, 0, 'CreateTime', 'abc', 2, 'kü', 0],
      [2, name, 2, 1, 'CreateTime', null, 0, null, 0],
    ])
    expect(Date.parse(String(rows[0][9]))).toBe(Number(timestamp))
    const stamped = await topic({ configs: { 'message.timestamp.type': 'LogAppendTime' } })
    await broker.send([record(stamped, '{"id":1}', { timestamp })])
    const later = await define(
      stamped,
      {},
      "kind STRING METADATA FROM 'timestamp-type', ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', id INT",
    )
    const [[kind, ts]] = await server.rows(`SELECT kind, ts FROM ${later}`)
    expect(kind).toBe('LogAppendTime')
    expect(Math.abs(Date.parse(String(ts)) - Date.now())).toBeLessThan(60_000)
  }, 30_000)

  it('reads every codec, from clients and as brokers pack it themselves', async () => {
    for (const codec of CODECS) {
      const name = await topic()
      const packed = await topic({ configs: { 'compression.type': codec } })
      const pad = 'millrace '.repeat(20)
      const messages = (of: string) =>
        Array.from({ length: 3000 }, (_, id) => record(of, JSON.stringify({ id, pad })))
      await broker.send(messages(name), codec)
      await broker.send(messages(packed))
      for (const of of [name, packed]) {
        const table = await define(of, {}, 'id BIGINT, pad STRING')
        expect(
          await server.rows(`SELECT COUNT(*), SUM(id), MIN(pad), MAX(pad) FROM ${table}`),
        ).toEqual([[3000, 4_498_500, pad, pad]])
      }
    }
  }, 60_000)

  it('waits for transactions, and passes over aborted ones', async () => {
    const name = await topic()
    const producer = broker.producer(`tx-${name}`)
    const write = async (ids: readonly number[], end: 'commit' | 'abort' | 'nothing') => {
      const transaction = await producer.beginTransaction(NEW_PRODUCER)
      await transaction.send({
        messages: ids.map((id) => record(name, JSON.stringify({ id }))),
      })
      if (end !== 'nothing') await transaction[end]()
      return transaction
    }
    await write([1, 2], 'abort')
    await write([3, 4], 'commit')
    await write([5], 'abort')
    await send(name, [6])
    const table = await define(name)
    const all = await define(name, { 'properties.isolation.level': 'read_uncommitted' })
    await eventually(
      async () => (await idsOf(table)).length === 3,
      () => idsOf(table),
    )
    const open = await write([7], 'nothing')
    await send(name, [8])
    await server.sql(`CREATE MATERIALIZED VIEW v_${table} AS SELECT COUNT(*) AS n FROM ${table}`)
    expect(await idsOf(table)).toEqual([3, 4, 6])
    expect(await idsOf(all)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    await server.eventually(`SELECT n FROM v_${table}`, [[3]])
    await open.commit()
    await server.eventually(`SELECT n FROM v_${table}`, [[5]])
    await producer.close(true)
  }, 60_000)

  it('begins and ends where it is told to', async () => {
    const name = await topic({ partitions: 2 })
    await send(name, [1, 2, 3], { partition: 0, timestamp: 1000n })
    await send(name, [4, 5], { partition: 0, timestamp: 2000n })
    await send(name, [11, 12], { partition: 1, timestamp: 1500n })
    await send(name, [13], { partition: 1, timestamp: 2500n })
    const read = async (more: TableOptions) => idsOf(await define(name, more))
    const start = (mode: string, more: TableOptions = {}) => ({
      'scan.startup.mode': mode,
      ...more,
    })
    const stop = (mode: string, more: TableOptions = {}) => ({ 'scan.bounded.mode': mode, ...more })
    expect(await read({})).toEqual([1, 2, 3, 4, 5, 11, 12, 13])
    expect(await read(start('latest-offset'))).toEqual([])
    const at = { 'scan.startup.timestamp-millis': '1800' }
    expect(await read(start('timestamp', at))).toEqual([4, 5, 13])
    const late = { 'scan.startup.timestamp-millis': '9000' }
    expect(await read(start('timestamp', late))).toEqual([])
    const places = { 'scan.startup.specific-offsets': 'partition:0,offset:4' }
    expect(await read(start('specific-offsets', places))).toEqual([5, 11, 12, 13])
    const before = { 'scan.bounded.timestamp-millis': '1800' }
    expect(await read(stop('timestamp', before))).toEqual([1, 2, 3, 11, 12])
    const first = { 'scan.bounded.specific-offsets': 'partition:0,offset:1;partition:1,offset:0' }
    expect(await read(stop('specific-offsets', first))).toEqual([1])

    const group = { 'properties.group.id': `g-${name}` }
    await broker.admin.alterConsumerGroupOffsets({
      groupId: `g-${name}`,
      topics: [{ name, partitionOffsets: [{ partition: 0, offset: 3n }] }],
    })
    const codeOf = async (table: string) =>
      (await server.post('/v1/sql', { sql: `SELECT id FROM ${table}` })).json.code
    expect(await codeOf(await define(name, group))).toBe('INVALID_OPTION')
    const latest = { ...group, 'properties.auto.offset.reset': 'latest' }
    expect(await read(latest)).toEqual([4, 5])
    const earliest = { ...group, 'properties.auto.offset.reset': 'earliest' }
    expect(await read(earliest)).toEqual([4, 5, 11, 12, 13])
  }, 60_000)

  it('a bounded table ends, and its windows close', async () => {
    const name = await topic({ partitions: 2 })
    await send(name, [1, 2], { partition: 0, timestamp: 1_700_000_000_000n })
    const table = `s${++number}`
    await server.sql(
      createTable(
        table,
        `id BIGINT, ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', WATERMARK FOR ts AS ts`,
        options(name, { 'scan.bounded.mode': 'latest-offset' }),
      ),
    )
    await server.sql(`CREATE MATERIALIZED VIEW v_${table} AS SELECT window_start, COUNT(*) AS n
      FROM TABLE(TUMBLE(TABLE ${table}, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end`)
    await server.eventually(`SELECT n FROM v_${table}`, [[2]])
    await eventually(
      async () => (await query(`v_${table}`)).state === 'ended',
      () => query(`v_${table}`),
    )
  }, 30_000)

  it('finds partitions and topics that come later, and misses nothing of them', async () => {
    const name = await topic()
    await send(name, [1])
    const often = { 'scan.topic-partition-discovery.interval': '100 ms' }
    const table = await define(name, { ...often, 'scan.startup.mode': 'latest-offset' })
    const pattern = `${name}(-.*)?`
    const many = await define(name, { ...often, 'topic-pattern': pattern })
    for (const of of [table, many]) {
      await server.sql(
        `CREATE MATERIALIZED VIEW v_${of} AS SELECT COUNT(*) AS n, SUM(id) AS s FROM ${of}`,
      )
    }
    await server.eventually(`SELECT n, s FROM v_${many}`, [[1, 1]])
    await eventually(
      async () => (await query(`v_${table}`)).state === 'running',
      () => query(`v_${table}`),
    )
    await sleep(300)
    await broker.addPartitions(name, 3)
    await send(name, [10, 20], { partition: 2 })
    await server.eventually(`SELECT n, s FROM v_${table}`, [[2, 30]])
    await server.eventually(`SELECT n, s FROM v_${many}`, [[3, 31]])
    await broker.topic(`${name}-b`)
    await send(`${name}-b`, [100])
    await broker.topic(`${name}b`)
    await send(`${name}b`, [1000])
    await server.eventually(`SELECT n, s FROM v_${many}`, [[4, 131]])
    await server.restart()
    await send(name, [5], { partition: 1 })
    await server.eventually(`SELECT n, s FROM v_${many}`, [[5, 136]])
    await server.eventually(`SELECT n, s FROM v_${table}`, [[3, 35]])
  }, 60_000)

  it('waits for a topic that is not there yet, and says so', async () => {
    const name = `t${++number}`
    const table = await define(name)
    await server.sql(`CREATE MATERIALIZED VIEW v_${table} AS SELECT COUNT(*) AS n FROM ${table}`)
    await eventually(
      async () =>
        (await query(`v_${table}`)).error?.message.includes(`no topic '${name}'`) === true,
      () => query(`v_${table}`),
    )
    expect((await query(`v_${table}`)).state).toBe('retrying')
    await broker.topic(name)
    await send(name, [1])
    await server.eventually(`SELECT n FROM v_${table}`, [[1]], 20_000)
  }, 60_000)

  it('logs in with a password over TLS', async () => {
    const name = await topic()
    await send(name, [1, 2])
    const secure = {
      'properties.bootstrap.servers': broker.secureBootstrap,
      'properties.security.protocol': 'SASL_SSL',
      'properties.ssl.truststore.location': broker.certificate,
    }
    const own = {
      'properties.sasl.username': KAFKA_USER,
      'properties.sasl.password': KAFKA_PASSWORD,
    }
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      const table = await define(name, {
        ...secure,
        ...own,
        'properties.sasl.mechanism': mechanism,
      })
      expect(await idsOf(table), mechanism).toEqual([1, 2])
    }
    const jaas = `org.apache.kafka.common.security.scram.ScramLoginModule required
      username=${JSON.stringify(KAFKA_USER)} password=${JSON.stringify(KAFKA_PASSWORD)};`
    const scram = { ...secure, 'properties.sasl.mechanism': 'SCRAM-SHA-256' }
    expect(
      await idsOf(await define(name, { ...scram, 'properties.sasl.jaas.config': jaas })),
    ).toEqual([1, 2])
    const codeOf = async (more: TableOptions) => {
      const sql = `SELECT id FROM ${await define(name, more)}`
      const { json } = await server.post('/v1/sql', { sql })
      return `${json.code}: ${json.detail}`
    }
    const wrong = { ...scram, ...own, 'properties.sasl.password': 'wrong' }
    expect(await codeOf(wrong)).toMatch(/^CONNECTOR_FAILED: .*uthenticat/)
    const { 'properties.ssl.truststore.location': _, ...distrusting } = { ...scram, ...own }
    expect(await codeOf(distrusting)).toMatch(/^CONNECTOR_FAILED: .*self.signed/)
    const folder = mkdtempSync(join(tmpdir(), 'millrace-certificates-'))
    const { ca: other } = makeCertificates(folder)
    const misled = { ...scram, ...own, 'properties.ssl.truststore.location': other }
    expect(await codeOf(misled)).toMatch(/^CONNECTOR_FAILED: .*self.signed/)
    rmSync(folder, { recursive: true })
    const noFile = { ...scram, ...own, 'properties.ssl.truststore.location': '/none' }
    expect(await codeOf(noFile)).toMatch(/^INVALID_OPTION: .*no file/)
    const shown = await server.sql(`SHOW CREATE TABLE s${number}`)
    expect(JSON.stringify(shown)).not.toContain(KAFKA_PASSWORD)
  }, 60_000)

  /** What a group has committed for a partition; -1: nothing. */
  async function committedOffset(
    groupId: string,
    topic: { readonly name: string; readonly partitionIndexes: number[] },
  ): Promise<number> {
    const groups = [{ groupId, topics: [topic] }]
    const [found] = await broker.admin.listConsumerGroupOffsets({ groups })
    return Number(found.topics[0]?.partitions[0]?.committedOffset ?? -1)
  }

  it('tells the consumer group nothing before it is in a checkpoint', async () => {
    const name = await topic()
    await send(name, [1, 2, 3])
    const group = `g-${name}`
    const committed = () => committedOffset(group, { name, partitionIndexes: [0] })
    const other = await TestServer.start({ checkpointIntervalMs: 3_600_000 })
    try {
      const more = { 'properties.group.id': group, 'scan.startup.mode': 'earliest-offset' }
      await other.sql(createTable('t', 'id BIGINT', options(name, more)))
      await other.sql('CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM t')
      await other.eventually('SELECT n FROM v', [[3]])
      await sleep(300)
      expect(await committed()).toBe(-1)
    } finally {
      // An orderly end makes a checkpoint.
      await other.stop()
    }
    expect(await committed()).toBe(3)
  }, 30_000)

  it('tells the consumer group what is in a checkpoint', async () => {
    const name = await topic({ partitions: 2 })
    await send(name, [1, 2, 3], { partition: 1 })
    const group = `g-${name}`
    const table = await define(name, {
      ...{ 'properties.group.id': group, 'scan.startup.mode': 'earliest-offset' },
    })
    await server.sql(`CREATE MATERIALIZED VIEW v_${table} AS SELECT COUNT(*) AS n FROM ${table}`)
    await server.eventually(`SELECT n FROM v_${table}`, [[3]])
    const committed = () => committedOffset(group, { name, partitionIndexes: [1] })
    await eventually(async () => (await committed()) >= 3, committed)
    await send(name, [4], { partition: 1 })
    await server.eventually(`SELECT n FROM v_${table}`, [[4]])
    await eventually(async () => (await committed()) >= 4, committed)
  }, 30_000)

  it('fails when the broker has lost what comes next, unless it is told where to go on', async () => {
    const name = await topic()
    await send(name, [1, 2, 3])
    const table = await define(name)
    const lenient = await define(name, { 'properties.auto.offset.reset': 'earliest' })
    for (const of of [table, lenient]) {
      await server.sql(`CREATE MATERIALIZED VIEW v_${of} AS SELECT COUNT(*) AS n FROM ${of}`)
      await server.eventually(`SELECT n FROM v_${of}`, [[3]])
      await server.post(`/v1/queries/v_${of}/pause`, {})
    }
    await server.running.close()
    await send(name, [4, 5, 6])
    await broker.admin.deleteRecords({
      topics: [{ name, partitions: [{ partition: 0, offset: 5n }] }],
    })
    await server.open()
    for (const of of [table, lenient]) await server.post(`/v1/queries/v_${of}/resume`, {})
    await server.eventually(`SELECT n FROM v_${lenient}`, [[4]])
    await eventually(
      async () => (await query(`v_${table}`)).state === 'failed',
      () => query(`v_${table}`),
    )
    expect((await query(`v_${table}`)).error?.code).toBe('DATA_DAMAGED')
  }, 60_000)

  it('keeps what does not fit, with its offset', async () => {
    const name = await topic()
    await broker.send([
      record(name, '{"id":1}'),
      record(name, 'nonsense'),
      record(name, '{"id":2}'),
    ])
    const table = await define(name)
    await server.sql(`CREATE MATERIALIZED VIEW v_${table} AS SELECT COUNT(*) AS n FROM ${table}`)
    await server.eventually(`SELECT n FROM v_${table}`, [[2]])
    await server.eventually(
      `SELECT split, "offset", CAST(record AS STRING) FROM "${table}$dead_letters"`,
      [[`${name}-0`, '1', 'nonsense']],
    )
  }, 30_000)

  it('writes keys, headers and times, and keeps a key in one partition', async () => {
    const name = await topic({ partitions: 4 })
    await server.sql(
      'CREATE TABLE orders (id BIGINT NOT NULL, customer STRING NOT NULL, at TIMESTAMP_LTZ(3))',
    )
    const table = await define(
      name,
      {
        ...{ 'key.format': 'raw', 'key.fields': 'customer', 'properties.compression.type': 'zstd' },
        'value.fields-include': 'EXCEPT_KEY',
      },
      `id BIGINT NOT NULL, customer STRING NOT NULL, headers MAP<STRING, BYTES> METADATA,
       at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', o BIGINT METADATA FROM 'offset' VIRTUAL`,
    )
    await server.sql(`INSERT INTO ${table}
      SELECT id, customer, MAP['source', CAST('millrace' AS BYTES)], at FROM orders`)
    const lines = Array.from({ length: 20 }, (_, id) =>
      JSON.stringify({
        id,
        customer: `c${id % 5}`,
        at: id === 7 ? null : `20${10 + id}-01-01T00:00:00Z`,
      }),
    )
    await server.post('/v1/streams/orders/records', lines.join('\n'), {
      'content-type': 'application/x-ndjson',
    })
    await eventually(
      async () => (await broker.read(name)).length === 20,
      () => broker.read(name),
    )
    const messages = await broker.read(name)
    const byKey = Map.groupBy(messages, ({ key }) => key)
    expect([...byKey.keys()].sort()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4'])
    for (const [, list] of byKey)
      expect(new Set(list.map(({ partition }) => partition)).size).toBe(1)
    for (const { value, headers, timestampMs } of messages) {
      const { id, ...rest } = JSON.parse(value!)
      expect(rest).toEqual({})
      expect(headers).toEqual(new Map([['source', 'millrace']]))
      const wanted = id === 7 ? Date.now() : Date.parse(`20${10 + id}-01-01T00:00:00Z`)
      expect(Math.abs(timestampMs - wanted)).toBeLessThan(60_000)
    }
  }, 30_000)

  it('writes headers of any size, and those without a value', async () => {
    const name = await topic()
    const from = `s${++number}`
    await server.sql(`CREATE TABLE ${from} (id BIGINT NOT NULL, h STRING)`)
    const columns = 'id BIGINT NOT NULL, headers MAP<STRING, BYTES> METADATA'
    const table = await define(name, {}, columns)
    await server.sql(`INSERT INTO ${table} SELECT id, MAP['h', CAST(h AS BYTES)] FROM ${from}`)
    // More than a request takes, if only the values counted.
    const lines = Array.from({ length: 3000 }, (_, id) =>
      JSON.stringify({ id, h: id % 2 === 0 ? null : 'x'.repeat(1500) }),
    )
    await server.post(`/v1/streams/${from}/records`, lines.join('\n'), {
      'content-type': 'application/x-ndjson',
    })
    await eventually(
      async () => (await broker.read(name)).length >= 3000,
      async () => query(`insert_into_${table}`),
    )
    const messages = await broker.read(name)
    expect(messages.map(({ headers }) => headers.get('h')?.length)).toEqual(
      Array.from({ length: 3000 }, (_, id) => (id % 2 === 0 ? undefined : 1500)),
    )
    expect(messages[0].headers).toEqual(new Map([['h', null]]))
    const counts = `SELECT COUNT(*), COUNT(headers['h']) FROM ${table}`
    expect(await server.rows(counts)).toEqual([[3000, 1500]])
  }, 30_000)

  it('a message that the broker does not take holds its job up, and repeats no other', async () => {
    const name = await topic({ configs: { 'max.message.bytes': '2000' } })
    const from = `s${++number}`
    await server.sql(`CREATE TABLE ${from} (id BIGINT NOT NULL, n INT)`)
    const table = await define(name, {}, 'id BIGINT NOT NULL, pad STRING')
    await server.sql(`INSERT INTO ${table} SELECT id, REPEAT('x', n) FROM ${from}`)
    await server.sql(`INSERT INTO ${from} VALUES (1, 10), (2, 900000), (3, 10)`)
    await eventually(
      async () =>
        String((await query(`insert_into_${table}`)).error?.message).includes('TOO_LARGE'),
      () => query(`insert_into_${table}`),
    )
    await sleep(1000)
    const ids = async () => (await broker.read(name)).map(({ value }) => JSON.parse(value!).id)
    expect(await ids()).toEqual([1])
    await broker.configure(name, 'max.message.bytes', '2000000')
    await eventually(async () => (await ids()).length === 3, ids)
    expect(await ids()).toEqual([1, 2, 3])
    expect((await query(`insert_into_${table}`)).error).toBe(null)
  }, 30_000)

  it('upsert-kafka holds a table that changes', async () => {
    const name = await topic({ partitions: 2, configs: { 'cleanup.policy': 'compact' } })
    const upsert = {
      ...{ connector: 'upsert-kafka', 'key.format': 'json', 'value.format': 'json' },
      'sink.delivery-guarantee': 'exactly-once',
    }
    const { format: _, ...more } = { format: '', ...upsert }
    const define2 = async (columns: string) => {
      const table = `s${++number}`
      const list = Object.entries({ ...options(name), ...more }).map(([k, v]) => `'${k}' = '${v}'`)
      await server.sql(`CREATE TABLE ${table} (${columns}) WITH (${list.join(', ')})`)
      return table
    }
    const columns = 'customer STRING, n BIGINT NOT NULL, PRIMARY KEY (customer) NOT ENFORCED'
    const target = await define2(columns)
    const source = await define2(columns)
    await server.sql(
      `CREATE TABLE visits (k INT, customer STRING NOT NULL, PRIMARY KEY (k) NOT ENFORCED)`,
    )
    await server.sql(
      `INSERT INTO ${target} SELECT customer, COUNT(*) FROM visits GROUP BY customer`,
    )
    await server.sql(`CREATE MATERIALIZED VIEW v_${source} AS SELECT customer, n FROM ${source}`)
    const all = `SELECT customer, n FROM v_${source} ORDER BY customer`
    await server.sql("INSERT INTO visits VALUES (1, 'a'), (2, 'b'), (3, 'a')")
    await server.eventually(all, [
      ['a', 2],
      ['b', 1],
    ])
    await server.sql('DELETE FROM visits WHERE k = 2')
    await server.sql("UPDATE visits SET customer = 'c' WHERE k = 1")
    await server.eventually(all, [
      ['a', 1],
      ['c', 1],
    ])
    const messages = await broker.read(name)
    const current = new Map(messages.map(({ key, value }) => [key, value]))
    expect(current.get('{"customer":"b"}')).toBeUndefined()
    expect(messages.some(({ value }) => value === undefined)).toBe(true)
    expect(JSON.parse(current.get('{"customer":"a"}')!)).toEqual({ customer: 'a', n: 1 })
    expect(await server.rows(`SELECT customer, n FROM ${source} ORDER BY customer`)).toEqual([
      ['a', 1],
      ['c', 1],
    ])
    const refused = await server.post('/v1/sql', {
      sql: `INSERT INTO ${target} SELECT customer, CAST(k AS BIGINT) FROM visits`,
    })
    expect(refused.json.code).toBe('UNSUPPORTED')
  }, 60_000)

  it('kafka.sql does what it says', async () => {
    for (const name of ['orders', 'revenue', 'customers']) await broker.topic(name)
    const changes = { 'localhost:9092': broker.bootstrap, '30 s': '100 ms' }
    await withExamples(['kafka.sql'], changes, async (example) => {
      const order = (id: number, amount: number, time: string) =>
        JSON.stringify({ id, customer: 'ada', amount, ts: `2026-05-06T07:${time}Z` })
      const texts = [order(1, 12.5, '08:09'), order(2, 7.5, '08:30'), 'none', order(3, 1, '10:00')]
      await broker.send(texts.map((text) => record('orders', text)))
      await example.eventually('SELECT orders, amount FROM revenue_per_minute', [[2, '20.00']])
      await example.eventually('SELECT "offset" FROM "orders$dead_letters"', [['2']])
      await expect
        .poll(() => broker.read('revenue'), { timeout: 10_000 })
        .toMatchObject([
          {
            key: 'ada',
            value: '{"customer":"ada","orders":2,"amount":"20.00"}',
            timestampMs: Date.parse('2026-05-06T07:09:00Z'),
          },
        ])
      const last = async () => (await broker.read('customers')).at(-1)?.value
      await expect
        .poll(last, { timeout: 10_000 })
        .toBe('{"customer":"ada","orders":3,"amount":"21.00"}')
    })
  }, 60_000)
})
