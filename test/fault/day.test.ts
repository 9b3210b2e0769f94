/** A day of event time through one server as fast as it goes: memory, files and open handles stay
 *  as they were, and every record is counted once. MILLRACE_DAY=<hours>@<events per second> sets
 *  how much: the day at 50 000/s is `24@50000`. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MillraceClient } from '../../client/index.ts'
import { sleep } from '../../engine/base/clock.ts'
import { Batch } from '../../engine/batch/batch.ts'
import { Column } from '../../engine/batch/column.ts'
import { toArrowStream } from '../../engine/batch/ipc.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { INT, TIMESTAMP } from '../../engine/batch/types.ts'

const MAIN = fileURLToPath(new URL('../../server/cli/main.ts', import.meta.url))
const usual = process.env.MILLRACE_LONG ? '24@300' : '24@3'
const [HOURS, RATE] = (process.env.MILLRACE_DAY ?? usual).split('@').map(Number)
const EVENTS = HOURS * 3600 * RATE
const KEYS = 500
const BATCH_ROWS = Math.min(20_000, Math.ceil(EVENTS / 150))
/** How far the producer may be ahead of the queries. */
const LAG_ROWS_MAX = 1_000_000
const MIB = 1024 * 1024
const T0_US = Date.UTC(2024, 0, 1) * 1000

const SETUP = `
  CREATE TABLE events (k INT, v INT, at TIMESTAMP(6), WATERMARK FOR at AS at - INTERVAL '5' SECOND)
    WITH ('splits' = '2', 'retention.bytes' = '8 mb');
  CREATE MATERIALIZED VIEW totals AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM events GROUP BY k;
  CREATE QUERY minutes AS SELECT k, window_start, COUNT(*) AS n
    FROM TUMBLE(events, at, INTERVAL '1' MINUTE) GROUP BY k, window_start, window_end;
  CREATE QUERY hopping AS SELECT window_start, COUNT(*) AS n, COUNT(DISTINCT k) AS keys
    FROM HOP(events, at, INTERVAL '30' SECOND, INTERVAL '10' MINUTE) GROUP BY window_start, window_end;
  CREATE QUERY sessions AS SELECT k, COUNT(*) AS n
    FROM SESSION(TABLE events PARTITION BY k, DESCRIPTOR(at), INTERVAL '1' MINUTE)
    GROUP BY k, window_start, window_end`

let folder: string
let child: ChildProcess

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-day-'))
})

