/** The commands as real processes against a real server. */

import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CliProcess, cleanUp, cli, serve, tempFolder } from './process.ts'

const INIT = `
CREATE TABLE IF NOT EXISTS trips (
  ts TIMESTAMP(3),
  city STRING,
  km DOUBLE,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
);
CREATE MATERIALIZED VIEW IF NOT EXISTS per_minute AS
SELECT window_start, city, COUNT(*) AS trips, SUM(km) AS km
FROM TABLE(TUMBLE(TABLE trips, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, city;
`

const trip = (minute: number, second: number, city: string, km: number) => ({
  ts: `2026-01-01T10:${String(minute).padStart(2, '0')}:${String(second).padStart(2, '0')}Z`,
  city,
  km,
})

let folder: string
let url: string
let server: CliProcess

beforeAll(async () => {
  folder = tempFolder()
  writeFileSync(join(folder, 'init.sql'), INIT)
  const started = await serve(join(folder, 'data'), ['-f', join(folder, 'init.sql')])
  server = started.process
  url = started.url
})
afterAll(cleanUp)

const at = (...args: string[]) => cli([...args, '--url', url])

describe('sql', () => {
  test('-e prints a table', async () => {
    const { code, stdout } = await at('sql', '-e', "SELECT 1 AS one, 'é' AS two; SELECT NULL AS x")
    expect(stdout).toBe(
      [
        ' one │ two',
        '─────┼─────',
        '   1 │ é',
        '(1 row)',
        ' x',
        '──────',
        ' NULL',
        '(1 row)',
        '',
      ].join('\n'),
    )
    expect(code).toBe(0)
  })

  test('--json and --csv print rows only', async () => {
    const json = await at('sql', '--json', '-e', "SELECT 1 AS one, 'a,b' AS two")
    expect(json.stdout).toBe('{"one":1,"two":"a,b"}\n')
    const csv = await at('sql', '--csv', '-e', "SELECT 1 AS one, 'a,b' AS two")
    expect(csv.stdout).toBe('one,two\n1,"a,b"\n')
  })

  test('an error shows the line of the script with a caret, and ends with 1', async () => {
    const file = join(folder, 'bad.sql')
    writeFileSync(file, '-- two statements\nSELECT 1 AS one;\nSELECT city,\n  dealy FROM trips')
    const { code, stdout, stderr } = await at('sql', '-f', file)
    expect(code).toBe(1)
    expect(stdout).toContain('one')
    expect(stderr).toMatch(
      /^error: .*dealy.* \(UNKNOWN_COLUMN\)\n4 \| {3}dealy FROM trips\n {6}\^{5}\n/,
    )
  })

  test('reads a pipe', async () => {
    const { stdout } = await cli(['sql', '--json', '--url', url], { input: 'SELECT 2 AS n;' })
    expect(stdout).toBe('{"n":2}\n')
  })

  test('colour only where it is wanted', async () => {
    const options = { env: { FORCE_COLOR: '1', NO_COLOR: '' } }
    const coloured = await cli(['sql', '-e', 'SELECT 1 AS n', '--url', url], options)
    expect(coloured.stdout).toContain('\u001b[1m')
    const plain = { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }
    const bare = await cli(['sql', '-e', 'SELECT 1 AS n', '--url', url], plain)
    expect(bare.stdout).not.toContain('\u001b')
  })
})

