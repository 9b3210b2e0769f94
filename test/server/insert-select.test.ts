/** INSERT INTO … SELECT as a job: into streams, into files, over restarts, and what it refuses. */

import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestServer } from './test-server.ts'

let server: TestServer
const files = () => join(server.folder, 'out')

beforeAll(async () => {
  server = await TestServer.start()
  await server.sql(`
    CREATE TABLE orders (id BIGINT NOT NULL, region STRING, amount DECIMAL(10, 2), note STRING);
    CREATE TABLE copy (region STRING, id BIGINT NOT NULL, extra INT, amount DECIMAL(12, 2));
    CREATE TABLE other (id BIGINT);
    CREATE TABLE changes (region STRING, n BIGINT)
      WITH ('connector' = 'filesystem', 'path' = '${files()}/changes', 'format' = 'changelog-json',
        'sink.flush-interval' = '1 ms');
    CREATE TABLE lines (id BIGINT, amount DECIMAL(10, 2))
      WITH ('connector' = 'filesystem', 'path' = '${files()}/lines', 'format' = 'csv',
        'sink.flush-interval' = '1 ms');
    CREATE TABLE arrow_out (id BIGINT, region STRING)
      WITH ('connector' = 'filesystem', 'path' = '${files()}/arrow', 'format' = 'arrow',
        'sink.flush-interval' = '1 ms');
    CREATE TABLE nothing (id BIGINT) WITH ('connector' = 'blackhole');
    INSERT INTO copy (id, region, amount) SELECT id, region, amount FROM orders WHERE amount > 1;
    INSERT INTO changes SELECT region, COUNT(*) FROM orders GROUP BY region;
    INSERT INTO lines SELECT id, amount FROM orders;
    INSERT INTO arrow_out SELECT id, region FROM orders;
    INSERT INTO nothing SELECT id FROM orders;
  `)
})

afterAll(() => server.stop())

const insert = (from: number, to: number) => {
  const rows = Array.from({ length: to - from }, (_, i) => `(${from + i}, 'r${i % 3}', ${i}, NULL)`)
  return server.sql(`INSERT INTO orders VALUES ${rows.join(', ')}`)
}

/** Lines of all files of a folder, in the order of their names. */
function linesOf(folder: string): string[] {
  // What is hidden from readers is the writer's own.
  const names = readdirSync(join(files(), folder))
    .filter((name) => !/^[._]/.test(name))
    .sort()
  expect(names.every((name) => /^part-[0-9a-f]{16}-\d{12}-\d{12}\./.test(name))).toBe(true)
  return names.flatMap((name) =>
    readFileSync(join(files(), folder, name), 'utf8')
      .trimEnd()
      .split('\n'),
  )
}

