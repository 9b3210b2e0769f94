/** Lines of files as a sink: what is no line is refused, and what could not be written is told. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestServer } from '../../server/test-server.ts'

const folder = mkdtempSync(`${tmpdir()}/millrace-line-sink-`)
let server: TestServer

beforeAll(async () => {
  server = await TestServer.start()
  await server.sql('CREATE TABLE texts (v STRING)')
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A job that writes what the query says into a folder of its own. */
const write = (name: string, column: string, options: string, query: string) =>
  server.sql(`
    CREATE TABLE ${name} (${column}) WITH ('connector' = 'filesystem', 'path' = '${folder}/${name}',
      'sink.rolling-policy.rollover-interval' = '10 ms', ${options});
    INSERT INTO ${name} ${query}`)

interface Status {
  readonly state: string
  readonly error: { readonly code: string; readonly message: string } | null
}

async function status(name: string, state: string): Promise<Status> {
  for (let tries = 0; tries < 1000; tries++) {
    const { json } = await server.get(`/v1/queries/insert_into_${name}`)
    const found = json as unknown as Status
    if (found.state === state) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${name} was never ${state}`)
}

test.each([
  [
    'broken',
    'v STRING NOT NULL',
    `'format' = 'raw'`,
    `COALESCE(CONCAT(v, CHR(10), v), '')`,
    /line end/,
  ],
  ['blank', 'v STRING NOT NULL', `'format' = 'raw'`, `''`, /empty/],
  ['nothing', 'v STRING', `'format' = 'csv'`, `NULLIF(v, 'x')`, /empty/],
])('a record that would not be read as it is ends the job (%s)', async (...given) => {
  const [name, column, options, value, reason] = given
  await server.sql(`CREATE TABLE ${name}_in (v STRING)`)
  await write(name, column, options, `SELECT ${value} FROM ${name}_in`)
  await server.sql(`INSERT INTO ${name}_in VALUES ('x')`)
  const { error } = await status(name, 'failed')
  expect(error?.code).toBe('INVALID_VALUE')
  expect(error?.message).toMatch(reason)
})

test('CSV has cells of several lines, and NULL by its text', async () => {
  await write(
    'both',
    'v STRING',
    `'format' = 'csv', 'csv.null-literal' = '-'`,
    'SELECT v FROM texts',
  )
  await server.sql(`INSERT INTO texts VALUES (CONCAT('a', CHR(10), 'b'))`)
  await server.sql('INSERT INTO texts VALUES (CAST(NULL AS STRING))')
  await server.eventually('SELECT v FROM both ORDER BY v NULLS LAST', [['a\nb'], [null]])
})

test('what cannot be written for now is told, and written when it can be', async () => {
  await write('late', 'v STRING', `'format' = 'json'`, 'SELECT v FROM texts')
  await status('late', 'running')
  const path = `${folder}/late`
  for (let tries = 0; tries < 500 && !existsSync(path); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  rmSync(path, { recursive: true })
  writeFileSync(path, 'in the way')
  await server.sql(`INSERT INTO texts VALUES ('z')`)
  const { error } = await status('late', 'retrying')
  expect(error?.code).toBe('DISK_FAILED')
  rmSync(path)
  await status('late', 'running')
  const written = () =>
    readdirSync(path)
      .filter((name) => name.startsWith('part-'))
      .map((name) => readFileSync(`${path}/${name}`, 'utf8'))
      .join('')
  await expect.poll(written, { timeout: 20_000 }).toContain('"z"')
})