describe('produce and tail', () => {
  test('NDJSON, CSV and the end: windows close, tail sees them, totals agree', async () => {
    const tail = new CliProcess(['tail', 'per_minute', '--json', '--limit', '3', '--url', url])
    const ndjson = [trip(0, 1, 'Bern', 2), trip(0, 30, 'Köln', 3.5), trip(0, 59, 'Bern', 1)]
      .map((row) => `${JSON.stringify(row)}\n`)
      .join('')
    const piped = await cli(['produce', 'trips', '--json', '--url', url], { input: ndjson })
    expect(piped.stderr).toBe('')
    expect(JSON.parse(piped.stdout)).toMatchObject({ stream: 'trips', rows: 3, requests: 1 })
    const csv = join(folder, 'trips.csv')
    writeFileSync(csv, 'ts,city,km\n2026-01-01T10:01:00Z,"Bern",4\n2026-01-01T10:02:30Z,Bern,5\n')
    const filed = await at('produce', 'trips', csv, '--json')
    expect(JSON.parse(filed.stdout)).toMatchObject({ rows: 2 })
    const { code, stdout } = await tail.finished
    expect(code).toBe(0)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ op, row }) => [op, row.window_start, row.city, row.trips, row.km])).toEqual(
      expect.arrayContaining([
        ['+I', expect.stringContaining('10:00:00'), 'Bern', 2, 3],
        ['+I', expect.stringContaining('10:00:00'), 'Köln', 1, 3.5],
        ['+I', expect.stringContaining('10:01:00'), 'Bern', 1, 4],
      ]),
    )
    expect(lines.every(({ id }) => typeof id === 'string')).toBe(true)
  })

  test('consume gives each record to a group once, until there is none', async () => {
    const sql = 'CREATE TABLE jobs (n INT)'
    expect((await at('sql', '-e', sql)).code).toBe(0)
    const ndjson = [1, 2, 3].map((n) => `${JSON.stringify({ n })}\n`).join('')
    await cli(['produce', 'jobs', '--url', url], { input: ndjson })
    const first = await at('consume', 'jobs', '--group', 'g', '--limit', '2')
    expect(first).toMatchObject({ code: 0, stderr: '', stdout: '{"n":1}\n{"n":2}\n' })
    const rest = await at('consume', 'jobs', '--group', 'g', '--json')
    expect(JSON.parse(rest.stdout)).toMatchObject({ offset: 2, deliveries: 1, value: { n: 3 } })
    expect(await at('consume', 'jobs', '--group', 'g')).toMatchObject({ code: 0, stdout: '' })
    const none = await at('consume', 'nowhere', '--group', 'g')
    expect(none.code).toBe(1)
    expect(none.stderr).toContain('nowhere')
  })

  test('tail prints a table of the rows there are, and follows a SELECT', async () => {
    const view = await at('tail', 'per_minute', '--limit', '3')
    expect(view.stdout).toContain(' window_start        │ city │ trips │  km\n')
    expect(view.stdout).toContain(' 2026-01-01 10:00:00 │ Köln │     1 │ 3.5\n')
    const select = await at(
      'tail',
      "SELECT city, km FROM trips WHERE city = 'Köln'",
      '--limit',
      '1',
    )
    expect(select.stdout).toContain(' Köln │ 3.5')
  })

  test('a bad record stores nothing of its request and says which one it is', async () => {
    const input = `${JSON.stringify(trip(3, 0, 'Bern', 1))}\n{"ts":"2026-01-01T10:03:00Z","km":"far"}\n`
    const { code, stderr } = await cli(['produce', 'trips', '--url', url], { input })
    expect(code).toBe(1)
    expect(stderr).toContain('BAD_RECORD')
    expect(stderr).toContain('record 2 of the input')
    expect(stderr).toContain('0 rows were acknowledged')
    const { stdout } = await at('sql', '--json', '-e', 'SELECT COUNT(*) AS n FROM trips')
    expect(stdout).toBe('{"n":5}\n')
  })

  test('Parquet goes in as columns; --skip continues, --end closes', async () => {
    const { DuckDBInstance } = await import('@duckdb/node-api')
    const file = join(folder, 'readings.parquet')
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
    await duckdb.run(
      `COPY (SELECT TIMESTAMP '2026-01-01' + to_seconds(n) AS ts, n AS id, 'é' || n AS name
       FROM range(50000) t(n)) TO '${file}'`,
    )
    duckdb.closeSync()
    await at('sql', '-e', 'CREATE TABLE readings (ts TIMESTAMP(6), id BIGINT, name STRING)')
    const { stdout, stderr } = await at(
      'produce',
      'readings',
      file,
      '--skip',
      '10',
      '--end',
      '--json',
    )
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ rows: 49_990 })
    const sums = 'SELECT COUNT(*) AS n, SUM(id) AS total, MAX(name) AS last FROM readings'
    const { stdout: answer } = await at('sql', '--json', '-e', sums)
    expect(JSON.parse(answer)).toEqual({ n: 49_990, total: 1_249_974_955, last: 'é9999' })
    const { code, stderr: ended } = await at('produce', 'readings', file)
    expect(code).toBe(1)
    expect(ended).toContain('STREAM_ENDED')
  })

  test('an unknown stream is refused before anything is read', async () => {
    const { code, stderr } = await at('produce', 'nowhere', '-')
    expect(code).toBe(1)
    expect(stderr).toContain('nowhere')
  })

  test('a format that cannot be told is asked for', async () => {
    writeFileSync(join(folder, 'x.dat'), '')
    const { code, stderr } = await at('produce', 'trips', join(folder, 'x.dat'))
    expect(code).toBe(1)
    expect(stderr).toContain('--format ndjson|json|csv|parquet')
  })
})

