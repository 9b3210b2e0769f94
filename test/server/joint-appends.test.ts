/** Requests whose rows go to several splits are whole or not there at all, wherever the power goes
 *  or the disk is full; what was acknowledged is there. */

import { expect, test } from 'vitest'
import { systemClock } from '../../engine/base/clock.ts'
import { random } from '../../engine/base/random.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { BIGINT } from '../../engine/batch/types.ts'
import { LogReader } from '../../engine/log/reader.ts'
import { decodeStreamFrame } from '../../engine/source/stream-frame.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { type AppendResult, Streams } from '../../server/streams.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import { seedOf } from '../seed.ts'

const SCHEMA = schemaOf([
  { name: 'k', type: BIGINT, nullable: false },
  { name: 'request', type: BIGINT, nullable: false },
])
const SPLITS = 3
const TABLE: TableSpec = {
  id: 't',
  name: 't',
  schema: SCHEMA,
  storedCount: 2,
  computed: [],
  connector: 'log',
  primaryKey: [0],
  options: { splits: String(SPLITS), 'retention.bytes': '1000000' },
}
const RUNS = process.env.MILLRACE_LONG ? 3000 : 60

function rows(request: number, count: number): Batch {
  const builder = new BatchBuilder(SCHEMA)
  for (let i = 0; i < count; i++) builder.append([request * 100 + i, request])
  return builder.finish()
}

async function open(disk: FaultDisk): Promise<Streams> {
  const streams = new Streams({
    ...{ disk, clock: systemClock, dataFolder: 'data', durability: 'sync' },
    unsyncedBytesMax: 1 << 30,
    segmentBytesMax: 4096,
    onAppended: () => {},
  })
  await streams.open(TABLE)
  return streams
}

/** How many rows of each request are stored. */
function stored(disk: FaultDisk, streams: Streams): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { split, end } of streams.status('t')) {
    const reader = new LogReader(disk, `data/streams/t/${split}`)
    for (let frame = reader.next(end); frame !== null; frame = reader.next(end)) {
      for (const [, request] of rowsOf(decodeStreamFrame(frame, SCHEMA).records)) {
        counts.set(Number(request), (counts.get(Number(request)) ?? 0) + 1)
      }
    }
    reader.close()
  }
  return counts
}

async function run(seed: number): Promise<void> {
  const r = random(seed)
  let disk = new FaultDisk(seed)
  const sizes = new Map<number, number>()
  const acknowledged = new Set<number>()
  const answers = new Map<number, AppendResult>()
  let next = 0
  for (let life = 0; life < 3; life++) {
    if (r.below(4) === 0) {
      // The power goes while it starts.
      disk.operationsLeft = r.below(30)
      await open(disk).catch(() => {})
      disk = disk.reboot(seed + 50 + life)
    }
    const streams = await open(disk)
    const counts = stored(disk, streams)
    for (const [request, count] of counts) expect(count).toBe(sizes.get(request))
    for (const request of acknowledged) expect(counts.get(request)).toBe(sizes.get(request))
    const again = [...answers].filter(() => r.below(2) === 0).slice(-3)
    for (const [request, answer] of again) {
      const key = { idempotencyKey: `r${request}` }
      const got = await streams.append('t', rows(request, sizes.get(request)!), key)
      const order = ({ offsets }: AppendResult) => offsets.toSorted((a, b) => a.split - b.split)
      expect(order(got)).toEqual(order(answer))
    }
    const send = async () => {
      const request = next++
      const count = 1 + r.below(6)
      sizes.set(request, count)
      const keyed = r.below(3) === 0
      const options = keyed ? { idempotencyKey: `r${request}` } : {}
      const answer = await streams.append('t', rows(request, count), options)
      acknowledged.add(request)
      if (keyed) answers.set(request, answer)
    }
    disk.operationsLeft = 5 + r.below(200)
    const under = new Set<Promise<void>>()
    for (let i = 0; i < 25; i++) {
      if (r.below(12) === 0) disk.room = r.below(2000)
      const one = send().catch(() => {})
      under.add(one.finally(() => under.delete(one)))
      if (r.below(3) === 0) await Promise.race([one, new Promise((done) => setImmediate(done))])
      if (r.below(3) === 0) disk.room = Number.POSITIVE_INFINITY
    }
    await Promise.race([Promise.all(under), new Promise((done) => setTimeout(done, 2))])
    disk = r.below(3) === 0 ? disk.afterKill(seed + life) : disk.reboot(seed + life)
  }
}

test('whole or not at all, through power cuts and full disks', async () => {
  const seed = seedOf('joint')
  for (let i = 0; i < RUNS; i++) {
    try {
      await run(seed + i)
    } catch (error) {
      throw new Error(`seed ${seed + i}`, { cause: error })
    }
  }
})
