/** Files keep the contracts of a source that is followed and of a sink. There is no broker to kill: the disk is ours. */

import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { replayableSource } from '../../contract/replayable-source.ts'
import { sink } from '../../contract/sink.ts'

/** Writes of a topic that go into one file; then the next one begins. */
const WRITES_A_FILE = 3

replayableSource({
  name: 'filesystem, lines',
  missing: undefined,
  badOptions: [
    { change: { path: undefined }, code: 'INVALID_OPTION' },
    { change: { 'source.monitor-interval': '0 ms' }, code: 'INVALID_OPTION' },
    { change: { 'source.monitor-intervall': '1 s' }, code: 'UNKNOWN_OPTION' },
  ],
  tellsLag: false,
  canDie: false,
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-followed-'))
    return {
      async kill() {},
      async restart() {},
      async close() {
        rmSync(folder, { recursive: true, force: true })
      },
      async topic(name) {
        const path = `${folder}/${name}`
        mkdirSync(path)
        let writes = 0
        return {
          options: { connector: 'filesystem', path, 'source.monitor-interval': '5 ms' },
          async send(messages) {
            const number = String(Math.floor(writes++ / WRITES_A_FILE)).padStart(6, '0')
            const text = messages.map((message) => `${message}\n`).join('')
            // Readers see a line's beginning without its end.
            const half = text.length >> 1
            appendFileSync(`${path}/${number}.ndjson`, text.slice(0, half))
            appendFileSync(`${path}/${number}.ndjson`, text.slice(half))
          },
        }
      },
    }
  },
})

sink({
  name: 'filesystem, Parquet',
  delivery: 'exactly-once',
  missing: undefined,
  badOptions: [
    { change: { path: undefined }, code: 'INVALID_OPTION' },
    { change: { format: 'orc' }, code: 'INVALID_OPTION' },
    { change: { 'sink.rolling-policy.file-size': '0' }, code: 'INVALID_OPTION' },
    { change: { 'sink.rolling-policy.rollover': '1 s' }, code: 'UNKNOWN_OPTION' },
  ],
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-files-'))
    const duckdb = await (await DuckDBInstance.create()).connect()
    return {
      async kill() {},
      async restart() {},
      async close() {
        duckdb.closeSync()
        rmSync(folder, { recursive: true, force: true })
      },
      async target(name) {
        const path = `${folder}/${name}`
        return {
          options: {
            ...{ connector: 'filesystem', path, format: 'parquet' },
            'sink.rolling-policy.rollover-interval': '20 ms',
          },
          async read() {
            const files = `${path}/[!.]*.parquet`
            const count = existsSync(path)
              ? await duckdb.runAndReadAll(`SELECT count(*)::INT FROM glob('${files}')`)
              : undefined
            if (count === undefined || count.getRows()[0][0] === 0) return []
            const rows = await duckdb.runAndReadAll(
              `SELECT to_json({'id': id, 'pad': pad}) FROM read_parquet('${files}', filename = true,
                 file_row_number = true) ORDER BY filename, file_row_number`,
            )
            return rows.getRows().map(([text]) => String(text))
          },
        }
      },
    }
  },
})
