/** Compaction as users see it, and what it must leave alone. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sleep } from '../../../engine/base/clock.ts'
import { Batch } from '../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { LogReader } from '../../../engine/log/reader.ts'
import { StreamDecoder } from '../../../engine/source/stream-decoder.ts'
import { offsetAt, recordSchema } from '../../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { enveloped } from '../../../server/envelope.ts'
import { Streams } from '../../../server/streams.ts'
import { Catalog, defineTable, parseStatements } from '../../../sql/index.ts'
import { FaultDisk } from '../../engine/log/fault-disk.ts'
import { ManualClock } from '../../slt/runner/manual-clock.ts'
import { TestServer } from '../test-server.ts'

const HOUR = 3_600_000_000

function tableOf(options = ''): TableSpec {
  const [statement] = parseStatements(
    `CREATE TABLE t (k STRING, v INT, PRIMARY KEY (k) NOT ENFORCED)
       WITH ('cleanup.policy' = 'compact' ${options})`,
  )
  if (statement.kind !== 'create-table') throw new Error(statement.text)
  return defineTable(statement, new Catalog())!.spec
}

describe('a compacted stream', () => {
  let disk: FaultDisk
  let clock: ManualClock
  let table: TableSpec
  let streams: Streams
  let needed = Infinity

  beforeEach(() => {
    disk = new FaultDisk(1)
    clock = new ManualClock()
    needed = Infinity
  })

  async function open(options = '') {
    table = tableOf(options)
    streams = new Streams({
      ...{ disk, clock, dataFolder: 'data', durability: 'sync' },
      ...{ unsyncedBytesMax: 1 << 24, segmentBytesMax: 4096 },
      onAppended: () => {},
      neededFrom: () => needed,
    })
    await streams.open(table)
    streams.need({})
  }

  /** One request a change; v undefined: a tombstone. */
  async function put(k: string, v: number | undefined, idempotencyKey?: string, headers?: string) {
    const builder = new BatchBuilder(recordSchema(table))
    builder.append([k, v ?? null])
    const { schema, columns } = builder.finish()
    const rows = new Batch(schema, columns, 1, v === undefined ? Int32Array.of(-1) : null)
    const said = headers === undefined ? rows : enveloped(rows, [{ headers: [['h', headers]] }], 0)
    return streams.append(table.id, said, { idempotencyKey })
  }

  const fill = async (count: number) => {
    for (let i = 0; i < count; i++) await put(`key ${i % 3}`, i)
  }

  function stored(from = 0) {
    const [{ end }] = streams.status(table.id)
    const decoder = new StreamDecoder(table)
    const reader = new LogReader(disk, `data/streams/${table.id}/0`)
    reader.seek(from)
    const rows: { offset: number; row: string; weight: number; headers: unknown }[] = []
    let frames = 0
    for (let f = reader.next(end); f !== null; f = reader.next(end)) {
      frames++
      const frame = decoder.decode(f, reader.header)
      const said =
        frame.envelope &&
        rowsOf(new Batch(frame.records.schema, [frame.envelope.headers], frame.records.rowCount))
      for (const [i, row] of rowsOf(frame.records).entries()) {
        const weight = frame.records.weights?.[i] ?? 1
        rows.push({ offset: offsetAt(frame, i), row: row.join('|'), weight, headers: said?.[i][0] })
      }
    }
    reader.close()
    return { rows, frames, files: disk.list(`data/streams/${table.id}/0`).length }
  }

  const offsetsOf = (k: string) =>
    stored()
      .rows.filter(({ row }) => row.startsWith(k))
      .map(({ offset }) => offset)

  test('keeps the last row of each key, with its offset and what was said of it', async () => {
    await open()
    await put('alone', 7, undefined, 'kept')
    await fill(120)
    const before = stored()
    await streams.compact()
    const after = stored()
    expect(after.rows.length).toBeLessThan(before.rows.length / 2)
    expect(after.files).toBeLessThan(before.files)
    const [alone] = after.rows
    expect(alone).toMatchObject({ offset: 0, row: 'alone|7', headers: [['h', 'kept']] })
    // What is left was there before, at the same places.
    for (const row of after.rows) expect(before.rows).toContainEqual(row)
    const last = new Map(before.rows.map(({ row, offset }) => [row.split('|')[0], offset]))
    for (const [k, offset] of last) expect(offsetsOf(k).at(-1)).toBe(offset)
  })

  test('is rewritten once more only when as much has come again, in whole files', async () => {
    await open()
    await fill(120)
    await streams.compact()
    const { frames, files } = stored()
    await streams.compact()
    await fill(3)
    await streams.compact()
    expect(stored()).toMatchObject({ files, frames: frames + 3 })
    for (let round = 0; round < 20; round++) {
      await fill(60)
      await streams.compact()
    }
    expect(stored().files).toBeLessThan(8)
    expect(offsetsOf('key 0').length).toBeLessThan(60)
  })

  test('leaves alone what anybody has yet to read, and what is read meanwhile', async () => {
    await open()
    await fill(200)
    const all = stored().rows.length
    needed = 0
    await streams.compact()
    expect(stored().rows).toHaveLength(all)
    needed = 100
    await streams.compact()
    const from = stored(100).rows.filter(({ offset }) => offset >= 100)
    expect(from).toHaveLength(100)
    expect(stored().rows.length).toBeLessThan(all)
    needed = Infinity
    const letGo = streams.hold([table.id])
    const held = stored().rows.length
    await streams.compact()
    expect(stored().rows).toHaveLength(held)
    letGo()
    // A reader that comes while it is under way.
    const compacting = streams.compact()
    await new Promise((resolve) => setImmediate(resolve))
    streams.hold([table.id])
    await compacting
    expect(stored().rows).toHaveLength(held)
    expect(disk.paths().some((path) => path.endsWith('.draft'))).toBe(false)
  })

  test('tombstones stay for a while, then go, and nothing comes back', async () => {
    await open(`, 'delete.retention.ms' = '1 h'`)
    await put('gone', 1)
    await put('gone', undefined)
    await fill(120)
    await streams.compact()
    expect(offsetsOf('gone')).toEqual([1])
    clock.forward(2 * HOUR)
    await fill(120)
    await streams.compact()
    expect(offsetsOf('gone')).toEqual([])
    await put('gone', 3)
    await fill(120)
    await streams.compact()
    expect(offsetsOf('gone')).toEqual([242])
  })

  test('a request that is sent again is recognised after its rows are gone', async () => {
    await open()
    const answer = await put('key 0', -1, 'once')
    await fill(150)
    await streams.compact()
    expect(stored().rows[0].offset).toBeGreaterThan(0)
    await streams.close()
    await open()
    expect(await put('key 0', -1, 'once')).toEqual(answer)
    expect(streams.status(table.id)).toMatchObject([{ first: 0, end: 151 }])
  })

  test('no room for it: it is as it was, and done when there is', async () => {
    await open()
    await fill(120)
    const before = stored()
    disk.fullFor = /\.draft$/
    await streams.compact()
    expect(stored()).toEqual(before)
    disk.fullFor = undefined
    disk.failSyncsOf = /\.draft$/
    await streams.compact()
    expect(stored()).toEqual(before)
    disk.failSyncsOf = undefined
    await streams.compact()
    expect(stored().rows.length).toBeLessThan(before.rows.length)
    await fill(1)
  })
})