afterEach(() => {
  child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function serve(): Promise<MillraceClient> {
  const args = ['serve', '--port', '0', '--data', join(folder, 'data')]
  const env = {
    ...process.env,
    MILLRACE_CHECKPOINT_INTERVAL_MS: '500',
    MILLRACE_SEGMENT_BYTES_MAX: String(MIB),
    MILLRACE_RESULT_RETENTION_BYTES_MAX: String(2 * MIB),
    MILLRACE_VIEW_MEMORY_BYTES_MAX: String(128 * MIB),
  }
  // What V8 sets aside for young objects grows for minutes, up to this, and would look like a leak.
  const young = '--max-semi-space-size=4'
  child = spawn(process.execPath, [young, MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
  const [line] = await once(child.stdout!, 'data')
  return new MillraceClient({ url: /http:\S+/.exec(String(line))![0] })
}

const SCHEMA = schemaOf([
  { name: 'k', type: INT, nullable: true },
  { name: 'v', type: INT, nullable: true },
  { name: 'at', type: TIMESTAMP, nullable: true },
])

/** Events [from, from + count): key n mod KEYS, value n mod 1000. */
function body(from: number, count: number): Uint8Array {
  const k = new Int32Array(count)
  const v = new Int32Array(count)
  const at = new BigInt64Array(count)
  const words = new Uint32Array(at.buffer)
  for (let i = 0; i < count; i++) {
    const n = from + i
    const us = T0_US + Math.floor((n * 1e6) / RATE)
    k[i] = n % KEYS
    v[i] = n % 1000
    words[i * 2] = us % 2 ** 32
    words[i * 2 + 1] = Math.floor(us / 2 ** 32)
  }
  const column = (type: typeof INT | typeof TIMESTAMP, values: typeof k | typeof at) =>
    new Column({ type, length: count, values, validity: null })
  const columns = [column(INT, k), column(INT, v), column(TIMESTAMP, at)]
  return toArrowStream(SCHEMA, [new Batch(SCHEMA, columns, count)])
}

interface Sample {
  readonly rss: number
  readonly handles: number
  readonly files: number
  readonly bytes: number
}

function* filesIn(path: string): Generator<string> {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) yield* filesIn(join(path, entry.name))
    else yield join(path, entry.name)
  }
}

function sample(): Sample {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  // A file may go while we look.
  const sizes = [...filesIn(join(folder, 'data'))].map((path) =>
    existsSync(path) ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0,
  )
  return {
    rss: Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024,
    handles: readdirSync(`/proc/${child.pid}/fd`).length,
    files: sizes.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  }
}

/** The largest of each figure. */
const most = (samples: readonly Sample[]): Sample => {
  const of = (figure: keyof Sample) => Math.max(...samples.map((one) => one[figure]))
  return { rss: of('rss'), handles: of('handles'), files: of('files'), bytes: of('bytes') }
}

async function lagRows(client: MillraceClient): Promise<number> {
  const queries = (await client.listQueries()) as unknown as { lagRows: number; state: string }[]
  for (const { state } of queries) expect(['running', 'backfilling']).toContain(state)
  return Math.max(...queries.map((query) => query.lagRows ?? 0))
}

// Memory and handles of another process are only told by Linux.
test.skipIf(!existsSync('/proc/self/fd'))(
  `${HOURS} h of event time at ${RATE} events a second`,
  async () => {
    const client = await serve()
    await client.sql(SETUP)
    let minutes = 0
    const follow = async () => {
      for await (const event of client.subscribe('minutes')) {
        if (event.kind !== 'changes') continue
        for (const { row } of event.rows) minutes += Number((row as { n: unknown }).n)
      }
    }
    const followed = follow()
    const samples: Sample[] = []
    const startMs = performance.now()
    let next = body(0, BATCH_ROWS)
    for (let from = 0; from < EVENTS; ) {
      const count = Math.min(BATCH_ROWS, EVENTS - from)
      const sent = fetch(`${client.url}/v1/streams/events/records`, {
        method: 'POST',
        body: next as unknown as string,
        headers: { 'content-type': 'application/vnd.apache.arrow.stream' },
      })
      from += count
      next = body(from, Math.max(1, Math.min(BATCH_ROWS, EVENTS - from)))
      expect((await sent).status).toBe(200)
      if (samples.length < Math.floor((from / EVENTS) * 100)) {
        while ((await lagRows(client)) > LAG_ROWS_MAX) await sleep(20)
        samples.push(sample())
      }
    }
    while ((await lagRows(client)) > 0) await sleep(20)
    samples.push(sample())
    const seconds = (performance.now() - startMs) / 1000
    await client.endStream('events')
    await followed
    expect(minutes).toBe(EVENTS)
    const totals = await client.view('totals')
    const sumOf = (name: string) => totals.reduce((sum, row) => sum + Number(row[name]), 0)
    const whole = Math.floor(EVENTS / 1000)
    const rest = EVENTS % 1000
    const values = whole * 499_500 + (rest * (rest - 1)) / 2
    expect([totals.length, sumOf('n'), sumOf('total')]).toEqual([KEYS, EVENTS, values])
    const warm = most(samples.slice(20, 60))
    const late = most(samples.slice(60))
    const fifth = Math.ceil(samples.length / 5)
    const course = [0, 1, 2, 3, 4].map((n) => most(samples.slice(n * fifth, (n + 1) * fifth)).rss)
    console.log(
      `${EVENTS} events in ${seconds.toFixed(0)} s; at most`,
      `${course.map((rss) => (rss / MIB).toFixed(0)).join(', ')} MiB of memory in each fifth;`,
      `${late.handles} handles, ${late.files} files of ${(late.bytes / MIB).toFixed(0)} MiB`,
    )
    expect(late.rss).toBeLessThan(warm.rss * 1.2 + 48 * MIB)
    expect(late.handles).toBeLessThanOrEqual(warm.handles + 4)
    expect(late.files).toBeLessThanOrEqual(warm.files + 8)
    expect(late.bytes).toBeLessThan(warm.bytes * 1.2 + 16 * MIB)
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect((await exited)[0]).toBe(0)
  },
  3 * 3_600_000,
)
