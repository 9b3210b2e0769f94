/** Every Nexmark query through the whole engine equals DuckDB over the same events. */

import type { DuckDBConnection } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nexmarkQuery, QUERIES } from '../../bench/nexmark/tables.ts'
import { checkNexmark, oracleOfChecks } from '../../bench/nexmark.bench.ts'

let connection: DuckDBConnection

beforeAll(async () => {
  connection = await oracleOfChecks()
}, 60_000)
afterAll(() => connection.closeSync())

describe('Nexmark', () => {
  for (const n of QUERIES) {
    it(`q${n}: ${nexmarkQuery(n).title}`, { timeout: 60_000 }, async () => {
      expect(await checkNexmark(connection, n)).toBe('equal')
    })
  }
})
