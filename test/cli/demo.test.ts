/** The demo as a real process: its final results are DuckDB's answer over the same file, whatever
 *  happens in between. */

import { createServer } from 'node:net'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, describe, expect, test } from 'vitest'
import { MillraceClient, type Row } from '../../client/index.ts'
import { findDataset } from '../../server/cli/demo/dataset.ts'
import { CliProcess, cleanUp, cli, tempFolder } from './process.ts'

afterAll(cleanUp)

/** DuckDB's form of each view, over the first `rows` flights. */
function oracle(rows: number): Record<string, string> {
  const flights = `(SELECT * FROM read_parquet('${findDataset().parquet}') LIMIT ${rows})`
  const window = (width: string) =>
    `time_bucket(INTERVAL '${width}', date, TIMESTAMP '1970-01-01') AS window_start`
  const aggregates = 'COUNT(*) AS flights, AVG(CAST(delay AS DOUBLE)) AS avg_delay'
  return {
    hourly: `SELECT ${window('1 hour')}, ${aggregates}, MAX(delay) AS max_delay FROM ${flights} GROUP BY 1`,
    hourly_by_origin: `SELECT ${window('1 hour')}, origin, ${aggregates} FROM ${flights} GROUP BY 1, 2`,
    airport_weeks: `SELECT ${window('7 days')}, origin, ${aggregates}, MAX(delay) AS max_delay FROM ${flights} GROUP BY 1, 2`,
    long_delays: `SELECT date, origin, destination, delay FROM ${flights} WHERE delay > 300`,
  }
}

const COLUMNS: Record<string, readonly string[]> = {
  hourly: ['window_start', 'flights', 'avg_delay', 'max_delay'],
  hourly_by_origin: ['window_start', 'origin', 'flights', 'avg_delay'],
  airport_weeks: ['window_start', 'origin', 'flights', 'avg_delay', 'max_delay'],
  long_delays: ['date', 'origin', 'destination', 'delay'],
}

/** A row as text, equal for both sides: times to the minute, numbers as JavaScript has them. */
function rowText(view: string, row: Row): string {
  const values = COLUMNS[view].map((name) => {
    const value = row[name]
    const isTime = name === 'date' || name === 'window_start'
    if (isTime) return String(value).replace('T', ' ').slice(0, 16)
    return typeof value === 'string' && /^-?[\d.]+$/.test(value) ? String(Number(value)) : value
  })
  return values.join('|')
}

async function expectDuckdbsAnswer(url: string, rows: number): Promise<void> {
  const client = new MillraceClient({ url })
  await client.sql("SET 'millrace.rows-max' = '1000000'")
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
  for (const [view, sql] of Object.entries(oracle(rows))) {
    const expected = (await duckdb.runAndReadAll(sql)).getRowObjectsJson() as Row[]
    const [result] = await client.sql(`SELECT * FROM ${view}`)
    const actual = result.kind === 'rows' ? result.rows : []
    expect(actual.length, view).toBe(expected.length)
    const texts = (side: readonly Row[]) => side.map((row) => rowText(view, row)).sort()
    const [ours, theirs] = [texts(actual), texts(expected)]
    const firstDifference = ours.findIndex((text, i) => text !== theirs[i])
    expect(
      firstDifference < 0 ? null : [ours[firstDifference], theirs[firstDifference]],
      view,
    ).toBe(null)
  }
  duckdb.closeSync()
}

const demo = (data: string, args: readonly string[]) =>
  new CliProcess(['demo', '--port', '0', '--data', data, ...args], {
    env: { MILLRACE_SELECT_ROWS_MAX: '1000000' },
  })

async function urlOf(process: CliProcess): Promise<string> {
  return (await process.waitFor(/Millrace demo at (http:\S+)/))[1]
}

/** The last number of durable rows that the demo has told of. */
const rowsTold = (output: string): number =>
  Math.max(
    0,
    ...[...output.matchAll(/, ([\d ]+) rows,/g)].map(([, n]) => Number(n.replaceAll(' ', ''))),
  )

describe('demo', () => {
  test('all three million flights: the results are DuckDB’s; Ctrl-C ends it with 0', async () => {
    const process = demo(join(tempFolder(), 'data'), ['--speed', 'max'])
    const url = await urlOf(process)
    await process.waitFor(/The server keeps running/)
    expect(process.stdout).toContain('3 000 000 flights in the stream, every one of them counted')
    await expectDuckdbsAnswer(url, 3_000_000)
    const { code, stderr } = await process.kill('SIGINT')
    expect(stderr).toBe('')
    expect(code).toBe(0)
  }, 180_000)

  test('kill -9 during ingest, twice: no acknowledged row is lost, none counts twice', async () => {
    const data = join(tempFolder(), 'data')
    const rows = 400_000
    let told = 0
    for (const afterMs of [1300, 2600]) {
      const process = demo(data, ['--rows', String(rows), '--speed', '4d'])
      await urlOf(process)
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      const { signal, stdout } = await process.kill('SIGKILL')
      expect(signal).toBe('SIGKILL')
      if (told > 0) expect(continuedAt(stdout)).toBeGreaterThanOrEqual(told)
      told = Math.max(told, rowsTold(stdout))
    }
    expect(told).toBeGreaterThan(0)
    const last = demo(data, ['--rows', String(rows), '--speed', 'max'])
    const url = await urlOf(last)
    await last.waitFor(/The server keeps running/)
    const from = continuedAt(last.stdout)
    expect(from).toBeGreaterThanOrEqual(told)
    expect(from).toBeLessThan(rows)
    await expectDuckdbsAnswer(url, rows)
    expect((await last.kill('SIGTERM')).code).toBe(0)
  }, 120_000)

  test('Ctrl-C stops it cleanly and the next start goes on; after the end it starts afresh', async () => {
    const data = join(tempFolder(), 'data')
    const startMs = performance.now()
    const first = demo(data, ['--rows', '60000', '--speed', '2d'])
    await first.waitFor(/first results after/)
    expect(performance.now() - startMs).toBeLessThan(5000)
    const stopped = await first.kill('SIGINT')
    expect(stopped.code).toBe(0)
    const options = ['--rows', '60000', '--speed', 'max', '--exit']
    const second = await demo(data, options).finished
    expect(continuedAt(second.stdout)).toBeGreaterThan(0)
    expect(second.stdout).toContain('60 000 flights in the stream, every one of them counted once')
    expect(second.code).toBe(0)
    const third = await demo(data, options).finished
    expect(third.stdout).not.toContain('continuing')
    expect(third.stdout).toContain('60 000 flights in the stream, every one of them counted once')
    const fresh = await demo(data, ['--rows', '1000', '--speed', 'max', '--exit', '--fresh'])
      .finished
    expect(fresh.stdout).toContain('1 000 flights in the stream, every one of them counted once')
  }, 60_000)

  test('a used port gives one clear error', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => blocker.once('listening', resolve))
    const { port } = blocker.address() as { port: number }
    const data = join(tempFolder(), 'data')
    const { code, stdout, stderr } = await cli(['demo', '--port', String(port), '--data', data])
    blocker.close()
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(new RegExp(`^error: .*${port}.*PORT_IN_USE`))
    expect(stderr).toContain('hint: ')
  })
})

function continuedAt(output: string): number {
  const [, row] = /continuing at row ([\d ]+)/.exec(output) ?? []
  return row === undefined ? -1 : Number(row.replaceAll(' ', ''))
}
