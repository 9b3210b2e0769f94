/** What is MQTT's own: wildcards, shared subscriptions, retained messages, properties, sessions. */

import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { MosquittoBroker, mosquittoMissing } from '../../brokers/mosquitto.ts'
import { describeWith, sleep } from '../../brokers/program.ts'
import { createTable } from '../../contract/broker.ts'
import { rowOrTrouble, trustsOnlyItsAuthority } from '../../contract/tls.ts'
import { TestServer } from '../../server/test-server.ts'
import { withExamples } from '../with-examples.ts'

describeWith('mqtt', mosquittoMissing, () => {
  let broker: MosquittoBroker
  let server: TestServer
  let n = 0

  beforeAll(async () => {
    broker = await MosquittoBroker.start()
    server = await TestServer.start()
  }, 30_000)
  afterAll(async () => {
    await server?.stop()
    await broker?.close()
  }, 30_000)
  beforeEach(() => {
    n++
  })

  /** Resolves when it is connected. */
  async function table(
    name: string,
    options: Record<string, string>,
    columns = 'id BIGINT NOT NULL',
  ): Promise<string> {
    const all = { connector: 'mqtt', url: broker.url, format: 'json', ...options }
    const list = Object.entries(all).map(([key, value]) => `'${key}' = '${value}'`)
    await server.sql(`CREATE TABLE ${name}${n} (${columns}) WITH (${list.join(', ')})`)
    if (options.topic !== undefined)
      await until(`${name}${n}`, ({ state }) => state === 'connected')
    return `${name}${n}`
  }

  interface Intake {
    readonly state: string
    readonly messages: number
    readonly error: { readonly message: string } | null
  }

  async function until(name: string, wanted: (intake: Intake) => boolean): Promise<Intake> {
    for (let i = 0; i < 500; i++) {
      const { intake } = JSON.parse((await server.get(`/v1/streams/${name}`)).text)
      if (wanted(intake)) return intake
      await sleep(10)
    }
    throw new Error('it never came')
  }

  test('wildcards, several filters, and what a message brings as metadata', async () => {
    const name = await table(
      'm',
      { topic: `a${n}/+/temp, b${n}/#`, qos: '2' },
      `id BIGINT, topic STRING METADATA, qos INT METADATA, retain BOOLEAN METADATA,
       duplicate BOOLEAN METADATA, t STRING METADATA FROM 'content-type',
       p MAP<STRING, STRING> METADATA FROM 'user-properties',
       received TIMESTAMP_LTZ(3) METADATA`,
    )
    const client = await broker.client()
    await client.publishAsync(`a${n}/x/temp`, '{"id":1}', { qos: 0 })
    await client.publishAsync(`a${n}/x/other`, '{"id":2}', { qos: 1 })
    await client.publishAsync(`b${n}/y/z`, '{"id":3}', {
      qos: 2,
      properties: { contentType: 'text/x', userProperties: { k: 'v', l: ['1', '2'] } },
    })
    const select = `SELECT id, topic, qos, retain, duplicate, t, p['k'], p['l'], received IS NOT NULL
      FROM ${name} ORDER BY id`
    await server.eventually(select, [
      [1, `a${n}/x/temp`, 0, false, false, null, null, null, true],
      [3, `b${n}/y/z`, 2, false, false, 'text/x', 'v', '1, 2', true],
    ])
  })

  test.each([
    ['3.1.1', '0'],
    ['3.1.1', '1'],
    ['3.1.1', '2'],
    ['5', '0'],
    ['5', '2'],
  ])('reads and writes with version %s and QoS %s', async (version, qos) => {
    const protocol = { version, qos }
    const name = await table('v', { ...protocol, topic: `v${n}/+` })
    const target = await table('w', { ...protocol, 'sink.topic': `v${n}/x` })
    await server.sql(`CREATE TABLE i${n} (id BIGINT NOT NULL);
      INSERT INTO ${target} SELECT id FROM i${n};
      INSERT INTO i${n} VALUES (1), (2), (3)`)
    await server.eventually(`SELECT id FROM ${name}`, [[1], [2], [3]])
  })

  test('readers of a shared subscription take turns', async () => {
    const topic = `$share/g${n}/s${n}`
    const [one, other] = [await table('e', { topic }), await table('f', { topic })]
    const ids = Array.from({ length: 100 }, (_, id) => `{"id":${id}}`)
    await broker.publish(`s${n}`, ids)
    const count = `SELECT COUNT(*) FROM (SELECT id FROM ${one} UNION ALL SELECT id FROM ${other}) AS u`
    await server.eventually(count, [[100]])
    const [[first]] = await server.rows(`SELECT COUNT(*) FROM ${one}`)
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(100)
  })

  test('retained messages come with a new session, and not again after a restart', async () => {
    const client = await broker.client()
    await client.publishAsync(`r${n}`, '{"id":1}', { qos: 1, retain: true })
    const name = await table('r', { topic: `r${n}` }, 'id BIGINT, retain BOOLEAN METADATA')
    await server.eventually(`SELECT id, retain FROM ${name}`, [[1, true]])
    await server.restart()
    await until(name, ({ state }) => state === 'connected')
    await client.publishAsync(`r${n}`, '{"id":2}', { qos: 1 })
    await server.eventually(`SELECT id, retain FROM ${name}`, [
      [1, true],
      [2, false],
    ])
  })

  test('many messages share an fsync and are acknowledged one by one', async () => {
    const name = await table('g', { topic: `g${n}`, 'receive-maximum': '50' })
    await broker.publish(
      `g${n}`,
      Array.from({ length: 3000 }, (_, id) => `{"id":${id}}`),
    )
    await server.eventually(`SELECT COUNT(*), COUNT(DISTINCT id) FROM ${name}`, [[3000, 3000]])
    expect((await until(name, ({ messages }) => messages === 3000)).error).toBe(null)
  })

  test('a dropped table ends its session at the broker', async () => {
    const name = await table('d', { topic: `d${n}`, 'client-id': `mine${n}` })
    await server.sql(`DROP TABLE ${name}`)
    const client = await connectAsync(broker.url, {
      ...{ clientId: `mine${n}`, clean: false, protocolVersion: 5, reconnectPeriod: 0 },
    } as const)
    const present = new Promise((resolve) => {
      client.on('packetreceive', ({ cmd }) => resolve(cmd))
    })
    await broker.publish(`d${n}`, ['{"id":1}'])
    expect(await Promise.race([present, sleep(150).then(() => 'nothing')])).toBe('nothing')
    client.end(true)
  })

  test('writes to the topic that a column says, retained', async () => {
    await server.sql(`CREATE TABLE s${n} (id BIGINT, topic STRING NOT NULL)`)
    const target = await table(
      't',
      { 'sink.topic.column': 'topic', 'sink.retain': 'true', qos: '2' },
      'id BIGINT, topic STRING',
    )
    await server.sql(`INSERT INTO ${target} SELECT id, topic FROM s${n};
      INSERT INTO s${n} VALUES (1, 'u${n}/a'), (2, 'u${n}/b'), (3, 'u${n}/a')`)
    const name = await table('v', { topic: `u${n}/+` }, 'id BIGINT, topic STRING METADATA')
    const last = `SELECT MAX(id), topic FROM ${name} GROUP BY topic ORDER BY topic`
    await server.eventually(last, [
      [3, `u${n}/a`],
      [2, `u${n}/b`],
    ])
  })

  test('METADATA columns that are written become topic and properties', async () => {
    const metadata = `id BIGINT, topic STRING METADATA, t STRING METADATA FROM 'content-type',
      p MAP<STRING, STRING> METADATA FROM 'user-properties', qos INT METADATA`
    const both = await table('w', { topic: `w${n}/#` }, metadata)
    await server.sql(`CREATE TABLE s${n} (id BIGINT);
      INSERT INTO ${both} SELECT id, 'w${n}/' || CAST(id AS STRING), 'text/y', MAP['k', 'v'] FROM s${n};
      INSERT INTO s${n} VALUES (1), (2)`)
    await server.eventually(`SELECT id, topic, t, p['k'], qos FROM ${both}`, [
      [1, `w${n}/1`, 'text/y', 'v', 1],
      [2, `w${n}/2`, 'text/y', 'v', 1],
    ])
  })

  test('a table that is only read cannot be written, and one that is only written reads nothing', async () => {
    await server.sql(`CREATE TABLE s${n} (id BIGINT)`)
    const name = await table('o', { topic: 'o' }, 'id BIGINT')
    const { json } = await server.post('/v1/sql', {
      sql: `INSERT INTO ${name} SELECT id FROM s${n}`,
    })
    expect(json.code).toBe('INVALID_OPTION')
    const target = await table('p', { 'sink.topic': 'p' })
    expect((await server.post('/v1/sql', { sql: `SELECT * FROM ${target}` })).status).toBe(400)
    expect(JSON.parse((await server.get(`/v1/streams/${target}`)).text).intake).toBe(null)
  })

  test('mqtt.sql does what it says', async () => {
    const changes = {
      'mqtt://localhost:1883': broker.url,
      "INTERVAL '10' SECOND": "INTERVAL '1' SECOND",
      "'5 s'": "'500 ms'",
    }
    await withExamples(['mqtt.sql'], changes, async (example) => {
      const averages: [string, number][] = []
      const listener = await connectAsync(broker.url)
      listener.on('message', (topic, bytes) => {
        averages.push([topic, JSON.parse(bytes.toString()).value])
      })
      await listener.subscribeAsync('averages/#')
      const connected = async () => (await example.get('/v1/streams/temperatures')).text
      await expect.poll(connected, { timeout: 5000 }).toContain('"state":"connected"')
      await broker.publish('sensors/kitchen/temperature', ['{"value": 21.5}'])
      await example.eventually('SELECT sensor, "value" FROM last_temperatures', [['kitchen', 21.5]])
      await expect.poll(() => averages, { timeout: 10_000 }).toEqual([['averages/kitchen', 21.5]])
      await listener.endAsync()
    })
  }, 30_000)
})

