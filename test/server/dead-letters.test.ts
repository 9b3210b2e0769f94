/** Records that cannot be decoded are kept in `"s$dead_letters"`: each once, whoever reads the table,
 *  also over restarts. */

import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestServer } from './test-server.ts'

let server: TestServer
let path: string

beforeAll(async () => {
  server = await TestServer.start()
  path = join(server.folder, 'in.ndjson')
  writeFileSync(path, '{"id":1}\n{"id":"x"}\nnonsense \u00e9\n{"id":4}\n{"name":"no id"}\n')
  await server.sql(`
    CREATE TABLE s (id BIGINT NOT NULL, file STRING METADATA FROM 'file.name')
      WITH ('connector' = 'filesystem', 'path' = '${path}', 'format' = 'json',
        'source.monitor-interval' = '20 ms');
    CREATE MATERIALIZED VIEW good AS SELECT id FROM s;
    CREATE MATERIALIZED VIEW total AS SELECT COUNT(*) AS n FROM s;
    CREATE MATERIALIZED VIEW bad AS SELECT "offset", error, CAST(record AS STRING) AS record
      FROM "s$dead_letters";
  `)
})

afterAll(() => server.stop())

const LETTERS = 'SELECT CAST(record AS STRING), error FROM "s$dead_letters" ORDER BY 1'

describe('dead letters', () => {
  it('hold each bad record once, with the reason', async () => {
    await server.eventually('SELECT id FROM good ORDER BY id', [[1], [4]])
    await server.eventually('SELECT COUNT(*) FROM "s$dead_letters"', [[3]])
    const rows = await server.rows(LETTERS)
    expect(rows.map((row) => row[0])).toEqual(['nonsense \u00e9', '{"id":"x"}', '{"name":"no id"}'])
    const errors = rows.map((row) => String(row[1]))
    expect(errors[0]).toMatch(/JSON/)
    expect(errors[1]).toMatch(/column id/)
    expect(errors[2]).toMatch(/column id.*NOT NULL/)
    await server.eventually('SELECT COUNT(*) FROM bad', [[3]])
  })

  it('are not doubled by another query or a restart, and go on afterwards', async () => {
    await server.sql('CREATE MATERIALIZED VIEW again AS SELECT MAX(id) AS top FROM s')
    await server.eventually('SELECT top FROM again', [[4]])
    await server.restart()
    appendFileSync(path, '{"id":5}\n{"id":1.5}\n')
    await server.eventually('SELECT top FROM again', [[5]])
    await server.eventually('SELECT COUNT(*) FROM bad', [[4]])
    await server.eventually('SELECT n FROM total', [[3]])
    const offsets = await server.rows('SELECT DISTINCT split, "offset" FROM "s$dead_letters"')
    expect(offsets).toHaveLength(4)
  })

  it('are listed and described; the statement of a missing one says why', async () => {
    const tables = await server.rows('SHOW TABLES')
    expect(tables.map((row) => row[0])).toContain('s$dead_letters')
    const columns = await server.rows('DESCRIBE "s$dead_letters"')
    expect(columns.map((row) => row[0])).toEqual(['split', 'offset', 'error', 'record', 'arrived'])
    await server.sql('CREATE TABLE plain (id BIGINT)')
    await expect(server.sql('SELECT * FROM "plain$dead_letters"')).rejects.toThrow(
      /keeps no bad records/,
    )
  })

  it('go when the table goes', async () => {
    await server.sql('DROP TABLE s CASCADE').catch(() => undefined)
    for (const name of ['good', 'total', 'bad', 'again']) {
      await server.sql(`DROP MATERIALIZED VIEW IF EXISTS ${name}`)
    }
    await server.sql('DROP TABLE IF EXISTS s')
    await expect(server.sql('SELECT * FROM "s$dead_letters"')).rejects.toThrow(/UNKNOWN_TABLE/)
  })
})