describe('status', () => {
  test('lists streams and queries', async () => {
    const { stdout, code } = await at('status')
    expect(code).toBe(0)
    expect(stdout).toContain('● ready')
    expect(stdout).toMatch(/ trips +│ +5 /)
    expect(stdout).toMatch(/ per_minute +│ running /)
    const json = JSON.parse((await at('status', '--json')).stdout)
    expect(json).toMatchObject({ ready: true, queries: [{ name: 'per_minute' }] })
  })
})

describe('failures', () => {
  test('no server: one clear line, exit code 2', async () => {
    const { code, stderr } = await cli(['sql', '-e', 'SELECT 1', '--url', 'http://127.0.0.1:1'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: No Millrace server answers at http:\/\/127.0.0.1:1 .*\n/)
    expect(stderr).toContain('npm start')
  })

  test('a used port is said in one line', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => blocker.once('listening', resolve))
    const { port } = blocker.address() as { port: number }
    const { code, stderr, stdout } = await cli([
      'serve',
      '--port',
      String(port),
      '--data',
      join(folder, 'other'),
    ])
    blocker.close()
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('PORT_IN_USE')
    expect(stderr).toContain(String(port))
  })

  test('a used data folder is refused', async () => {
    const { code, stderr } = await cli(['serve', '--port', '0', '--data', join(folder, 'data')])
    expect(code).toBe(1)
    expect(stderr).toContain('DATA_IN_USE')
  })

  test('an init file with an error starts no server', async () => {
    const file = join(folder, 'broken.sql')
    writeFileSync(file, 'CREATE TABLE x (a INT);\nSELECT nothing FROM nowhere;')
    const data = join(folder, 'broken')
    const { code, stdout, stderr } = await cli(['serve', '--port', '0', '--data', data, '-f', file])
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('2 | SELECT nothing FROM nowhere')
  })

  test('an old Node is told so', async () => {
    const { spawnSync } = await import('node:child_process')
    const main = join(import.meta.dirname, '../../server/cli/main.ts')
    const script = `const versions = { ...process.versions, node: '20.20.2' }
      Object.defineProperty(process, 'versions', { value: versions })
      await import(${JSON.stringify(main)})`
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    expect(status).toBe(1)
    expect(stderr).toContain('Millrace needs Node 24 or newer; this is Node 20.20.2')
  })
})

describe('serve', () => {
  test('SIGTERM ends it with 0, and what was stored is there at the next start', async () => {
    const stopped = await server.kill('SIGTERM')
    expect(stopped.code).toBe(0)
    expect(stopped.stdout.trim().split('\n')).toHaveLength(1)
    const again = await serve(join(folder, 'data'), ['-f', join(folder, 'init.sql')])
    const { stdout } = await cli([
      'sql',
      '--json',
      '--url',
      again.url,
      '-e',
      'SELECT COUNT(*) AS n FROM trips',
    ])
    expect(stdout).toBe('{"n":5}\n')
    expect((await again.process.kill('SIGINT')).code).toBe(0)
  })
})