describeWith('mqtt with users', mosquittoMissing, () => {
  test('who is not let in hears why', async () => {
    const broker = await MosquittoBroker.start(['allow_anonymous false'])
    const server = await TestServer.start()
    try {
      await server.sql(`CREATE TABLE t (id BIGINT) WITH ('connector' = 'mqtt', 'format' = 'json',
        'url' = '${broker.url}', 'topic' = 't', 'username' = 'u', 'password' = 'hush')`)
      for (let i = 0; i < 300; i++) {
        const { intake } = JSON.parse((await server.get('/v1/streams/t')).text)
        if (intake.state === 'waiting') {
          expect(intake.error.message).toMatch(/authori[sz]ed/i)
          expect(JSON.stringify(intake)).not.toContain('hush')
          return
        }
        await sleep(10)
      }
      throw new Error('it never came')
    } finally {
      await server.stop()
      await broker.close()
    }
  })

  trustsOnlyItsAuthority(async (tls) => {
    const broker = await MosquittoBroker.start(['allow_anonymous true'], tls)
    const server = await TestServer.start()
    await broker.publish('t', ['{"id":7}'], { qos: 1, retain: true })
    let n = 0
    // The broker asks for ours, too.
    const connection = {
      ...{ connector: 'mqtt', url: broker.url, topic: 't' },
      ...{ 'tls.cert-file': tls.cert, 'tls.key-file': tls.key },
    }
    return {
      async works(more) {
        const table = `t${++n}`
        await server.sql(createTable(table, 'id BIGINT', { ...connection, ...more }))
        return rowOrTrouble(server, table)
      },
      async close() {
        await server.stop()
        await broker.close()
      },
    }
  })
})
