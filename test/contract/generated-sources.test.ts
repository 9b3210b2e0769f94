/** What every replayable source must keep: whatever the chunks, and from whatever offset, the same
 *  records come in the same order; a replay stops exactly where it is told. Sources that need a
 *  broker have the same suite beside their broker. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONNECTORS, sourceConnectors } from '../../connectors/index.ts'
import { type Clock, systemClock } from '../../engine/base/clock.ts'
import { nodeDisk } from '../../engine/base/disk.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import { Appended } from '../../engine/source/appended.ts'
import type { SourceConnector, SplitReader } from '../../engine/source/source.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { TableDecoder } from '../../engine/source/table-decoder.ts'
import { Catalog, defineTable, EMBEDDED_CONNECTORS, parseStatements } from '../../sql/index.ts'
import { seedOf } from '../seed.ts'

const CATALOG = new Map([...EMBEDDED_CONNECTORS, ...CONNECTORS])
const EPOCH = { epoch: 1, nowUs: 0, seed: 1 }
const folder = mkdtempSync(join(tmpdir(), 'millrace-sources-'))

/** Time stands still unless a test moves it. */
let nowMs = 0
const clock: Clock = { ...systemClock, monotonicMs: () => nowMs, after: () => () => {} }
const connectors = sourceConnectors({
  ...{ disk: nodeDisk, clock, dataFolder: folder, appended: new Appended() },
})

function tableOf(sql: string): TableSpec {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'create-table') throw new Error('not a table')
  return defineTable(statement, new Catalog(), CATALOG, { id: 't1' })!.spec
}

function sourceOf(table: TableSpec, all = connectors): SourceConnector {
  const connector = all.get(table.connector)
  if (connector === undefined || 'read' in connector) throw new Error('its splits are not fixed')
  return connector
}

const open = (table: TableSpec, split: string, from = ''): SplitReader =>
  sourceOf(table).open(table, { id: split }, from)

interface Pull {
  readonly rows: unknown[][]
  readonly offsets: string[]
}

/** Everything up to the end of the split (or `until`), by chunks of at most `rowsMax` rows. */
function pull(
  table: TableSpec,
  split: string,
  how: { from?: string; until?: string; rowsMax: number },
): Pull {
  const reader = open(table, split, how.from)
  const decoder = new TableDecoder(table)
  const rows: unknown[][] = []
  const offsets: string[] = []
  let at = how.from ?? ''
  for (;;) {
    if (at === how.until) break
    const chunk = reader.poll({ rowsMax: how.rowsMax, bytesMax: 1 << 20, until: how.until })
    if (chunk === null) break
    expect(at === '' || chunk.from === at).toBe(true)
    expect(chunk.rowCount).toBeLessThanOrEqual(how.rowsMax)
    rows.push(...rowsOf(decoder.decode(chunk, EPOCH)))
    at = chunk.to
    offsets.push(at)
    if (chunk.end) break
  }
  void reader.close()
  return { rows, offsets }
}

const NDJSON = `WITH ('connector' = 'filesystem', 'path' = '${folder}/lines', 'format' = 'json')`

const TABLES: Record<string, string> = {
  'datagen, random': `CREATE TABLE t (a INT, b BIGINT, c STRING, d DOUBLE, e BOOLEAN, f DECIMAL(10, 2),
      ts TIMESTAMP(3), x AS a + 1)
    WITH ('connector' = 'datagen', 'number-of-rows' = '100', 'rows-per-second' = '0', 'splits' = '3',
      'fields.c.length' = '7', 'fields.a.min' = '-5', 'fields.a.max' = '5', 'fields.b.null-rate' = '0.3')`,
  'datagen, sequence': `CREATE TABLE t (a INT, s STRING) WITH ('connector' = 'datagen', 'rows-per-second' = '0',
      'fields.a.kind' = 'sequence', 'fields.a.start' = '10', 'fields.a.end' = '70')`,
  'nexmark bids': `CREATE TABLE t (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING,
      dateTime TIMESTAMP(3), extra STRING)
    WITH ('connector' = 'nexmark', 'nexmark.table' = 'bid', 'nexmark.events' = '120',
      'rows-per-second' = '0', 'splits' = '2', 'nexmark.out-of-order-group' = '10')`,
  'nexmark auctions': `CREATE TABLE t (id BIGINT, item_name STRING, description STRING, initial_bid BIGINT,
      reserve BIGINT, date_time TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra STRING)
    WITH ('connector' = 'nexmark', 'nexmark.table' = 'auction', 'nexmark.events' = '1000', 'rows-per-second' = '0')`,
  'nexmark persons': `CREATE TABLE t (id BIGINT, name STRING, emailAddress STRING, creditCard STRING,
      city STRING, state STRING, dateTime TIMESTAMP(3), extra STRING)
    WITH ('connector' = 'nexmark', 'nexmark.table' = 'person', 'nexmark.events' = '2001', 'rows-per-second' = '0')`,
  'filesystem, lines of JSON': `CREATE TABLE t (n INT, name STRING, file STRING METADATA FROM 'file.name') ${NDJSON}`,
  'filesystem, CSV with a header': `CREATE TABLE t (n INT, name STRING)
    WITH ('connector' = 'filesystem', 'path' = '${folder}/csv/*.csv', 'format' = 'csv', 'csv.header' = 'true')`,
  'filesystem, raw': `CREATE TABLE t (line STRING)
    WITH ('connector' = 'filesystem', 'path' = '${folder}/lines', 'format' = 'raw')`,
}

