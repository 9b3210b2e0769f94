/** Debezium's events in a growing file, with and without a key: views equal the table they tell of,
 *  over restarts at any place; what is written is read as the same rows. */

import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../engine/base/random.ts'
import { seedOf } from '../seed.ts'
import { TestServer } from './test-server.ts'

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start()
})

afterAll(() => server.stop())

type Row = { readonly id: number; readonly city: string }

const eventText = (op: string, before: Row | null, after: Row | null) =>
  `${JSON.stringify({ before, after, op, source: { db: 'shop' } })}\n`

const optionsOf = (path: string, more = '') =>
  `WITH ('connector' = 'filesystem', 'path' = '${path}', 'format' = 'debezium-json'${more})`

const GROWING = ", 'source.monitor-interval' = '10 ms'"

describe('a growing file of events', () => {
  it('is the table it tells of, over restarts', async () => {
    const r = random(seedOf('debezium server'))
    const path = join(server.folder, 'events.json')
    writeFileSync(path, '')
    await server.sql(`
      CREATE TABLE plain (id INT NOT NULL, city STRING NOT NULL,
        db STRING METADATA FROM 'value.source.database' VIRTUAL) ${optionsOf(path, GROWING)};
      CREATE TABLE keyed (id INT, city STRING, PRIMARY KEY (id) NOT ENFORCED)
        ${optionsOf(path, GROWING)};
      CREATE MATERIALIZED VIEW plain_rows AS SELECT id, city, db FROM plain;
      CREATE MATERIALIZED VIEW keyed_rows AS SELECT id, city FROM keyed;
      CREATE MATERIALIZED VIEW plain_counts AS SELECT city, COUNT(*) AS n FROM plain GROUP BY city;
      CREATE MATERIALIZED VIEW keyed_counts AS SELECT city, COUNT(*) AS n FROM keyed GROUP BY city;
      CREATE TABLE out (city STRING, n BIGINT NOT NULL, PRIMARY KEY (city) NOT ENFORCED)
        ${optionsOf(join(server.folder, 'out'), ", 'sink.flush-interval' = '0 s'")};
      INSERT INTO out SELECT city, COUNT(*) FROM plain GROUP BY city;
    `)
    const rows = new Map<number, Row>()
    for (let step = 0; step < 4; step++) {
      let text = ''
      for (let n = 1 + r.below(60); n > 0; n--) {
        const id = r.below(20)
        const old = rows.get(id) ?? null
        const isGone = old !== null && r.below(3) === 0
        const row = isGone ? null : { id, city: 'ABC'[r.below(3)] }
        if (row === null) rows.delete(id)
        else rows.set(id, row)
        text += eventText(isGone ? 'd' : old === null ? 'c' : 'u', old, row)
      }
      // A restart finds half a line now and then.
      const cut = r.below(text.length)
      appendFileSync(path, text.slice(0, cut))
      if (r.below(2) === 0) await server.restart()
      appendFileSync(path, text.slice(cut))
      const wanted = [...rows.values()].sort((a, b) => a.id - b.id)
      const cities = [...Map.groupBy(wanted, ({ city }) => city)].sort(([a], [b]) =>
        a.localeCompare(b),
      )
      const counts = cities.map(([city, of]) => [city, of.length])
      await server.eventually(
        'SELECT id, city, db FROM plain_rows ORDER BY id',
        wanted.map(({ id, city }) => [id, city, 'shop']),
      )
      await server.eventually(
        'SELECT id, city FROM keyed_rows ORDER BY id',
        wanted.map(({ id, city }) => [id, city]),
      )
      for (const view of ['plain_counts', 'keyed_counts']) {
        await server.eventually(`SELECT city, n FROM ${view} ORDER BY city`, counts)
      }
      // What was written is read back, by another table without a key.
      if (step === 0) {
        await server.sql(`CREATE TABLE back (city STRING, n BIGINT NOT NULL)
          ${optionsOf(join(server.folder, 'out'), GROWING)};
          CREATE MATERIALIZED VIEW written AS SELECT city, n FROM back`)
      }
      await server.eventually('SELECT city, n FROM written ORDER BY city', counts)
    }
    const folder = join(server.folder, 'out')
    const events = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    expect(events.join('')).toContain('"op":"u"')
    expect(await server.rows('DESCRIBE plain')).toContainEqual(
      expect.arrayContaining(["METADATA FROM 'value.source.database'"]),
    )
  }, 20_000)

  it('that ends a row which never came fails its views, and not silently', async () => {
    const path = join(server.folder, 'wrong.json')
    writeFileSync(path, eventText('d', { id: 2, city: 'A' }, null))
    await server.sql(`CREATE TABLE wrong (id INT NOT NULL, city STRING) ${optionsOf(path)};
      CREATE MATERIALIZED VIEW wrong_rows AS SELECT id, city FROM wrong`)
    await expect(server.sql('SELECT id, city FROM wrong')).rejects.toThrow(/taken back more often/)
    await expect(server.sql('SELECT id, city FROM wrong_rows')).rejects.toThrow(/BAD_RECORD/)
    await server.sql(`CREATE TABLE settled (id INT, city STRING, PRIMARY KEY (id) NOT ENFORCED)
      ${optionsOf(path)}`)
    expect(await server.rows('SELECT id, city FROM settled')).toEqual([])
  })
})
