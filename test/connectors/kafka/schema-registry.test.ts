/** Avro and Protobuf with a schema registry over a real broker, both ways: keys and values, schemas
 *  that change in the stream, a registry that is away, a server that starts again. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { KafkaBroker, missingKafka, record } from '../../brokers/kafka.ts'
import { describeWith, sleep } from '../../brokers/program.ts'
import { createTable, type TableOptions } from '../../contract/broker.ts'
import { oracle } from '../../engine/format/avro/avsc.ts'
import { RegistryServer } from '../../engine/format/registry-server.ts'
import { TestServer } from '../../server/test-server.ts'

const SCHEMA = (...fields: object[]): string =>
  JSON.stringify({ type: 'record', name: 'order', fields })
const V1 = SCHEMA({ name: 'id', type: 'int' })
const V2 = SCHEMA({ name: 'name', type: 'string' }, { name: 'id', type: 'long' })

describeWith('schema registry', missingKafka(), () => {
  const registry = new RegistryServer()
  let broker: KafkaBroker
  let server: TestServer
  let number = 0

  beforeAll(async () => {
    await registry.start()
    broker = await KafkaBroker.start()
    server = await TestServer.start({ checkpointIntervalMs: 100 })
  }, 120_000)

  afterAll(async () => {
    await server?.stop()
    await broker?.close()
    await registry.stop()
  }, 60_000)

  const options = (topic: string, more: TableOptions = {}): TableOptions => ({
    ...{ connector: 'kafka', topic, 'properties.bootstrap.servers': broker.bootstrap },
    ...{ format: 'avro-confluent', 'avro-confluent.url': registry.url },
    ...more,
  })

  async function topic(): Promise<string> {
    const name = `r${++number}`
    await broker.topic(name)
    return name
  }

  const confluent = (id: number, schema: string, value: unknown): Buffer => {
    const header = Buffer.alloc(5)
    header.writeInt32BE(id, 1)
    return Buffer.concat([header, oracle(schema).toBuffer(value)])
  }

  /** Bytes as Kafka has them. */
  async function raw(of: string): Promise<Buffer[]> {
    const name = `raw${++number}`
    const plain = { connector: 'kafka', topic: of, format: 'raw' }
    const address = { 'properties.bootstrap.servers': broker.bootstrap }
    await server.sql(createTable(name, 'b BYTES', { ...plain, ...address }))
    const rows = await server.rows(`SELECT b FROM ${name}`)
    return rows.map(([text]) => Buffer.from(text as string, 'base64'))
  }

  const query = async (name: string) =>
    (await server.get(`/v1/queries/${name}`)).json as unknown as {
      readonly state: string
      readonly error: { readonly code: string; readonly message: string } | null
    }

  it('writes keys and values that others read, and reads them', async () => {
    const of = await topic()
    const both = options(of, {
      ...{ 'key.format': 'avro-confluent', 'key.avro-confluent.url': registry.url },
      ...{ 'key.fields': 'id', 'value.fields-include': 'EXCEPT_KEY' },
    })
    const columns =
      'id BIGINT NOT NULL, at TIMESTAMP(3), price DECIMAL(10, 2), tags ARRAY<STRING>, inner_ ROW<a INT, b STRING>'
    await server.sql(createTable('written', columns, both))
    await server.sql(`CREATE TABLE given (${columns})`)
    await server.sql('INSERT INTO written SELECT * FROM given')
    await server.sql(`INSERT INTO given VALUES
      (1, TIMESTAMP '2024-05-06 07:08:09.123', 12.34, ARRAY['x', 'ü'], ROW(7, 'b')),
      (2, CAST(NULL AS TIMESTAMP(3)), CAST(NULL AS DECIMAL(10, 2)), CAST(NULL AS ARRAY<STRING>), CAST(NULL AS ROW<a INT, b STRING>))`)
    await server.sql(createTable('readback', columns, both))
    await server.sql(
      'CREATE MATERIALIZED VIEW v_readback AS SELECT id, at, price, tags, inner_ FROM readback',
    )
    await server.eventually(
      'SELECT * FROM v_readback ORDER BY id',
      [
        [1, '2024-05-06T07:08:09.123', '12.34', ['x', 'ü'], { a: 7, b: 'b' }],
        [2, null, null, null, null],
      ],
      20_000,
    )
    const [value] = await raw(of)
    const [id] = registry.versionsOf(`${of}-value`)
    expect(value.readInt32BE(1)).toBe(id)
    const found = oracle(registry.schemaOf(id)?.schema ?? '').fromBuffer(value.subarray(5))
    expect(found).toMatchObject({
      at: { long: BigInt(Date.UTC(2024, 4, 6, 7, 8, 9, 123)) },
      price: { bytes: Buffer.from([0x04, 0xd2]) },
      tags: { array: [{ string: 'x' }, { string: 'ü' }] },
      inner_: { record_inner_: { a: { int: 7 }, b: { string: 'b' } } },
    })
    const [keyId] = registry.versionsOf(`${of}-key`)
    expect(JSON.parse(registry.schemaOf(keyId)?.schema ?? '').fields).toEqual([
      { name: 'id', type: 'long' },
    ])
  }, 60_000)

  it('waits for a registry that is away, over another schema and a restart; nothing is missing', async () => {
    const of = await topic()
    const one = registry.add(`${of}-value`, { schema: V1 })
    const two = registry.add(`${of}-value`, { schema: V2 })
    const first = Array.from({ length: 100 }, (_, id) => confluent(one, V1, { id }))
    const second = Array.from({ length: 100 }, (_, i) =>
      confluent(two, V2, { id: BigInt(100 + i), name: `n${i}` }),
    )
    const send = (values: readonly Buffer[]) =>
      broker.send(values.map((value) => ({ ...record(of, ''), value })))
    await server.sql(createTable('orders', 'id BIGINT, name STRING', options(of)))
    await server.sql(
      'CREATE MATERIALIZED VIEW v_orders AS SELECT COUNT(*) AS n, SUM(id) AS s, COUNT(name) AS m FROM orders',
    )
    await send(first)
    await server.eventually('SELECT n, s, m FROM v_orders', [[100, 4950, 0]], 20_000)
    await registry.stop()
    await send(second)
    for (;;) {
      const { state, error } = await query('v_orders')
      if (state === 'retrying') {
        expect(error?.code).toBe('CONNECTOR_FAILED')
        expect(error?.message).toContain(`The schema registry at ${registry.url}`)
        break
      }
      await sleep(20)
    }
    expect(await server.rows('SELECT n FROM v_orders')).toEqual([[100]])
    await server.restart()
    await sleep(300)
    await registry.start()
    await server.eventually('SELECT n, s, m FROM v_orders', [[200, 19_900, 100]], 30_000)
    // A message that nobody can read does not stop those behind it.
    await send([Buffer.from('no'), confluent(99_999, V1, { id: 1 }), confluent(one, V1, { id: 0 })])
    await server.eventually('SELECT n, s, m FROM v_orders', [[201, 19_900, 100]], 20_000)
    const letters = await server.rows('SELECT error FROM "orders$dead_letters"')
    expect(letters.flat().toSorted()).toEqual([
      'Record 0: the message does not begin with a schema id',
      'Record 0: the schema registry has no schema 99999',
    ])
    await server.restart()
    await send([confluent(two, V2, { id: 1n, name: 'z' })])
    await server.eventually('SELECT n, s, m FROM v_orders', [[202, 19_901, 101]], 20_000)
    expect(await server.rows('SELECT COUNT(*) FROM "orders$dead_letters"')).toEqual([[2]])
  }, 90_000)

  it('upsert-kafka with keys in Avro and values in Protobuf', async () => {
    const of = await topic()
    const proto = 'syntax = "proto3"; message Total { string customer = 1; int64 n = 2; }'
    const { format: _, ...own } = options(of, {
      ...{ connector: 'upsert-kafka', 'key.format': 'avro', 'value.format': 'protobuf-confluent' },
      ...{ 'protobuf-confluent.url': registry.url, 'protobuf-confluent.schema': proto },
    })
    const list = Object.entries(own).filter(([name]) => !name.startsWith('avro-confluent'))
    const text = list.map(([name, value]) => `'${name}' = '${value}'`).join(', ')
    const columns = 'customer STRING, n BIGINT NOT NULL, PRIMARY KEY (customer) NOT ENFORCED'
    for (const name of ['totals', 'totals_read']) {
      await server.sql(`CREATE TABLE ${name} (${columns}) WITH (${text})`)
    }
    await server.sql(
      'CREATE TABLE calls (k INT, customer STRING NOT NULL, PRIMARY KEY (k) NOT ENFORCED)',
    )
    await server.sql('INSERT INTO totals SELECT customer, COUNT(*) FROM calls GROUP BY customer')
    await server.sql('CREATE MATERIALIZED VIEW v_totals AS SELECT customer, n FROM totals_read')
    await server.sql("INSERT INTO calls VALUES (1, 'a'), (2, 'b'), (3, 'a')")
    const all = 'SELECT customer, n FROM v_totals ORDER BY customer'
    await server.eventually(
      all,
      [
        ['a', 2],
        ['b', 1],
      ],
      20_000,
    )
    await server.sql('DELETE FROM calls WHERE k = 2')
    await server.eventually(all, [['a', 2]], 20_000)
    expect(registry.schemaOf(registry.versionsOf(`${of}-value`)[0])?.schemaType).toBe('PROTOBUF')
  }, 60_000)

  it('says what is wrong with a table when it is made', async () => {
    const refusal = async (columns: string, more: TableOptions) => {
      const sql = createTable(`w${++number}`, columns, options('any', more))
      return (await server.post('/v1/sql', { sql })).json
    }
    const mismatch = await refusal('id STRING', { 'avro-confluent.schema': V1 })
    expect(mismatch.code).toBe('TYPE_MISMATCH')
    expect(mismatch.detail).toContain('field id: int cannot be read as STRING')
    const broken = await refusal('id INT', { 'avro-confluent.schema': '{' })
    expect(broken.code).toBe('INVALID_OPTION')
    const address = await refusal('id INT', { 'avro-confluent.url': 'registry' })
    expect(address.code).toBe('INVALID_OPTION')
    expect(address.detail).toContain('avro-confluent.url')
  })
})