async function until(check: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (check()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(check()).toBe(true)
}

const countOf = (folder: string) => {
  try {
    return linesOf(folder).length
  } catch {
    return 0
  }
}

describe('jobs', () => {
  it('write every result once, also over restarts', async () => {
    for (let round = 0; round < 3; round++) {
      await insert(round * 10, round * 10 + 10)
      await server.restart()
    }
    await insert(30, 40)
    await server.eventually(
      'SELECT COUNT(*), COUNT(DISTINCT id), MAX(id), COUNT(extra) FROM copy',
      [[32, 32, 39, 0]],
    )
    await until(() => countOf('lines') === 40)
    expect(new Set(linesOf('lines')).size).toBe(40)
    expect(linesOf('lines')[13]).toBe('13,3.00')
  })

  it('write changelogs that add up', async () => {
    const sum = () => {
      const counts: Record<string, number> = {}
      for (const line of linesOf('changes')) {
        const { op, row } = JSON.parse(line)
        const key = JSON.stringify(row)
        counts[key] = (counts[key] ?? 0) + (op === '+I' ? 1 : -1)
      }
      return Object.entries(counts).filter(([, n]) => n !== 0)
    }
    const want = ['r0', 'r1', 'r2'].map((region, i) => [
      JSON.stringify({ region, n: i === 0 ? 16 : 12 }),
      1,
    ])
    await until(() => JSON.stringify(sum().sort()) === JSON.stringify(want))
    // What was written can be read back.
    await server.eventually('SELECT region, n FROM changes ORDER BY region', [
      ['r0', 16],
      ['r1', 12],
      ['r2', 12],
    ])
  })

  it('write what others read', async () => {
    await server.eventually('SELECT COUNT(*), MAX(id), COUNT(region) FROM arrow_out', [
      [40, 39, 40],
    ])
    await server.eventually('SELECT COUNT(*), SUM(amount) FROM lines', [[40, '180.00']])
  })

  it('are queries like others', async () => {
    const names = (await server.rows('SHOW QUERIES')).map(([name]) => name)
    expect(names).toContain('insert_into_copy')
    await server.sql('INSERT INTO copy (id) SELECT COALESCE(id, 0) FROM other')
    expect((await server.rows('SHOW QUERIES')).map(([name]) => name)).toContain(
      'insert_into_copy_2',
    )
    await expect(server.sql('DROP TABLE copy')).rejects.toThrow('IN_USE')
    await server.sql(
      'DROP QUERY insert_into_copy_2; DROP QUERY insert_into_nothing; DROP TABLE nothing',
    )
    const { json } = await server.post('/v1/validate', {
      sql: 'INSERT INTO other SELECT id FROM copy',
    })
    expect(json).toMatchObject({ valid: true, statements: [{ kind: 'insert-select' }] })
  })

  it('end with an error that a retry does not help, and show it', async () => {
    await server.sql(`
      CREATE TABLE ended (id BIGINT);
      INSERT INTO ended SELECT id FROM other`)
    await server.post('/v1/streams/ended/end', '')
    await server.sql('INSERT INTO other VALUES (1)')
    let state: unknown
    for (let i = 0; i < 200 && state !== 'failed'; i++) {
      state = (await server.get('/v1/queries/insert_into_ended')).json.state
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(state).toBe('failed')
  })

  it('try again what the world outside refuses', async () => {
    const path = join(server.folder, 'blocked')
    await server.sql(`
      CREATE TABLE blocked (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '${path}/x/y',
        'format' = 'json', 'sink.flush-interval' = '1 ms')`)
    // A file stands where the folder should be.
    const { writeFileSync } = await import('node:fs')
    writeFileSync(path, '')
    await server.sql('INSERT INTO blocked SELECT id FROM other')
    await new Promise((resolve) => setTimeout(resolve, 300))
    rmSync(path)
    await until(() => {
      try {
        return readdirSync(`${path}/x/y`).length > 0
      } catch {
        return false
      }
    })
  })
})

describe('bad records', () => {
  it('are passed over and counted, or end the query', async () => {
    const { mkdirSync, writeFileSync } = await import('node:fs')
    mkdirSync(files(), { recursive: true })
    const path = join(files(), 'bad.ndjson')
    writeFileSync(path, '{"id":1}\n{"id":"x"}\nnonsense\n{"id":4}\n')
    const table = (name: string, policy: string) =>
      `CREATE TABLE ${name} (id BIGINT, file STRING METADATA FROM 'file.name')
       WITH ('connector' = 'filesystem', 'path' = '${path}', 'format' = 'json', 'bad-records' = '${policy}')`
    await server.sql(`${table('lenient', 'skip')}; ${table('strict', 'fail')};
      CREATE MATERIALIZED VIEW good AS SELECT id, file FROM lenient`)
    await server.eventually('SELECT id, file FROM good ORDER BY id', [
      [1, 'bad.ndjson'],
      [4, 'bad.ndjson'],
    ])
    await expect(server.sql('SELECT * FROM strict')).rejects.toThrow(/BAD_RECORD.*bad-records/)
  })
})

describe('refusals', () => {
  it.each([
    ['INSERT INTO copy SELECT id FROM orders', 'INVALID_ARGUMENT'],
    ['INSERT INTO copy (id, region) SELECT region, id FROM orders', 'TYPE_MISMATCH'],
    ['INSERT INTO copy (region) SELECT region FROM orders', 'INVALID_VALUE'],
    ['INSERT INTO copy (id) SELECT CAST(NULL AS BIGINT) FROM orders', 'TYPE_MISMATCH'],
    ['INSERT INTO copy (id, ix) SELECT id, id FROM orders', 'UNKNOWN_COLUMN'],
    ['INSERT INTO copy (id, id) SELECT id, id FROM orders', 'DUPLICATE_NAME'],
    ['INSERT INTO missing SELECT id FROM orders', 'UNKNOWN_TABLE'],
    ['INSERT INTO other SELECT COUNT(*) FROM orders', 'UNSUPPORTED'],
    ['INSERT INTO other SELECT id FROM other', 'UNSUPPORTED'],
    ['INSERT INTO orders (id) SELECT id FROM copy', 'UNSUPPORTED'],
    ['INSERT INTO lines VALUES (1, 2)', 'UNSUPPORTED'],
  ])('%s', async (sql, code) => {
    const before = await server.rows('SHOW QUERIES')
    await expect(server.sql(sql)).rejects.toThrow(code)
    expect(await server.rows('SHOW QUERIES')).toEqual(before)
  })
})