describe('in a server', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await TestServer.start({ segmentBytesMax: 4096 })
  })
  afterAll(() => server.stop())

  const current = new Map<string, number>()

  async function put(rows: readonly { readonly k: string; readonly v: number }[]) {
    expect((await server.post('/v1/streams/t/records', rows)).status).toBe(200)
    for (const { k, v } of rows) current.set(k, v)
  }

  /** Until records have gone. */
  async function compacted(): Promise<number> {
    for (let i = 0; ; i++) {
      // What the kept checkpoints need only moves on with records.
      await put([{ k: 'k0', v: i }])
      await server.post('/v1/checkpoints', {})
      const { json } = await server.get('/v1/streams/t/records?limit=10000')
      const { records } = json as unknown as { records: unknown[] }
      const { rows } = (await server.get('/v1/streams/t')).json as unknown as { rows: number }
      if (records.length < rows * 0.5 || i > 300) return records.length
      await sleep(10)
    }
  }

  test('queries, groups and readers over an altered, compacted stream', async () => {
    await server.sql(`CREATE TABLE t (k STRING, v INT, PRIMARY KEY (k) NOT ENFORCED)
      WITH ('cleanup.policy' = 'compact')`)
    await server.sql('CREATE MATERIALIZED VIEW m AS SELECT k, v FROM t')
    const group = '/v1/streams/t/consume?group=behind&limit=1'
    await server.get(group)
    for (let i = 0; i < 20; i++) {
      await put(Array.from({ length: 20 }, (_, j) => ({ k: `k${(i + j) % 9}`, v: i * 20 + j })))
    }
    await server.sql('ALTER TABLE t ADD w STRING')
    for (let i = 20; i < 40; i++) {
      const w = { w: `w${i}` }
      await put(
        Array.from({ length: 20 }, (_, j) => ({ k: `k${(i + j) % 9}`, v: i * 20 + j, ...w })),
      )
    }
    await server.post('/v1/checkpoints', {})
    const first = await server.get('/v1/streams/t/records?limit=3')
    expect((first.json as unknown as { next: string }).next).toBe('0:3')
    await server.call('DELETE', '/v1/streams/t/groups/behind')
    expect(await compacted()).toBeLessThan(400)
    const want = [...current].sort(([a], [b]) => (a < b ? -1 : 1))
    expect(want).toHaveLength(9)
    await server.eventually('SELECT k, v FROM m ORDER BY k', want)
    expect(await server.rows('SELECT k, v FROM t ORDER BY k')).toEqual(want)
    await server.restart()
    expect(await server.rows('SELECT k, v FROM t ORDER BY k')).toEqual(want)
    await server.sql('CREATE MATERIALIZED VIEW later AS SELECT k, v, w FROM t')
    await server.eventually('SELECT k, v FROM later ORDER BY k', want)
    expect(await server.rows('SELECT COUNT(*) FROM later WHERE w IS NULL')).toEqual([[1]])
    const taken: number[] = []
    for (;;) {
      const { json } = await server.get('/v1/streams/t/consume?group=new&limit=1000')
      const { records } = json as unknown as { records: { offset: number; receipt: string }[] }
      if (records.length === 0) break
      taken.push(...records.map(({ offset }) => offset))
      const receipts = records.map(({ receipt }) => receipt)
      await server.post('/v1/streams/t/ack', { group: 'new', receipts })
    }
    const { json } = await server.get('/v1/streams/t/records?limit=10000')
    const { records, next } = json as unknown as { records: { offset: number }[]; next: string }
    expect(taken).toEqual(records.map(({ offset }) => offset))
    const { rows } = (await server.get('/v1/streams/t')).json
    expect(next).toBe(`0:${rows}`)
    const hole = await server.get('/v1/streams/t/records?from=1&limit=1')
    expect((hole.json as unknown as { records: unknown[] }).records[0]).toEqual(records[0])
    const { json: status } = await server.get('/v1/streams/t/groups/new')
    expect(status).toMatchObject({ backlog: 0, splits: [{ position: rows }] })
  })

  test('is for tables with a key, and can be turned on and off', async () => {
    const make = (columns: string) =>
      server.post('/v1/sql', {
        sql: `CREATE TABLE x (${columns}) WITH ('cleanup.policy' = 'compact')`,
      })
    expect((await make('a INT')).json).toMatchObject({ code: 'UNSUPPORTED' })
    expect((await make('a INT, PRIMARY KEY (a) NOT ENFORCED')).status).toBe(200)
    await server.sql('CREATE MATERIALIZED VIEW of_x AS SELECT a FROM x')
    await server.sql(`ALTER TABLE x SET ('cleanup.policy' = 'delete')`)
    await server.sql(
      `ALTER TABLE x SET ('cleanup.policy' = 'compact', 'delete.retention.ms' = '5 min')`,
    )
    await server.sql(`ALTER TABLE x RESET ('cleanup.policy')`)
    const odd = await server.post('/v1/sql', {
      sql: `ALTER TABLE x SET ('cleanup.policy' = 'shrink')`,
    })
    expect(odd.json).toMatchObject({ code: 'INVALID_OPTION' })
  })
})
