/** Law 2, over everything: after every epoch the changelog of a query adds up to DuckDB's answer over
 *  the same prefix, whatever the tables, the query, the history, the cuts and the restarts. A case
 *  that fails is printed as an .slt file; MILLRACE_KEEP=1 writes it to test/slt/found/. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { seedOf } from '../seed.ts'
import { runCase, Wrong } from './law2/case.ts'

const LONG = process.env.MILLRACE_LONG === '1'
/** Eight queries each. */
const HISTORIES = Number(process.env.MILLRACE_LAW2 ?? (LONG ? 700 : 14))
const FOUND = 'test/slt/found'

test('the changelog adds up to DuckDB’s answer after every epoch', {
  timeout: 7_200_000,
}, async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection = await instance.connect()
  await connection.run("SET default_null_order = 'nulls_first_on_asc_last_on_desc'")
  const first = seedOf('law 2')
  let [compared, refused] = [0, 0]
  const wrong: string[] = []
  for (let seed = first; seed < first + HISTORIES; seed++) {
    try {
      const outcome = await runCase(connection, seed)
      compared += outcome.compared
      refused += outcome.refused
    } catch (error) {
      if (!(error instanceof Wrong)) throw error
      keep(error, seed)
      wrong.push(error.message)
      if (!LONG) break
    }
  }
  connection.closeSync()
  if (LONG) console.log(`law 2: ${compared} queries compared, ${refused} refused`)
  expect(wrong.join('\n\n')).toBe('')
  // Refusing all would pass.
  expect(compared).toBeGreaterThan(refused * 4)
})

function keep({ slt }: Wrong, seed: number): void {
  if (process.env.MILLRACE_KEEP !== '1') return
  mkdirSync(FOUND, { recursive: true })
  writeFileSync(`${FOUND}/law2-${seed}.slt`, slt)
}
