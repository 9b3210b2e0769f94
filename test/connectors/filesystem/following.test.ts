/** Files that grow, as tables: what is half written, and what may not happen to them. */

import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { tableFromArrays, tableToIPC } from 'apache-arrow'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cutLines } from '../../../connectors/filesystem/lines.ts'
import { csvForm } from '../../../engine/format/csv-form.ts'
import { CsvReader } from '../../../engine/format/csv-text.ts'
import { seedOf } from '../../seed.ts'
import { TestServer } from '../../server/test-server.ts'

const folder = mkdtempSync(`${tmpdir()}/millrace-following-`)
let server: TestServer

beforeAll(async () => {
  server = await TestServer.start()
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A folder with a file `m.json` that holds one row, followed by a view that has it. */
async function follow(name: string): Promise<string> {
  const path = `${folder}/${name}`
  mkdirSync(path)
  writeFileSync(`${path}/m.json`, '{"id": 1}\n')
  await server.sql(`
    CREATE TABLE ${name} (id INT) WITH ('connector' = 'filesystem', 'path' = '${path}/*.json',
      'format' = 'json', 'source.monitor-interval' = '20 ms');
    CREATE MATERIALIZED VIEW ${name}_rows AS SELECT id FROM ${name}`)
  await server.eventually(`SELECT * FROM ${name}_rows`, [[1]])
  return path
}

async function failure(name: string): Promise<unknown> {
  for (;;) {
    const { json } = await server.get(`/v1/queries/${name}_rows`)
    if (json.state === 'failed') return (json as unknown as { error: { code: string } }).error.code
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('a followed folder', () => {
  test('a line counts when it is whole', async () => {
    const path = await follow('grows')
    appendFileSync(`${path}/m.json`, '{"id": 2}\n{"id"')
    await server.eventually('SELECT * FROM grows_rows ORDER BY id', [[1], [2]])
    expect(await server.rows('SELECT * FROM grows ORDER BY id')).toEqual([[1], [2]])
    appendFileSync(`${path}/m.json`, ': 3}\n')
    writeFileSync(`${path}/n.json`, '{"id": 4}\n')
    await server.eventually('SELECT * FROM grows_rows ORDER BY id', [[1], [2], [3], [4]])
  })

  test('what cannot be read exactly any more ends its queries, and no others', async () => {
    const early = await follow('early')
    const cut = await follow('cut')
    const replaced = await follow('replaced')
    writeFileSync(`${early}/a.json`, '{"id": 0}\n')
    truncateSync(`${cut}/m.json`, 3)
    renameSync(`${replaced}/m.json`, `${replaced}/m.old`)
    writeFileSync(`${replaced}/m.json`, '{"id": 7}\n{"id": 8}\n')
    for (const name of ['early', 'cut', 'replaced']) expect(await failure(name)).toBe('GONE')
    appendFileSync(`${folder}/grows/n.json`, '{"id": 5}\n')
    await server.eventually('SELECT COUNT(*) FROM grows_rows', [[5]])
  })
})

test('an Arrow file that is on its way is read when it is whole', async () => {
  const path = `${folder}/arrow`
  mkdirSync(path)
  const rows = tableToIPC(tableFromArrays({ id: Int32Array.of(1, 2) }), 'stream')
  writeFileSync(`${path}/a.arrow`, rows.subarray(0, rows.length >> 1))
  await server.sql(`
    CREATE TABLE arrow_files (id INT) WITH ('connector' = 'filesystem', 'path' = '${path}',
      'format' = 'arrow', 'source.monitor-interval' = '20 ms');
    CREATE MATERIALIZED VIEW arrow_rows AS SELECT id FROM arrow_files`)
  for (;;) {
    const { json } = await server.get('/v1/queries/arrow_rows')
    const { error } = json as unknown as { error: { message: string } | null }
    if (json.state === 'retrying') expect(error?.message).toContain('a.arrow')
    if (json.state === 'retrying') break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  writeFileSync(`${path}/a.arrow`, rows)
  await server.eventually('SELECT * FROM arrow_rows ORDER BY id', [[1], [2]])
})

describe('lines of CSV', () => {
  test('a file may begin with a byte-order mark', async () => {
    writeFileSync(`${folder}/marked.csv`, '\ufeffid,name\r\n1,a\r\n')
    await server.sql(`CREATE TABLE marked (id INT, name STRING) WITH ('connector' = 'filesystem',
      'path' = '${folder}/marked.csv', 'format' = 'csv', 'csv.header' = 'true')`)
    expect(await server.rows('SELECT * FROM marked')).toEqual([[1, 'a']])
  })

  test.each<Record<string, string>>([
    {},
    { 'csv.escape-character': '\\' },
    { 'csv.quote-character': '«', 'csv.field-delimiter': '»' },
    { 'csv.disable-quote-character': 'true', 'csv.escape-character': '\\' },
  ])('are cut where the reader of CSV ends records (%o)', (options) => {
    const form = csvForm(options)
    const seed = seedOf('lines of CSV')
    const parts = ['a', '"', ',', '\n', '\r\n', '\\', '«', '»', 'é']
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 30 }), (pieces) => {
        const text = pieces.join('')
        // Half an escaped line end: nobody writes it.
        fc.pre(!text.includes('\\\r'))
        const bytes = Buffer.from(text)
        const { starts, ends } = cutLines(bytes, { rowsMax: Infinity, csv: form, whole: true })
        const cut = Array.from(starts, (start, i) => {
          const reader = new CsvReader(bytes.toString('utf8', start, ends[i]), form)
          return [reader.next(), reader.next()]
        })
        const whole: unknown[] = []
        const reader = new CsvReader(text, form)
        for (let found = reader.next(); found !== null; found = reader.next()) {
          // Where the text is broken, the reader has no place to go on.
          if ('reason' in found) return
          whole.push(found.cells)
        }
        expect(cut.map(([one]) => one && 'cells' in one && one.cells)).toEqual(whole)
        expect(cut.every(([, more]) => more === null)).toBe(true)
      }),
      { seed, numRuns: 2000 },
    )
  })
})
