/** Results in tables of PostgreSQL: every type, changes by key, and what is refused how. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { PostgresBroker, postgresMissing } from '../../brokers/postgres.ts'
import { describeWith, sleep } from '../../brokers/program.ts'
import { TestServer } from '../../server/test-server.ts'

describeWith('PostgreSQL as a sink', postgresMissing, () => {
  let broker: PostgresBroker
  let server: TestServer
  beforeAll(async () => {
    broker = await PostgresBroker.start()
    server = await TestServer.start()
    await server.sql('CREATE TABLE numbers (k STRING NOT NULL, n BIGINT NOT NULL)')
  }, 60_000)
  afterAll(async () => {
    await server?.stop()
    await broker?.close()
  })

  const define = (name: string, columns: string, table: string, more = '') =>
    server.sql(`CREATE TABLE ${name} (${columns}) WITH ('connector' = 'jdbc',
      'url' = 'jdbc:${broker.url}', 'table-name' = '${table}'${more})`)

  async function rowsOf(select: string, wanted: unknown[][]): Promise<void> {
    await expect.poll(() => broker.query(select), { timeout: 8000 }).toEqual(wanted)
  }

  /** Begins a job and waits for what ends it. */
  async function failureOf(name: string, select: string) {
    await server.sql(`INSERT INTO ${name} ${select}`)
    let found: { state: string; error: Record<string, string> | null } | undefined
    const state = async () => {
      const { json } = await server.get('/v1/queries')
      const { queries } = json as unknown as { queries: (typeof found & { sql: string })[] }
      found = queries.find(({ sql }) => sql.includes(`INSERT INTO ${name} `))
      return found?.state
    }
    await expect.poll(state, { timeout: 8000 }).toBe('failed')
    return found!.error!
  }

  it('keeps every type exact, and names as they are', async () => {
    await broker.run(
      'CREATE SCHEMA more',
      `CREATE DOMAIN more.cents AS bigint CHECK (VALUE >= 0)`,
      `CREATE TYPE more.mood AS ENUM ('sad', 'fine')`,
      `CREATE TABLE more."All ""Types""" (id int PRIMARY KEY, "full ""name""" text, score numeric, big bigint,
         born date, noon time, seen timestamp, at timestamptz, raw bytea, ok boolean, tags text[], doc jsonb,
         ratio float8, pair jsonb, cents more.cents, mood more.mood, code uuid, note text DEFAULT 'kept')`,
    )
    await define(
      'typed',
      `id INT, "full ""name""" STRING, score DECIMAL(20, 3), big BIGINT, born DATE, noon TIME(3),
       seen TIMESTAMP(6), at TIMESTAMP_LTZ(3), raw BYTES, ok BOOLEAN, tags ARRAY<STRING>, doc JSON, ratio DOUBLE,
       pair ROW<a INT, b STRING>, cents BIGINT, mood STRING, code STRING, PRIMARY KEY (id) NOT ENFORCED`,
      'more.All "Types"',
    )
    await server.sql(`INSERT INTO typed SELECT CAST(n AS INT), 'ann ''x'' \\ ü' || k, CAST('12345678901234567.125' AS DECIMAL(20, 3)),
      9007199254740993, DATE '2000-02-29', TIME '12:00:01.5', TIMESTAMP '2024-01-01 00:00:00.123456',
      TO_TIMESTAMP_LTZ(1704067200123, 3), CAST('xyz' AS BYTES), TRUE, ARRAY['a', 'b"'], PARSE_JSON('{"n": [1, null]}'),
      CAST('NaN' AS DOUBLE), ROW(1, 'b'), 5, 'fine', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' FROM numbers WHERE n = 1`)
    await server.sql('INSERT INTO typed (id) SELECT 2 FROM numbers WHERE n = 1')
    await server.sql(`INSERT INTO numbers VALUES ('k', 1)`)
    const texts = [
      ...[`ann 'x' \\ ük`, '12345678901234567.125', '9007199254740993', '2000-02-29', '12:00:01.5'],
      ...['2024-01-01 00:00:00.123456', '2024-01-01 00:00:00.123+00', 'xyz', 'true', '{a,"b\\""}'],
      ...['{"n": [1, null]}', 'NaN', '{"a": 1, "b": "b"}', '5', 'fine'],
      ...['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'kept'],
    ]
    await rowsOf(
      `SELECT "full ""name""", score::text, big::text, born::text, noon::text, seen::text,
         (at AT TIME ZONE 'UTC')::text || '+00', convert_from(raw, 'UTF8'), ok::text, tags::text, doc::text, ratio::text,
         pair::text, cents::text, mood::text, code::text, note FROM more."All ""Types""" ORDER BY id`,
      [texts, [...new Array(16).fill(null), 'kept']],
    )
  })

  it('inserts, replaces and removes by key as the result changes', async () => {
    await broker.run('CREATE TABLE counts (n bigint, k text, PRIMARY KEY (k))')
    await define('counts', 'k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED', 'counts')
    await server.sql(
      `INSERT INTO counts SELECT k, COUNT(*) FROM numbers WHERE n < 0 GROUP BY k HAVING COUNT(*) < 3`,
    )
    await server.sql(`INSERT INTO numbers VALUES ('a', -1), ('b', -1), ('b', -2)`)
    await rowsOf('SELECT k, n::int FROM counts ORDER BY k', [
      ['a', 1],
      ['b', 2],
    ])
    await server.sql(
      `INSERT INTO numbers VALUES ('a', -1), ('b', -1), ('c''; DROP TABLE counts', -1)`,
    )
    await rowsOf('SELECT k, n::int FROM counts ORDER BY k', [
      ['a', 2],
      [`c'; DROP TABLE counts`, 1],
    ])
    const { json } = await server.post('/v1/sql', {
      sql: 'INSERT INTO counts SELECT k, n FROM numbers EXCEPT SELECT k, 1 FROM numbers',
    })
    expect(json.code).toBe('UNSUPPORTED')
  })

  it('says what is wrong with the table there', async () => {
    await broker.run(
      'CREATE TABLE narrow (k text, n smallint, d date)',
      'CREATE TABLE checked (k text PRIMARY KEY, n bigint CHECK (n < 100))',
    )
    await define('gone', 'k STRING', 'nowhere')
    expect(await failureOf('gone', 'SELECT k FROM numbers')).toMatchObject({
      code: 'UNKNOWN_TABLE',
      message: expect.stringContaining('nowhere'),
    })
    await define('other', 'k STRING, m BIGINT', 'narrow')
    expect(await failureOf('other', 'SELECT k, n FROM numbers')).toMatchObject({
      code: 'UNKNOWN_COLUMN',
      hint: 'It has k, n, d.',
    })
    await define('wrong', 'k STRING, d BIGINT', 'narrow')
    expect(await failureOf('wrong', 'SELECT k, n FROM numbers')).toMatchObject({
      code: 'TYPE_MISMATCH',
      message: expect.stringContaining('date'),
    })
    await define('loose', 'k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED', 'narrow')
    expect(await failureOf('loose', 'SELECT k, n FROM numbers')).toMatchObject({
      code: 'INVALID_ARGUMENT',
      hint: 'CREATE UNIQUE INDEX ON "narrow" ("k")',
    })
    await define('tight', 'k STRING, n BIGINT', 'narrow')
    expect(await failureOf('tight', 'SELECT k, n * 100000 FROM numbers WHERE n = 1')).toMatchObject(
      {
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('out of range'),
      },
    )
    await define('refused', 'k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED', 'checked')
    expect(await failureOf('refused', 'SELECT k, n + 99 FROM numbers WHERE n = 1')).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('check'),
    })
    expect(await broker.query('SELECT * FROM checked')).toEqual([])
  })

  it('needs no more rights than it is given', async () => {
    await broker.run(
      'CREATE ROLE writer LOGIN',
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
      'CREATE TABLE plain (k text PRIMARY KEY, n bigint)',
      'GRANT SELECT, INSERT, UPDATE, DELETE ON plain TO writer',
    )
    const columns = 'k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED'
    const user = `, 'username' = 'writer', 'sink.position-table' = 'own'`
    await define('strict', columns, 'plain', user)
    expect(await failureOf('strict', 'SELECT k, n FROM numbers')).toMatchObject({
      message: expect.stringContaining('permission denied'),
      hint: expect.stringContaining('at-least-once'),
    })
    await define(
      'lenient',
      columns,
      'plain',
      `${user}, 'sink.delivery-guarantee' = 'at-least-once'`,
    )
    await server.sql(`INSERT INTO lenient SELECT k, n FROM numbers WHERE n > 1000`)
    await server.sql(`INSERT INTO numbers VALUES ('z', 1001), ('z', 1002)`)
    await rowsOf('SELECT k, n::int FROM plain', [['z', 1002]])
  })

  it('waits for a server that is away, and says so', async () => {
    await broker.run('CREATE TABLE late (n bigint)')
    await define('late', 'n BIGINT', 'late')
    await server.sql('INSERT INTO late SELECT n FROM numbers WHERE n > 5000')
    await server.sql(`INSERT INTO numbers VALUES ('z', 5001)`)
    await rowsOf('SELECT n::int FROM late', [[5001]])
    await broker.kill()
    await server.sql(`INSERT INTO numbers VALUES ('z', 5002)`)
    await sleep(300)
    expect((await server.get('/v1/queries')).text).toContain('CONNECTOR_FAILED')
    await broker.restart()
    await rowsOf('SELECT n::int FROM late', [[5001], [5002]])
    const positions = await broker.query('SELECT query, seq::int FROM millrace_positions')
    expect(positions.length).toBeGreaterThan(1)
  }, 30_000)
})
