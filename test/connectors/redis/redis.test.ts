/** What the redis connector has beyond the contracts: fields, several streams, where it begins and
 *  ends, trimmed entries, rows by key, and how it logs in. */

import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { beforeId, compareIds } from '../../../connectors/redis/entry-id.ts'
import { describeWith } from '../../brokers/program.ts'
import { RedisBroker, redisMissing } from '../../brokers/redis.ts'
import { createTable, type TableOptions } from '../../contract/broker.ts'
import { trustsOnlyItsAuthority } from '../../contract/tls.ts'
import { seedOf } from '../../seed.ts'
import { TestServer } from '../../server/test-server.ts'

it('ids are ordered as Redis orders them, and nothing is between an id and the one before', () => {
  const half = fc.bigInt({ min: 0n, max: 18446744073709551615n })
  fc.assert(
    fc.property(half, half, half, half, (a, b, c, d) => {
      const order = a === c ? b - d : a - c
      expect(Math.sign(compareIds(`${a}-${b}`, `${c}-${d}`))).toBe(
        order > 0n ? 1 : order < 0n ? -1 : 0,
      )
      if (a === 0n && b === 0n) return
      const [ms, number] = beforeId(`${a}-${b}`).split('-').map(BigInt)
      const place = (x: bigint, y: bigint) => (x << 64n) + y
      expect(place(ms, number) + 1n).toBe(place(a, b))
    }),
    { numRuns: 300, seed: seedOf('redis ids') },
  )
})

