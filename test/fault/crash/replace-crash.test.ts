/** A real server that is killed while one query takes the place of another: afterwards the old one
 *  or the new one is there, whole, with its state. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sleep } from '../../../engine/base/clock.ts'
import { REPLACE_STEPS } from '../../../engine/base/crash-point.ts'
import { Child } from './child.ts'

let folder: string
let child: Child

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-replace-'))
  child = new Child(join(folder, 'data'))
})

afterEach(() => {
  child.end()
  rmSync(folder, { recursive: true, force: true })
})

interface Answer {
  readonly status: number
  readonly results: readonly { readonly rows: readonly object[]; readonly message: string }[]
}

async function sql(text: string): Promise<Answer> {
  const response = await fetch(`${await child.url()}/v1/sql`, {
    method: 'POST',
    body: JSON.stringify({ sql: text }),
    headers: { 'content-type': 'application/json' },
  })
  return { ...((await response.json()) as Answer), status: response.status }
}

async function eventually(text: string, rows: readonly object[]): Promise<void> {
  for (let i = 0; ; i++) {
    const { results } = await sql(text)
    if (JSON.stringify(results?.[0].rows) === JSON.stringify(rows)) return
    if (i === 300) expect(results?.[0].rows).toEqual(rows)
    await sleep(10)
  }
}

async function rowsIn(name: string): Promise<number> {
  const response = await fetch(`${await child.url()}/v1/queries/${name}`)
  return ((await response.json()) as { rowsIn: number }).rowsIn
}

const SUMS = 'SELECT k, SUM(v) AS total FROM s GROUP BY k'
const NEW = `CREATE OR REPLACE MATERIALIZED VIEW m AS ${SUMS} HAVING SUM(v) > 10`

test.each(REPLACE_STEPS)(
  'killed at %s',
  async (step) => {
    expect(await child.start()).toBe(true)
    await sql(`CREATE TABLE s (k STRING, v INT); CREATE MATERIALIZED VIEW m AS ${SUMS};
    INSERT INTO s VALUES ('a', 4), ('b', 5), ('a', 8)`)
    await eventually('SELECT * FROM m ORDER BY k', [
      { k: 'a', total: 12 },
      { k: 'b', total: 5 },
    ])
    await child.kill(0)
    expect(await child.start({ MILLRACE_CRASH_AT: step })).toBe(true)
    await sql("INSERT INTO s VALUES ('b', 1)")
    await expect(sql(NEW)).rejects.toThrow()
    expect(await child.kill(5000)).toBe(true)
    expect(await child.start(), child.errors).toBe(true)
    const isNew = step === 'query.swapped'
    const [{ rows }] = (await sql('SHOW CREATE MATERIALIZED VIEW m')).results
    expect(JSON.stringify(rows).includes('HAVING')).toBe(isNew)
    const small = isNew ? [] : [{ k: 'b', total: 6 }]
    await eventually('SELECT * FROM m ORDER BY k', [{ k: 'a', total: 12 }, ...small])
    // Its state came over the crash: a new one that began anew would have read four rows.
    expect(await rowsIn('m')).toBe(isNew ? 0 : 4)
    await sql("INSERT INTO s VALUES ('b', 7)")
    const after = [
      { k: 'a', total: 12 },
      { k: 'b', total: 13 },
    ]
    await eventually('SELECT * FROM m ORDER BY k', after)
    const [{ message }] = (await sql(NEW)).results
    expect(message).toContain(isNew ? 'goes on as it is' : 'with the state')
    await child.kill(0)
    expect(await child.start(), child.errors).toBe(true)
    await eventually('SELECT * FROM m ORDER BY k', after)
    await child.stop()
    expect(child.errors).toBe('')
  },
  60_000,
)
