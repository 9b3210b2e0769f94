/** User functions from CREATE to DROP on a running server: in queries of both kinds, over restarts,
 *  and hostile ones that fail alone. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestServer } from './test-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start()
  await server.sql(`
    CREATE TABLE flights (origin STRING NOT NULL, delay INT, loud AS delay * 2);
    INSERT INTO flights VALUES ('ATL', 5), ('ORD', 90), ('SFO', NULL), ('ATL', 70);
    CREATE FUNCTION grade(delay INT) RETURNS STRING LANGUAGE JAVASCRIPT AS $$
      if (delay === null) return null
      return delay > 60 ? 'late' : 'fine'
    $$;
    CREATE FUNCTION hours(minutes DOUBLE) RETURNS DOUBLE AS $$ minutes / 60 $$`)
})

afterAll(() => server.stop())

const problem = async (sql: string) => {
  const { status, json } = await server.post('/v1/sql', { sql })
  const { code, detail, hint, line } = json
  return { status, code, detail, hint, line }
}

describe('a user function', () => {
  it('is called by a SELECT: in the list, in WHERE, in groups, and in aggregates', async () => {
    expect(
      await server.rows(
        'SELECT origin, grade(delay), hours(delay) FROM flights ORDER BY origin, delay',
      ),
    ).toEqual([
      ['ATL', 'fine', 5 / 60],
      ['ATL', 'late', 70 / 60],
      ['ORD', 'late', 1.5],
      ['SFO', null, null],
    ])
    expect(await server.rows("SELECT origin FROM flights WHERE grade(delay) = 'fine'")).toEqual([
      ['ATL'],
    ])
    expect(
      await server.rows(
        `SELECT grade(delay) AS g, COUNT(*), MAX(grade(delay)) FROM flights
         GROUP BY grade(delay) ORDER BY g`,
      ),
    ).toEqual([
      [null, 1, null],
      ['fine', 1, 'fine'],
      ['late', 2, 'late'],
    ])
    expect(
      await server.rows("SELECT SUM(delay) FILTER (WHERE grade(delay) = 'late') FROM flights"),
    ).toEqual([[160]])
  })

  it('joins, and filters pairs', async () => {
    expect(
      await server.rows(
        `SELECT a.delay, b.delay FROM flights a JOIN flights b
         ON grade(a.delay) = grade(b.delay) AND a.delay < b.delay`,
      ),
    ).toEqual([[70, 90]])
  })

  it('is called by INSERT and by computed columns', async () => {
    await server.sql(`
      CREATE TABLE graded (delay INT, g AS grade(delay));
      INSERT INTO graded VALUES (CAST(hours(600) AS INT)), (LENGTH(grade(99)))`)
    expect(await server.rows('SELECT delay, g FROM graded ORDER BY delay')).toEqual([
      [4, 'fine'],
      [10, 'fine'],
    ])
    expect(await problem('DROP FUNCTION grade')).toMatchObject({ status: 409, code: 'IN_USE' })
    await server.sql('DROP TABLE graded')
  })

  it('runs in continuous queries, and again after a restart', async () => {
    await server.sql(`
      CREATE VIEW named AS SELECT origin, grade(delay) AS g FROM flights;
      CREATE MATERIALIZED VIEW grades AS SELECT g, COUNT(*) AS n FROM named GROUP BY g`)
    const query = 'SELECT g, n FROM grades ORDER BY g'
    await server.eventually(query, [
      [null, 1],
      ['fine', 1],
      ['late', 2],
    ])
    await server.restart()
    await server.sql("INSERT INTO flights VALUES ('JFK', 61)")
    await server.eventually(query, [
      [null, 1],
      ['fine', 1],
      ['late', 3],
    ])
    expect(await problem('DROP FUNCTION grade')).toEqual({
      status: 409,
      code: 'IN_USE',
      detail: 'The function grade is called by view named',
      hint: 'Drop it first.',
      line: 1,
    })
    await server.sql('DROP MATERIALIZED VIEW grades; DROP VIEW named')
  })

  it('is listed and shown', async () => {
    const functions = await server.rows('SHOW FUNCTIONS')
    expect(functions).toContainEqual([
      'grade',
      'user',
      'grade(delay INT) RETURNS STRING',
      'JavaScript.',
    ])
    expect(functions).toContainEqual([
      'hours',
      'user',
      'hours(minutes DOUBLE) RETURNS DOUBLE',
      'SQL.',
    ])
    const made = 'CREATE FUNCTION hours(minutes DOUBLE) RETURNS DOUBLE AS $$ minutes / 60 $$'
    expect(await server.rows('SHOW CREATE FUNCTION hours')).toEqual([[made]])
    expect(await problem('SHOW CREATE FUNCTION hour')).toMatchObject({
      code: 'UNKNOWN_FUNCTION',
      hint: 'Did you mean hours?',
    })
  })

  it('goes with DROP; a temporary one with the server', async () => {
    await server.sql(`
      CREATE TEMPORARY FUNCTION passing(x INT) RETURNS INT AS $$ x $$;
      CREATE FUNCTION gone(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$ x $$;
      DROP FUNCTION gone;
      DROP FUNCTION IF EXISTS gone`)
    expect(await problem('SELECT gone(1)')).toMatchObject({ code: 'UNKNOWN_FUNCTION' })
    expect(await problem('DROP FUNCTION gone')).toMatchObject({ code: 'UNKNOWN_FUNCTION' })
    expect(await server.rows('SELECT passing(7)')).toEqual([[7]])
    await server.restart()
    expect(await problem('SELECT passing(7)')).toMatchObject({ code: 'UNKNOWN_FUNCTION' })
  })

  it('is checked without being made', async () => {
    const sql = `CREATE FUNCTION probe(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$ x $$;
      SELECT probe(delay) FROM flights; DROP FUNCTION probe`
    expect((await server.post('/v1/validate', { sql })).json.valid).toBe(true)
    expect(await problem('SELECT probe(1)')).toMatchObject({ code: 'UNKNOWN_FUNCTION' })
    const wrong = 'CREATE FUNCTION probe(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$ x + $$'
    expect((await server.post('/v1/validate', { sql: wrong })).json.valid).toBe(false)
  })

  it('that is no JavaScript is refused at its line, and nothing is made', async () => {
    const sql =
      'CREATE FUNCTION broken(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$\n  return x\n  return @\n$$'
    expect(await problem(sql)).toMatchObject({ status: 400, code: 'SYNTAX', line: 3 })
    expect(await problem('SELECT broken(1)')).toMatchObject({ code: 'UNKNOWN_FUNCTION' })
  })
})

describe('a hostile function', () => {
  it('fails its query, and the server goes on', async () => {
    await server.sql(`
      CREATE FUNCTION spin(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$ for (;;) {} $$;
      CREATE FUNCTION hog(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$
        const list = []
        for (;;) list.push(new Array(100000).fill(list.length))
      $$;
      CREATE FUNCTION boom(x INT) RETURNS INT LANGUAGE JAVASCRIPT AS $$ throw new Error('no ' + x) $$;
      CREATE FUNCTION escape_(x INT) RETURNS STRING LANGUAGE JAVASCRIPT AS
        $$ this.constructor.constructor('return process')().exit() $$`)
    const calls: readonly [string, string, RegExp][] = [
      ['spin(delay)', 'LIMIT_EXCEEDED', /spin ran for too long/],
      ['hog(delay)', 'LIMIT_EXCEEDED', /hog (took too much memory|ran for too long)/],
      ['boom(delay)', 'INVALID_VALUE', /boom failed: Error: no \d+/],
      ['escape_(delay)', 'INVALID_VALUE', /escape_ failed/],
    ]
    for (const [call, code, detail] of calls) {
      const found = await problem(`SELECT ${call} FROM flights WHERE delay IS NOT NULL`)
      expect(found).toMatchObject({ code, detail: expect.stringMatching(detail) })
    }
    expect(
      await server.rows('SELECT COUNT(*) FROM flights WHERE grade(delay) IS NOT NULL'),
    ).toEqual([[4]])
  }, 30_000)

  it('stops its continuous query alone', async () => {
    await server.sql(`
      CREATE MATERIALIZED VIEW bad AS SELECT boom(delay) AS b FROM flights;
      CREATE MATERIALIZED VIEW good AS SELECT grade(delay) AS g, COUNT(*) AS n FROM flights
        WHERE delay IS NOT NULL GROUP BY grade(delay)`)
    await server.eventually('SELECT g, n FROM good ORDER BY g', [
      ['fine', 1],
      ['late', 3],
    ])
    const states = await server.rows('SHOW MATERIALIZED VIEWS')
    expect(states.map(([name, state]) => [name, state])).toEqual([
      ['bad', 'failed'],
      ['good', 'running'],
    ])
  })
})
