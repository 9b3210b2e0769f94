/** Lookups in PostgreSQL, under the connector's Flink name. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { jdbc } from '../../../connectors/postgres/jdbc-spec.ts'
import { postgresLookup } from '../../../connectors/postgres/lookup.ts'
import { nodeDisk } from '../../../engine/base/disk.ts'
import { PostgresBroker, postgresMissing } from '../../brokers/postgres.ts'
import { describeWith } from '../../brokers/program.ts'
import { asker } from './ask.ts'

describeWith('PostgreSQL', postgresMissing, () => {
  let broker: PostgresBroker
  beforeAll(async () => {
    broker = await PostgresBroker.start()
    await broker.run(
      'CREATE SCHEMA more',
      `CREATE TABLE more.users (id int PRIMARY KEY, "full ""name""" text, score numeric, big bigint, born date,
         seen timestamp, at timestamptz, raw bytea, ok boolean, tags text[], doc jsonb, ratio float8)`,
      `INSERT INTO more.users VALUES
         (1, 'ann ''x''', 12345678901234567.125, 9007199254740993, '2000-02-29', '2024-01-01 00:00:00.123456',
          '2024-01-01 02:00:00+02', 'xyz', true, '{a,b}', '{"n": 1}', 'NaN')`,
      'INSERT INTO more.users (id) VALUES (2)',
      'CREATE TABLE pairs (a int, b text, n int)',
      `INSERT INTO pairs VALUES (1, 'x', 10), (1, 'x', 11), (1, 'y', 12), (NULL, 'x', 13)`,
    )
  }, 60_000)
  afterAll(() => broker?.close())

  const open = (
    table: string,
    columns: string,
    keys: readonly string[],
    asked: readonly string[],
  ) =>
    asker(
      postgresLookup(nodeDisk),
      jdbc,
      `CREATE TABLE t (${columns}) WITH ('connector' = 'jdbc', 'url' = 'jdbc:${broker.url}', 'table-name' = '${table}')`,
      keys,
      asked,
    )

  it('gives the rows of keys, with every type exact', async () => {
    const { ask, client } = open(
      'more.users',
      `id BIGINT, "full ""name""" STRING, score DECIMAL(20, 3), big BIGINT, born DATE, seen TIMESTAMP(6),
       at TIMESTAMP_LTZ(3), raw BYTES, ok BOOLEAN, tags ARRAY<STRING>, doc JSON, ratio DOUBLE`,
      ['id'],
      [
        'id',
        'full "name"',
        'score',
        'big',
        'born',
        'seen',
        'at',
        'raw',
        'ok',
        'tags',
        'doc',
        'ratio',
      ],
    )
    const day = Date.UTC(2024, 0, 1) * 1000
    expect(await ask([3], [1], [2])).toEqual([
      `1: 1, ann 'x', 12345678901234567125, 9007199254740993, 11016, ${day + 123456}, ${day}, xyz, true, a,b, {"n":1}, NaN`,
      `2: 2${', NULL'.repeat(11)}`,
    ])
    await client.close()
  })

  it('several keys and rows; a lost server is found again', async () => {
    const { ask, client } = open('pairs', 'a INT, b STRING, n INT', ['b', 'a'], ['n'])
    expect(await ask(['x', 1], ['y', 1], ["'; DROP TABLE pairs", 1])).toEqual([
      '0: 10',
      '0: 11',
      '1: 12',
    ])
    await broker.kill()
    await expect(ask(['x', 1])).rejects.toMatchObject({ code: 'CONNECTOR_FAILED' })
    await broker.restart()
    expect(await ask(['y', 1])).toEqual(['0: 12'])
    await client.close()
  })

  it('what the server refuses is final', async () => {
    const { ask, client } = open('none', 'a INT', ['a'], ['a'])
    await expect(ask([1])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', retry: 'never' })
    await client.close()
    expect(() =>
      asker(
        postgresLookup(nodeDisk),
        jdbc,
        `CREATE TABLE t (a INT) WITH ('connector' = 'jdbc', 'url' = 'jdbc:mysql://h/d', 'table-name' = 't')`,
        ['a'],
        ['a'],
      ),
    ).toThrow('must be that of a PostgreSQL database')
  })
})
