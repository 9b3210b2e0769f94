/** Files keep the contract of a sink. There is no broker to kill: the disk is ours. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { sink } from '../../contract/sink.ts'

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