beforeAll(() => {
  nodeDisk.makeFolder(`${folder}/lines`)
  nodeDisk.makeFolder(`${folder}/csv`)
  for (const file of ['a', 'b', 'c']) {
    const lines = Array.from(
      { length: file === 'b' ? 0 : 23 },
      (_, n) => `{"n":${n},"name":"${file} ü\\n"}`,
    )
    writeFileSync(
      `${folder}/lines/${file}.ndjson`,
      lines.join('\r\n\n') + (file === 'a' ? '\n' : ''),
    )
    const cells = Array.from({ length: 17 }, (_, n) => `${n},"${file}, ""${n}""\nnext"`)
    writeFileSync(`${folder}/csv/${file}.csv`, `n,name\n${cells.join('\n')}\n`)
  }
  writeFileSync(`${folder}/lines/_hidden`, 'not a record')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(Object.entries(TABLES))('%s', (name, sql) => {
  const table = () => tableOf(sql)
  const splits = () =>
    sourceOf(table())
      .listSplits(table())
      .map(({ id }) => id)

  it('gives the same records whatever the chunks', () => {
    for (const split of splits()) {
      const { rows } = pull(table(), split, { rowsMax: 1 })
      expect(rows.length).toBeGreaterThan(15)
      for (const rowsMax of [2, 7, 1000])
        expect(pull(table(), split, { rowsMax }).rows).toEqual(rows)
    }
  })

  it('goes on from any offset, and stops at one', () => {
    const [split] = splits()
    const whole = pull(table(), split, { rowsMax: 1 })
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 9 }), (a, b, rowsMax) => {
        const n = whole.offsets.length
        const [i, j] = [a % n, b % n].sort((x, y) => x - y)
        const [from, until] = [whole.offsets[i], whole.offsets[j]]
        const before = pull(table(), split, { until: from, rowsMax }).rows
        const between = pull(table(), split, { from, until, rowsMax }).rows
        const after = pull(table(), split, { from: until, rowsMax }).rows
        expect([...before, ...between, ...after]).toEqual(whole.rows)
      }),
      { numRuns: 40, seed: seedOf(name) },
    )
  })

  it('knows its end', () => {
    const [split] = splits()
    const reader = open(table(), split)
    const end = reader.end()
    void reader.close()
    const { rows } = pull(table(), split, { rowsMax: 5 })
    expect(pull(table(), split, { until: end, rowsMax: 5 }).rows).toEqual(rows)
  })
})

describe('pace', () => {
  it('follows the clock, but a replay does not wait for it', () => {
    const table = tableOf(
      `CREATE TABLE t (a INT) WITH ('connector' = 'datagen', 'rows-per-second' = '10')`,
    )
    const reader = open(table, '0')
    const limit = { rowsMax: 1000, bytesMax: 1 << 20 }
    nowMs = 1000
    expect(reader.poll(limit)).toBeNull()
    nowMs = 1999
    expect(reader.poll(limit)?.to).toBe('9')
    expect(reader.poll(limit)).toBeNull()
    expect(open(table, '0', '9').poll({ ...limit, until: '500' })?.to).toBe('500')
    expect(() => reader.end()).toThrow('never ends')
  })
})