describeWith('redis', redisMissing, () => {
  let broker: RedisBroker
  let server: TestServer
  let number = 0

  beforeAll(async () => {
    broker = await RedisBroker.start()
    server = await TestServer.start()
  }, 60_000)

  afterAll(async () => {
    await server?.stop()
    await broker?.close()
  })

  const newName = () => `t${++number}`
  const define = (name: string, columns: string, more: TableOptions = {}) =>
    server.sql(
      createTable(name, columns, { connector: 'redis', url: broker.url, key: name, ...more }),
    )
  const add = (key: string, ...entries: readonly (readonly string[])[]) =>
    broker.run(...entries.map((fields) => ['XADD', key, ...fields]))
  const idsOf = async (name: string) => (await server.rows(`SELECT id FROM ${name}`)).flat()

  it('makes columns of the fields of an entry, by their types', async () => {
    const name = newName()
    await add(
      name,
      [
        ...['*', 'i', '-7', 'big', '9007199254740993', 'd', '1.5e3', 'm', '12.30', 'ok', 'TRUE'],
        ...['s', 'a "b"\nü', 't', '2024-05-06 07:08:09.123', 'xs', '[1,2]', 'more', 'x'],
      ],
      ['*', 's', '12', 'xs', 'not JSON', 'i', '1'],
      ['*', 's', ''],
    )
    await define(
      name,
      `i INT, big BIGINT, d DOUBLE, m DECIMAL(10, 2), ok BOOLEAN, s STRING, t TIMESTAMP(3),
       xs ARRAY<INT>`,
      { 'bad-records': 'skip' },
    )
    expect(await server.rows(`SELECT * FROM ${name}`)).toEqual([
      [
        ...[-7, '9007199254740993', 1500, '12.30', true, 'a "b"\nü'],
        ...['2024-05-06T07:08:09.123', [1, 2]],
      ],
      [null, null, null, null, null, '', null, null],
    ])
  })

  it('brings id, key and timestamp, of several streams', async () => {
    const name = newName()
    await add(`${name}a`, ['1526919030474-55', 'id', '1'])
    await add(`${name}b`, ['1526919030475-0', 'id', '2'], ['1526919030475-1', 'id', '3'])
    await define(
      name,
      `id INT, entry STRING METADATA FROM 'id', k STRING METADATA FROM 'key',
       ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'`,
      { key: `${name}a, ${name}b` },
    )
    expect(await server.rows(`SELECT id, entry, k, ts FROM ${name} ORDER BY id`)).toEqual([
      [1, '1526919030474-55', `${name}a`, '2018-05-21T16:10:30.474Z'],
      [2, '1526919030475-0', `${name}b`, '2018-05-21T16:10:30.475Z'],
      [3, '1526919030475-1', `${name}b`, '2018-05-21T16:10:30.475Z'],
    ])
  })

  it('begins at an id or at a time, and ends where it is told to', async () => {
    const name = newName()
    await add(name, ['5-1', 'id', '1'], ['5-2', 'id', '2'], ['7-0', 'id', '3'], ['9-9', 'id', '4'])
    const found = async (more: TableOptions) => {
      const table = newName()
      await define(table, 'id INT', { key: name, ...more })
      return idsOf(table)
    }
    const at = (id: string): TableOptions => ({
      'scan.startup.mode': 'specific-offset',
      'scan.startup.specific-offset': id,
    })
    expect(await found(at('5-2'))).toEqual([2, 3, 4])
    expect(await found(at('7'))).toEqual([3, 4])
    expect(await found(at('10'))).toEqual([])
    const time = (ms: number): TableOptions => ({
      'scan.startup.mode': 'timestamp',
      'scan.startup.timestamp-millis': `${ms}`,
    })
    expect(await found(time(0))).toEqual([1, 2, 3, 4])
    expect(await found(time(6))).toEqual([3, 4])
    expect(await found(time(8))).toEqual([4])
    const table = newName()
    await define(table, 'id INT', { key: name, 'scan.bounded.mode': 'latest-offset' })
    await server.post('/v1/queries', { name: `${table}q`, sql: `SELECT id FROM ${table}` })
    await expect
      .poll(async () => (await server.get(`/v1/queries/${table}q`)).json.state)
      .toBe('ended')
  })

  it('fails when entries were trimmed before they were read, but not when after', async () => {
    const name = newName()
    await add(name, ...[1, 2, 3].map((id) => ['*', 'id', `${id}`]))
    await define(name, 'id INT')
    const view = `${name}v`
    await server.sql(`CREATE MATERIALIZED VIEW ${view} AS SELECT COUNT(*) AS n FROM ${name}`)
    await server.eventually(`SELECT n FROM ${view}`, [[3]])
    await server.running.close()
    await broker.run(['XTRIM', name, 'MAXLEN', '0'])
    await add(name, ['*', 'id', '4'])
    await server.open()
    await server.eventually(`SELECT n FROM ${view}`, [[4]])
    await server.running.close()
    await add(name, ['*', 'id', '5'], ['*', 'id', '6'])
    await broker.run(['XTRIM', name, 'MAXLEN', '1'])
    await server.open()
    await expect
      .poll(async () => (await server.get(`/v1/queries/${view}`)).text)
      .toMatch(/"code":"GONE","message":"1 entries of/)
  }, 20_000)

  it('knows after a restart how far it is behind, before it has read anything', async () => {
    const name = newName()
    await add(name, ['*', 'id', '1'], ['*', 'id', '2'])
    await define(name, 'id INT')
    const view = `${name}v`
    await server.sql(`CREATE MATERIALIZED VIEW ${view} AS SELECT COUNT(*) AS n FROM ${name}`)
    await server.eventually(`SELECT n FROM ${view}`, [[2]])
    await server.post(`/v1/queries/${view}/pause`, {})
    await server.running.close()
    await add(name, ['*', 'id', '3'])
    await server.open()
    const lag = async () => JSON.parse((await server.get(`/v1/queries/${view}`)).text).lagRows
    await expect.poll(lag).toBe(1)
  }, 20_000)

  it('writes the columns of a row as fields', async () => {
    const name = newName()
    await server.sql(`CREATE TABLE ${name}in (id INT, name STRING, raw BYTES)`)
    await define(name, 'id INT, name STRING, raw BYTES', { 'sink.max-length': '1000' })
    await server.sql(`INSERT INTO ${name} SELECT * FROM ${name}in`)
    await server.sql(`INSERT INTO ${name}in VALUES (1, 'ü "x"', x'00ff'), (2, NULL, NULL)`)
    const entries = async () => {
      const [found] = await broker.run(['XRANGE', name, '-', '+'])
      return (found as [string, string[]][]).map(([, fields]) => fields.slice(0, 5))
    }
    await expect.poll(entries).toEqual([
      ['id', '1', 'name', 'ü "x"', 'raw'],
      ['id', '2'],
    ])
    expect(await server.rows(`SELECT * FROM ${name}`)).toEqual([
      [1, 'ü "x"', 'AP8='],
      [2, null, null],
    ])
  })

  it.each(['hash', 'json', 'string'])(
    'keeps a %s for each key, as the result changes',
    async (mode) => {
      const name = newName()
      await server.sql(`CREATE TABLE ${name}in (user_id BIGINT NOT NULL, amount INT)`)
      await define(name, 'user_id BIGINT, total BIGINT, PRIMARY KEY (user_id) NOT ENFORCED', {
        mode,
        key: `${name}:{user_id}`,
      })
      await server.sql(`INSERT INTO ${name} SELECT user_id, SUM(amount) FROM ${name}in
        GROUP BY user_id HAVING SUM(amount) <> 0`)
      await server.sql(`INSERT INTO ${name}in VALUES (1, 5), (2, 7)`)
      const storedOf = async (id: number) => {
        const key = `${name}:${id}`
        const [value] = await broker.run(mode === 'hash' ? ['HGETALL', key] : ['GET', key])
        return value
      }
      const wanted = (id: number, total: number) =>
        ({
          hash: ['user_id', `${id}`, 'total', `${total}`],
          json: `{"user_id":${id},"total":${total}}`,
          string: `${total}`,
        })[mode]
      await expect.poll(() => storedOf(1)).toEqual(wanted(1, 5))
      await expect.poll(() => storedOf(2)).toEqual(wanted(2, 7))
      await server.sql(`INSERT INTO ${name}in VALUES (1, 3), (2, -7)`)
      await expect.poll(() => storedOf(1)).toEqual(wanted(1, 8))
      await expect.poll(() => storedOf(2)).toEqual(mode === 'hash' ? [] : null)
    },
  )

  it('refuses results that it cannot keep', async () => {
    const name = newName()
    await server.sql(`CREATE TABLE ${name}in (a INT, b INT)`)
    await define(`${name}k`, 'a INT, b BIGINT, PRIMARY KEY (b) NOT ENFORCED', {
      mode: 'hash',
      key: `${name}:{b}`,
    })
    const counts = `SELECT a, COUNT(*) FROM ${name}in GROUP BY a`
    await expect(server.sql(`INSERT INTO ${name}k ${counts}`)).rejects.toThrow('UNSUPPORTED')
    await define(`${name}s`, 'a INT, b BIGINT')
    await expect(server.sql(`INSERT INTO ${name}s ${counts}`)).rejects.toThrow('UNSUPPORTED')
    await define(`${name}two`, 'a INT, b INT', { key: 'x,y' })
    const rows = `SELECT a, b FROM ${name}in`
    await expect(server.sql(`INSERT INTO ${name}two ${rows}`)).rejects.toThrow('several streams')
  })

  it('explicit ids: does not write where somebody else has', async () => {
    const name = newName()
    await add(name, ['*', 'a', '1'])
    await server.sql(`CREATE TABLE ${name}in (a INT)`)
    await define(name, 'a INT', { 'sink.ids': 'explicit' })
    await server.sql(`INSERT INTO ${name} SELECT a FROM ${name}in`)
    const queries = async () => (await server.get('/v1/queries')).text
    await expect.poll(queries).toContain('entries that this query did not write')
  })

  it('publishes to a channel, and reads by pattern', async () => {
    const name = newName()
    await server.sql(`CREATE TABLE ${name}in (a INT)`)
    const options = { connector: 'redis', url: broker.url, mode: 'channel' }
    await server.sql(
      createTable(`${name}read`, `a INT, c STRING METADATA FROM 'channel'`, {
        ...options,
        channel: `${name}.*`,
      }),
    )
    await server.sql(
      createTable(`${name}write`, 'a INT', { ...options, 'sink.channel': `${name}.x` }),
    )
    await server.sql(`INSERT INTO ${name}write SELECT a FROM ${name}in`)
    const connected = async () => (await server.get(`/v1/streams/${name}read`)).text
    await expect.poll(connected).toContain('"state":"connected"')
    await server.sql(`INSERT INTO ${name}in VALUES (1), (2)`)
    await server.eventually(`SELECT a, c FROM ${name}read ORDER BY a`, [
      [1, `${name}.x`],
      [2, `${name}.x`],
    ])
  })
})

describeWith('redis with a login', redisMissing, () => {
  let server: TestServer

  beforeAll(async () => {
    server = await TestServer.start()
  })
  afterAll(() => server?.stop())

  /** Reads an entry over a connection with these options. */
  async function works(more: TableOptions): Promise<unknown> {
    await server.sql('DROP TABLE IF EXISTS s')
    await server.sql(createTable('s', 'id BIGINT', { connector: 'redis', key: 's', ...more }))
    return server.rows('SELECT id FROM s').catch((error) => String(error))
  }

  it('a password, and a user with rights of its own', async () => {
    const broker = await RedisBroker.start(['--requirepass', 'main'], { password: 'main' })
    try {
      await broker.run(
        ['ACL', 'SETUSER', 'reader', 'on', '>secret', '~s', '+xread', '+xinfo'],
        ['XADD', 's', '*', 'id', '7'],
      )
      const { url } = broker
      expect(await works({ url, password: 'main' })).toEqual([[7]])
      expect(await works({ url, username: 'reader', password: 'secret' })).toEqual([[7]])
      expect(String(await works({ url }))).toMatch(/NOAUTH.*CONNECTOR_FAILED/)
      const wrong = String(await works({ url, username: 'reader', password: 'not-it' }))
      expect(wrong).toMatch(/WRONGPASS.*CONNECTOR_FAILED/)
      expect(wrong).not.toContain('not-it')
    } finally {
      await broker.close()
    }
  }, 30_000)

  trustsOnlyItsAuthority(async (tls) => {
    const broker = await RedisBroker.start([], { tls })
    await broker.run(['XADD', 's', '*', 'id', '7'])
    return {
      works: (more) => works({ url: broker.url, ...more }),
      close: () => broker.close(),
    }
  })
})
