/** What checkpoints cost: the same queries over the same stored records, with a checkpoint every
 *  second and without any. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../engine/base/clock.ts'
import { random } from '../engine/base/random.ts'
import { BatchBuilder } from '../engine/batch/builder.ts'
import { schemaOf } from '../engine/batch/schema.ts'
import { readConfig } from '../server/config.ts'
import type { Database } from '../server/database.ts'
import { startServer } from '../server/main.ts'
import { ratio, say, shortCount, type Topic } from './topic.ts'

const ROWS = 6_000_000
const BATCH_ROWS = 16_384
const NEVER_MS = 86_400_000

/** Shaped like Nexmark's q5 (hopping counts per auction) and q4 (a changelog per auction). */
const QUERIES = {
  'q5: HOP count by auction': `SELECT auction, window_end, COUNT(*) AS bids
    FROM HOP(bids, at, INTERVAL '2' SECOND, INTERVAL '10' SECOND)
    GROUP BY auction, window_start, window_end`,
  'q4: MAX by auction, changelog': `SELECT auction, MAX(price) AS top, COUNT(*) AS bids
    FROM bids GROUP BY auction`,
}

export const checkpoint: Topic = {
  name: 'checkpoint',
  title: 'Checkpoints: throughput with one a second beside none',
  async run() {
    const rows: string[][] = []
    for (const [name, sql] of Object.entries(QUERIES)) {
      const none = await measureRun(sql, NEVER_MS)
      const every = await measureRun(sql, 1000)
      say(`${name}: ${shortCount(none.rate)}/s without, ${shortCount(every.rate)}/s with`)
      rows.push([
        name,
        shortCount(none.rate),
        shortCount(every.rate),
        ratio(every.rate, none.rate),
        String(every.checkpoints),
        shortCount(every.bytes),
      ])
    }
    return {
      notes: [
        `${shortCount(ROWS)} stored bids of 100 000 auctions, read by one query from its start to the end of the stream; the better of two runs each.`,
        'Bytes are those that the last checkpoint wrote.',
      ],
      header: ['query', 'rows/s without', 'rows/s, 1 s', 'ratio', 'checkpoints', 'bytes'],
      rows,
    }
  },
}

interface Run {
  readonly rate: number
  readonly checkpoints: number
  readonly bytes: number
}

async function measureRun(sql: string, checkpointIntervalMs: number): Promise<Run> {
  const runs = [await runOnce(sql, checkpointIntervalMs), await runOnce(sql, checkpointIntervalMs)]
  return runs[0].rate > runs[1].rate ? runs[0] : runs[1]
}

async function runOnce(sql: string, checkpointIntervalMs: number): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const dataFolder = join(folder, 'data')
  const options = { port: 0, dataFolder, logLevel: 'silent', checkpointIntervalMs } as const
  const server = await startServer(readConfig(options))
  try {
    await fill(server.database)
    return await timeQuery(server.database, sql)
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fill(database: Database): Promise<void> {
  await database.execute(`CREATE TABLE bids (auction BIGINT, price BIGINT, at TIMESTAMP(3),
    WATERMARK FOR at AS at - INTERVAL '1' SECOND)`)
  const table = database.embeddedTable('bids')
  const schema = schemaOf(table.schema.fields.slice(0, table.storedCount))
  const r = random(7)
  for (let from = 0; from < ROWS; from += BATCH_ROWS) {
    const builder = new BatchBuilder(schema)
    for (let i = from; i < Math.min(from + BATCH_ROWS, ROWS); i++) {
      builder.append([r.below(100_000), r.below(10_000), i * 20])
    }
    await database.append(table, builder.finish())
  }
}

/** Counts the checkpoints by looking often enough to see each. */
async function timeQuery(database: Database, sql: string): Promise<Run> {
  const epochs = new Set<number>()
  const start = performance.now()
  await database.createQuery(sql, 'measured')
  for (;;) {
    const [{ lagRows, rowsIn }] = await database.queries()
    const { checkpoint } = await database.engineStatus()
    if (checkpoint.madeUs > 0) epochs.add(checkpoint.epoch)
    if (lagRows === 0 && rowsIn >= ROWS) {
      const rate = (ROWS * 1000) / (performance.now() - start)
      return { rate, checkpoints: epochs.size, bytes: checkpoint.bytes }
    }
    await sleep(20)
  }
}