describe('tail of a folder', () => {
  const sql = `CREATE TABLE t (n INT) WITH ('connector' = 'filesystem', 'path' = '${folder}/tail',
    'format' = 'json', 'source.monitor-interval' = '10 ms')`
  let look = () => {}
  const tailed = sourceConnectors({
    ...{ disk: nodeDisk, dataFolder: folder, appended: new Appended() },
    clock: {
      ...systemClock,
      after(_, callback) {
        look = callback
        return () => {}
      },
    },
  })

  it('waits for whole lines and later files, and reports a file that comes too late', () => {
    const table = tableOf(sql)
    const reader = sourceOf(table, tailed).open(table, { id: '0' }, '')
    const decoder = new TableDecoder(table)
    const next = () => {
      look()
      const chunk = reader.poll({ rowsMax: 100, bytesMax: 1 << 20 })
      return chunk === null ? null : rowsOf(decoder.decode(chunk, EPOCH)).flat()
    }
    expect(next()).toBeNull()
    nodeDisk.makeFolder(`${folder}/tail`)
    writeFileSync(`${folder}/tail/b`, '{"n":1}\n{"n"')
    expect(next()).toEqual([1])
    expect(next()).toBeNull()
    writeFileSync(`${folder}/tail/b`, '{"n":1}\n{"n":2}\n{"n":3}')
    expect(next()).toEqual([2])
    expect(next()).toBeNull()
    writeFileSync(`${folder}/tail/c`, '{"n":4}\n')
    // A later file is there: the last line of the one before is whole.
    expect(next()).toEqual([3])
    expect(next()).toEqual([4])
    writeFileSync(`${folder}/tail/a`, '{"n":0}\n')
    expect(next).toThrow('a came after c')
    void reader.close()
  })
})

describe('CREATE TABLE', () => {
  it.each([
    [`(a INT) WITH ('connector' = 'datagen', 'fields.b.kind' = 'random')`, 'UNKNOWN_OPTION'],
    [`(a INT) WITH ('connector' = 'datagen', 'rows-per-secnd' = '1')`, 'UNKNOWN_OPTION'],
    [`(a INT) WITH ('connector' = 'datagen', 'fields.a.kind' = 'sequence')`, 'INVALID_OPTION'],
    [`(a STRING) WITH ('connector' = 'datagen', 'fields.a.min' = '1')`, 'INVALID_OPTION'],
    [`(a ARRAY<INT>) WITH ('connector' = 'datagen')`, 'UNSUPPORTED'],
    [
      `(a INT NOT NULL) WITH ('connector' = 'datagen', 'fields.a.null-rate' = '0.5')`,
      'INVALID_OPTION',
    ],
    [`(a TINYINT) WITH ('connector' = 'datagen', 'fields.a.max' = '128')`, 'INVALID_OPTION'],
    [`(a DECIMAL(4, 2)) WITH ('connector' = 'datagen', 'fields.a.max' = '100')`, 'INVALID_OPTION'],
    [`(a DOUBLE) WITH ('connector' = 'datagen', 'fields.a.min' = '5')`, 'INVALID_OPTION'],
    [`(a VARCHAR(3)) WITH ('connector' = 'datagen', 'fields.a.length' = '4')`, 'INVALID_OPTION'],
    [
      `(a TINYINT) WITH ('connector' = 'datagen', 'fields.a.kind' = 'sequence',
        'fields.a.start' = '1', 'fields.a.end' = '128')`,
      'INVALID_OPTION',
    ],
    [
      `(a INT) WITH ('connector' = 'datagen', 'fields.a.kind' = 'sequence',
        'fields.a.start' = '3', 'fields.a.end' = '2')`,
      'INVALID_OPTION',
    ],
    [`(a INT) WITH ('connector' = 'nexmark', 'nexmark.table' = 'bid')`, 'UNKNOWN_COLUMN'],
    [`(price INT) WITH ('connector' = 'nexmark', 'nexmark.table' = 'bid')`, 'TYPE_MISMATCH'],
    [`(price BIGINT) WITH ('connector' = 'nexmark')`, 'INVALID_OPTION'],
    [`(a INT) WITH ('connector' = 'filesystem', 'format' = 'json')`, 'INVALID_OPTION'],
    [`(a INT) WITH ('connector' = 'filesystem', 'path' = 'x', 'format' = 'xml')`, 'INVALID_OPTION'],
    [`(a INT) WITH ('connector' = 'nexmrk')`, 'INVALID_OPTION'],
    [`(a INT, k STRING METADATA) ${NDJSON}`, 'UNSUPPORTED'],
    [`(a INT, k INT METADATA FROM 'file.name') ${NDJSON}`, 'TYPE_MISMATCH'],
  ])('refuses %s', (sql, code) => {
    expect(() => tableOf(`CREATE TABLE t ${sql}`)).toThrow(expect.objectContaining({ code }))
  })
})
