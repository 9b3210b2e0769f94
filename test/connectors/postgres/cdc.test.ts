/** Tables of PostgreSQL and their changes: every type, every kind of change, and what a slot, a
 *  snapshot and a replica identity have to do with it. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PostgresBroker, postgresMissing } from '../../brokers/postgres.ts'
import { describeWith } from '../../brokers/program.ts'
import { TestServer } from '../../server/test-server.ts'

describeWith('postgres-cdc', postgresMissing, () => {
  let broker: PostgresBroker
  let server: TestServer
  beforeAll(async () => {
    broker = await PostgresBroker.start(['wal_level = logical', 'max_replication_slots = 30'])
    server = await TestServer.start()
  }, 60_000)
  afterAll(async () => {
    await server?.stop()
    await broker?.close()
  })

  function define(name: string, columns: string, more: Readonly<Record<string, string>> = {}) {
    const { hostname, port, username, pathname } = new URL(broker.url)
    const options = {
      ...{ connector: 'postgres-cdc', hostname, port, username },
      ...{ 'database-name': pathname.slice(1), 'table-name': name, 'slot.name': name, ...more },
    }
    const list = Object.entries(options).map(([key, value]) => `'${key}' = '${value}'`)
    return server.sql(`CREATE TABLE ${name} (${columns}) WITH (${list.join(', ')})`)
  }

  const stateOf = async (name: string) => {
    const { json } = await server.get(`/v1/streams/${name}`)
    return (json as unknown as { intake: { state: string; error: Record<string, string> | null } })
      .intake
  }

  const connected = (name: string) =>
    expect.poll(() => stateOf(name), { timeout: 8000 }).toMatchObject({ state: 'connected' })

  async function failureOf(name: string) {
    await expect.poll(() => stateOf(name), { timeout: 8000 }).toMatchObject({ state: 'failed' })
    return (await stateOf(name)).error
  }

  it('reads every type exactly, in the rows that are there and in changes', async () => {
    const row = `'full ''name'' \\ "ü"', 12345678901234567.125, 9007199254740993, '2000-02-29', '12:00:01.5',
      '2024-01-01 00:00:00.123456', '2024-01-01 02:00:00.123+02', 'xyz\\\\', true, '{a,"b \\"{}, ",NULL}', '{{1,2},{3,4}}',
      '{"n": [1, null]}', 'NaN', 0.1, 'sad', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": 1, "b": "x"}', 7`
    await broker.run(
      `CREATE TYPE mood AS ENUM ('sad', 'fine')`,
      `CREATE TABLE types (id int PRIMARY KEY, name text, score numeric, big bigint, born date, noon time,
         seen timestamp, at timestamptz, raw bytea, ok boolean, tags text[], grid int[][], doc jsonb, ratio float8,
         tenth float4, mood mood, code uuid, pair json, small text, rest interval)`,
      `INSERT INTO types VALUES (1, ${row})`,
      'INSERT INTO types (id) VALUES (2)',
    )
    await define(
      'types',
      `id INT, name STRING, score DECIMAL(20, 3), big BIGINT, born DATE, noon TIME(3), seen TIMESTAMP(6),
       at TIMESTAMP_LTZ(3), raw BYTES, ok BOOLEAN, tags ARRAY<STRING>, grid ARRAY<ARRAY<INT>>, doc JSON, ratio DOUBLE,
       tenth FLOAT, mood STRING, code STRING, pair ROW<a INT, b STRING>, small SMALLINT, PRIMARY KEY (id) NOT ENFORCED`,
    )
    await server.sql('CREATE MATERIALIZED VIEW seen_types AS SELECT * FROM types')
    const count = 'SELECT COUNT(*) FROM seen_types'
    await server.eventually(count, [[2]])
    await broker.run(`INSERT INTO types VALUES (3, ${row})`, 'INSERT INTO types (id) VALUES (4)')
    await server.eventually(count, [[4]])
    const rows = await server.rows('SELECT * FROM seen_types ORDER BY id')
    const wanted = [
      ...[`full 'name' \\ "ü"`, '12345678901234567.125', '9007199254740993', '2000-02-29'],
      ...['12:00:01.500', '2024-01-01T00:00:00.123456', '2024-01-01T00:00:00.123Z', 'eHl6XA=='],
      ...[
        true,
        ['a', 'b "{}, ', null],
        [
          [1, 2],
          [3, 4],
        ],
        { n: [1, null] },
        'NaN',
        Math.fround(0.1),
        'sad',
      ],
      ...['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', { a: 1, b: 'x' }, 7],
    ]
    const none = new Array(18).fill(null)
    expect(rows).toEqual([
      [1, ...wanted],
      [2, ...none],
      [3, ...wanted],
      [4, ...none],
    ])
  })

  it('follows rows by their key, also when it changes', async () => {
    await broker.run(
      'CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, "left out" int)',
      `INSERT INTO people VALUES (1, 'ann'), (2, 'bob'), (3, 'cid')`,
    )
    await define(
      'people',
      `name STRING NOT NULL, id INT, changed TIMESTAMP_LTZ(3) METADATA FROM 'op_ts',
       source STRING METADATA FROM 'table_name', PRIMARY KEY (id) NOT ENFORCED`,
    )
    await server.sql(`CREATE MATERIALIZED VIEW known AS
      SELECT id, name, changed IS NOT NULL AS is_changed, source FROM people`)
    const known = 'SELECT id, name, is_changed FROM known ORDER BY id'
    await server.eventually(known, [
      [1, 'ann', false],
      [2, 'bob', false],
      [3, 'cid', false],
    ])
    await broker.run(
      `UPDATE people SET name = 'ANN' WHERE id = 1`,
      `BEGIN; UPDATE people SET id = 20 WHERE id = 2; DELETE FROM people WHERE id = 3;
       INSERT INTO people VALUES (3, 'new'), (9, 'gone'); DELETE FROM people WHERE id = 9; COMMIT`,
      `BEGIN; INSERT INTO people VALUES (10, 'never'); ROLLBACK`,
    )
    await server.eventually(known, [
      [1, 'ANN', true],
      [3, 'new', true],
      [20, 'bob', true],
    ])
    expect(await server.rows('SELECT DISTINCT source FROM known')).toEqual([['people']])
    await broker.run('TRUNCATE people', `INSERT INTO people VALUES (1, 'again')`)
    await server.eventually(known, [[1, 'again', true]])
    await broker.run(
      'ALTER TABLE people ADD COLUMN more int DEFAULT 5',
      `UPDATE people SET name = 'more'`,
    )
    await server.eventually(known, [[1, 'more', true]])
    await broker.run('ALTER TABLE people RENAME COLUMN name TO label', 'UPDATE people SET more = 6')
    expect(await failureOf('people')).toMatchObject({ code: 'UNKNOWN_COLUMN' })
  })

  it('follows rows without a key by their values', async () => {
    await broker.run(
      'CREATE TABLE plain (a int, b text)',
      'ALTER TABLE plain REPLICA IDENTITY FULL',
      `INSERT INTO plain VALUES (1, 'x'), (1, 'x'), (NULL, NULL)`,
    )
    await define('plain', 'a INT, b STRING')
    await server.sql(
      'CREATE MATERIALIZED VIEW sums AS SELECT b, COUNT(*) AS n, SUM(a) AS s FROM plain GROUP BY b',
    )
    const sums = 'SELECT b, n, s FROM sums ORDER BY b NULLS LAST'
    await server.eventually(sums, [
      ['x', 2, 2],
      [null, 1, null],
    ])
    await broker.run(
      `UPDATE plain SET b = 'y' WHERE a IS NULL`,
      `DELETE FROM plain WHERE ctid = (SELECT min(ctid) FROM plain WHERE a = 1)`,
    )
    await server.eventually(sums, [
      ['x', 1, 1],
      ['y', 1, null],
    ])
    await broker.run(
      `BEGIN; INSERT INTO plain VALUES (5, 'z'); TRUNCATE plain; INSERT INTO plain VALUES (7, 'w'); COMMIT`,
    )
    await server.eventually(sums, [['w', 1, 7]])
  })

  it('keeps values that are stored apart, or says that they are not sent', async () => {
    const large = `(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 1000) AS n)`
    for (const [name, identity] of [
      ['apart', 'FULL'],
      ['unsent', 'DEFAULT'],
    ]) {
      await broker.run(
        `CREATE TABLE ${name} (id int PRIMARY KEY, n int, body text)`,
        `ALTER TABLE ${name} REPLICA IDENTITY ${identity}`,
      )
      await define(name, 'id INT, n INT, body STRING, PRIMARY KEY (id) NOT ENFORCED')
      await connected(name)
      await broker.run(`INSERT INTO ${name} VALUES (1, 1, ${large})`, `UPDATE ${name} SET n = 2`)
    }
    await server.sql('CREATE MATERIALIZED VIEW bodies AS SELECT n, LENGTH(body) AS l FROM apart')
    await server.eventually('SELECT n, l FROM bodies', [[2, 32_000]])
    // The first update may be in the snapshot.
    const updated = async () => {
      await broker.run('UPDATE unsent SET n = n + 1')
      return (await stateOf('unsent')).state
    }
    await expect.poll(updated, { timeout: 8000 }).toBe('failed')
    expect(await failureOf('unsent')).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('body'),
      hint: expect.stringContaining('REPLICA IDENTITY FULL'),
    })
    // What it made is taken away although it does not run any more.
    await server.sql('DROP TABLE unsent')
    const slots = `SELECT slot_name FROM pg_replication_slots WHERE slot_name = 'unsent'`
    expect(await broker.query(slots)).toEqual([])
  })

  it("leaves somebody else's slot alone", async () => {
    await broker.run('CREATE TABLE foreign_slot (id int PRIMARY KEY)')
    await broker.query(`SELECT pg_create_logical_replication_slot('foreign_slot', 'test_decoding')`)
    await define('foreign_slot', 'id INT, PRIMARY KEY (id) NOT ENFORCED')
    expect(await failureOf('foreign_slot')).toMatchObject({ code: 'INVALID_OPTION' })
    await server.sql('DROP TABLE foreign_slot')
    const slots = `SELECT slot_name FROM pg_replication_slots WHERE slot_name = 'foreign_slot'`
    expect(await broker.query(slots)).toHaveLength(1)
    await broker.query(`SELECT pg_drop_replication_slot('foreign_slot')`)
  })

  describe('begins where it is told', () => {
    it('behind what is there, once and for all', async () => {
      await broker.run('CREATE TABLE fresh (id int PRIMARY KEY)', 'INSERT INTO fresh VALUES (1)')
      await define('fresh', 'id INT, PRIMARY KEY (id) NOT ENFORCED', {
        'scan.startup.mode': 'latest-offset',
      })
      await server.sql('CREATE MATERIALIZED VIEW fresh_ids AS SELECT id FROM fresh')
      await connected('fresh')
      await server.restart()
      await broker.run('INSERT INTO fresh VALUES (2)')
      await server.eventually('SELECT id FROM fresh_ids', [[2]])
    })

    it('where a slot stands, which must be there', async () => {
      await broker.run('CREATE TABLE kept (id int PRIMARY KEY)', 'INSERT INTO kept VALUES (1)')
      const mode = { 'scan.startup.mode': 'committed-offset' }
      await define('kept', 'id INT, PRIMARY KEY (id) NOT ENFORCED', mode)
      expect(await failureOf('kept')).toMatchObject({ code: 'INVALID_OPTION' })
      await server.sql('DROP TABLE kept')
      await broker.run(
        'CREATE PUBLICATION all_of_it FOR ALL TABLES',
        `SELECT pg_create_logical_replication_slot('kept', 'pgoutput')`,
        'INSERT INTO kept VALUES (2)',
      )
      const more = { ...mode, 'publication.name': 'all_of_it' }
      await define('kept', 'id INT, PRIMARY KEY (id) NOT ENFORCED', more)
      await server.sql('CREATE MATERIALIZED VIEW kept_ids AS SELECT id FROM kept')
      await server.eventually('SELECT id FROM kept_ids', [[2]])
      await server.sql('DROP MATERIALIZED VIEW kept_ids; DROP TABLE kept')
      expect(await broker.query('SELECT pubname FROM pg_publication')).toContainEqual(['all_of_it'])
    })
  })

  it('lets the server forget what is safe, also when others write', async () => {
    await broker.run('CREATE TABLE quiet (id int PRIMARY KEY)', 'CREATE TABLE noise (id int)')
    await define('quiet', 'id INT, PRIMARY KEY (id) NOT ENFORCED')
    await connected('quiet')
    await broker.run('INSERT INTO noise SELECT generate_series(1, 10000)')
    const [[lsn]] = await broker.query('SELECT pg_current_wal_lsn()')
    const isFar = async () =>
      (
        await broker.query(
          `SELECT confirmed_flush_lsn >= '${lsn}' FROM pg_replication_slots WHERE slot_name = 'quiet'`,
        )
      )[0][0]
    await expect.poll(isFar, { timeout: 20_000 }).toBe(true)
  }, 30_000)

  it('takes any names and values, and says when its slot is gone', async () => {
    const there = `"Od""d S"."T'bl"`
    await broker.run(
      'CREATE SCHEMA "Od""d S"',
      `CREATE TABLE ${there} ("k ""1""" text PRIMARY KEY, n numeric, e text[])`,
      `INSERT INTO ${there} VALUES ('', 'NaN', '{}'), ('\u{1F600}"\\', 1.5, '[2:3]={a,"NULL"}')`,
    )
    const odd = { 'schema-name': 'Od"d S', 'table-name': `T''bl`, 'publication.name': 'Pub "x"' }
    await define(
      'odd',
      `"k ""1""" STRING, n DECIMAL(38, 2), e ARRAY<STRING>, PRIMARY KEY ("k ""1""") NOT ENFORCED`,
      odd,
    )
    await server.sql('CREATE MATERIALIZED VIEW odd_rows AS SELECT * FROM odd')
    await server.eventually('SELECT * FROM odd_rows', [['\u{1F600}"\\', '1.50', ['a', 'NULL']]])
    await server.eventually('SELECT COUNT(*) FROM "odd$dead_letters"', [[1]])
    await server.running.close()
    await broker.run(`SELECT pg_drop_replication_slot('odd')`)
    await server.open()
    expect(await failureOf('odd')).toMatchObject({ code: 'GONE' })
  }, 30_000)

  it('refuses what it cannot follow, and takes away what it made', async () => {
    await broker.run(
      'CREATE TABLE nokey (a int, b int)',
      'CREATE TABLE keyed (a int PRIMARY KEY, b int)',
      'CREATE VIEW seen AS SELECT * FROM keyed',
      'CREATE PUBLICATION others FOR TABLE nokey',
    )
    await define('nokey', 'a INT')
    expect(await failureOf('nokey')).toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('REPLICA IDENTITY FULL'),
    })
    const refused = async (columns: string, more: Readonly<Record<string, string>> = {}) => {
      await define('keyed', columns, more)
      const error = await failureOf('keyed')
      await server.sql('DROP TABLE keyed')
      return error?.code
    }
    const key = 'PRIMARY KEY (a) NOT ENFORCED'
    expect(await refused('a INT, b INT, PRIMARY KEY (b) NOT ENFORCED')).toBe('UNSUPPORTED')
    expect(await refused('a INT, b INT')).toBe('UNSUPPORTED')
    expect(await refused(`a INT, c INT, ${key}`)).toBe('UNKNOWN_COLUMN')
    expect(await refused(`a INT, b DATE, ${key}`)).toBe('TYPE_MISMATCH')
    expect(await refused(`a INT, ${key}`, { 'table-name': 'no' })).toBe('UNKNOWN_TABLE')
    expect(await refused(`a INT, ${key}`, { 'table-name': 'seen' })).toBe('UNSUPPORTED')
    expect(await refused(`a INT, ${key}`, { 'database-name': 'no' })).toBe('INVALID_ARGUMENT')
    expect(await refused(`a INT, ${key}`, { 'publication.name': 'others' })).toBe('INVALID_OPTION')
    await define('keyed', `a INT, ${key}`)
    await connected('keyed')
    await expect(define('again', `a INT, ${key}`, { 'slot.name': 'keyed' })).rejects.toThrow(
      'is that of table keyed',
    )
    const kept = () =>
      broker.query(`SELECT slot_name FROM pg_replication_slots WHERE slot_name = 'keyed' UNION ALL
        SELECT pubname FROM pg_publication WHERE pubname = 'keyed'`)
    expect(await kept()).toHaveLength(2)
    await server.sql('DROP TABLE keyed')
    expect(await kept()).toEqual([])
  }, 60_000)
})
