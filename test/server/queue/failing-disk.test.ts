/** Consumer groups on a disk that is slow, full, fails, or has lost its end: no record is given out
 *  too early, left lying, passed over, or given out after it was given up. */

import { beforeEach, expect, test } from 'vitest'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { schemaOf } from '../../../engine/batch/schema.ts'
import { INT } from '../../../engine/batch/types.ts'
import type { TableSpec } from '../../../engine/source/table.ts'
import { enveloped } from '../../../server/envelope.ts'
import type { ConsumerGroup } from '../../../server/queue/consumer-group.ts'
import type { GroupSettings } from '../../../server/queue/group-state.ts'
import { receiptOf } from '../../../server/queue/receipt.ts'
import { StreamQueue } from '../../../server/queue/stream-queue.ts'
import { Streams } from '../../../server/streams.ts'
import { FaultDisk } from '../../engine/log/fault-disk.ts'
import { ManualClock } from '../../slt/runner/manual-clock.ts'

const SECOND = 1_000_000
const SETTINGS: GroupSettings = { order: 'none', visibilityMs: 30_000, deliveriesMax: 0 }
const SCHEMA = schemaOf([{ name: 'n', type: INT, nullable: false }])

const table = (splits = 1): TableSpec => ({
  ...{ id: 't', name: 't', schema: SCHEMA, storedCount: 1, computed: [], connector: 'log' },
  options: { splits: String(splits) },
})

let disk: FaultDisk
let clock: ManualClock

beforeEach(() => {
  disk = new FaultDisk(1)
  clock = new ManualClock()
})

async function open(spec = table()) {
  let queue: StreamQueue | undefined
  const streams = new Streams({
    ...{ disk, clock, dataFolder: 'data', durability: 'sync' },
    ...{ unsyncedBytesMax: 1 << 24, segmentBytesMax: 4096 },
    onAppended: (id, split, end) => id === spec.id && queue?.appended(split, end),
  })
  await streams.open(spec)
  queue = new StreamQueue({ disk, clock, dataFolder: 'data', streams, durability: 'sync' }, spec)
  await queue.open()
  const append = (from: number, count: number, split = 0) => {
    const builder = new BatchBuilder(SCHEMA)
    for (let n = from; n < from + count; n++) builder.append([n])
    return streams.append(spec.id, builder.finish(), { split })
  }
  const close = async () => {
    await queue.close()
    await streams.close()
  }
  return { streams, queue, append, close }
}

interface Got {
  readonly receipt: string
  readonly deliveries: number
  readonly value: { readonly n: number }
}

async function take(group: ConsumerGroup, limit = 10, waitMs = 0): Promise<Got[]> {
  const texts = await group.consume({ limit }, waitMs)
  return texts.map((text) => JSON.parse(text))
}

const ns = (records: readonly Got[]) => records.map(({ value }) => value.n)
const receipts = (records: readonly Got[], splits = 1) =>
  records.map(({ receipt }) => receiptOf(receipt, splits))

/** Syncs do not come to an end until the result is called. */
function holdSyncs(): () => void {
  let release = () => {}
  disk.hold = new Promise((resolve) => {
    release = () => {
      disk.hold = null
      resolve()
    }
  })
  return release
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a record is given out when it is durable, not before', async () => {
  const { queue, append, close } = await open()
  const group = await queue.group('g', SETTINGS, 'earliest')
  const release = holdSyncs()
  const appended = append(0, 2)
  await turn()
  expect(ns(await take(group))).toEqual([])
  const waiting = take(group, 10, 5000)
  release()
  await appended
  expect(ns(await waiting)).toEqual([0, 1])
  await close()
})

test('a stream that has lost its end: what comes in its place is not passed over', async () => {
  let life = await open()
  await life.append(0, 5)
  let group = await life.queue.group('g', SETTINGS, 'earliest')
  const got = await take(group, 4)
  await group.acknowledge(receipts([got[0], got[1], got[3]]))
  await life.close()
  disk.remove('data/streams/t')
  life = await open()
  await life.append(10, 3)
  group = life.queue.find('g')
  expect(ns(await take(group))).toEqual([10, 11, 12])
  await life.close()
  // It is forgotten for good.
  life = await open()
  await life.append(13, 3)
  expect(ns(await take(life.queue.find('g')))).toEqual([13, 14, 15])
  expect(life.queue.find('g').status).toMatchObject({ backlog: 6, held: 6 })
  await life.close()
})

test('records that cannot be read when their time comes are given out when they can', async () => {
  const { queue, append, close } = await open(table(2))
  await append(0, 2, 0)
  await append(10, 2, 1)
  const group = await queue.group('g', SETTINGS, 'earliest')
  expect(ns(await take(group))).toHaveLength(4)
  queue.records.forget()
  disk.failReads = /streams\/t\/0/
  clock.forward(31 * SECOND)
  expect(ns(await take(group))).toEqual([10, 11])
  disk.failReads = undefined
  clock.forward(3 * SECOND)
  expect(ns(await take(group))).toEqual([0, 1])
  await close()
})

test('nothing is let go because of an acknowledgement that is not durable', async () => {
  const { queue, append, close } = await open()
  await append(0, 5)
  const group = await queue.group('g', SETTINGS, 'earliest')
  const got = await take(group)
  const release = holdSyncs()
  const done = group.acknowledge(receipts(got))
  await turn()
  expect(queue.neededFrom(0)).toBe(0)
  release()
  await done
  expect(queue.neededFrom(0)).toBe(5)
  const removed = queue.remove('g')
  expect(queue.neededFrom(0)).toBe(5)
  await removed
  expect(queue.neededFrom(0)).toBe(Infinity)
  await close()
})

test('settings that change while a record is given up do not bring it back', async () => {
  const { streams, queue, append, close } = await open()
  await append(0, 1)
  const group = await queue.group('g', { ...SETTINGS, deliveriesMax: 1 }, 'earliest')
  await take(group)
  const release = holdSyncs()
  clock.forward(31 * SECOND)
  await turn()
  const changed = queue.change('g', SETTINGS)
  await turn()
  release()
  await changed
  clock.forward(100 * SECOND)
  expect(ns(await take(queue.find('g')))).toEqual([])
  expect(streams.status('t$undelivered')).toMatchObject([{ end: 1 }])
  expect(queue.find('g').status).toMatchObject({ backlog: 0, held: 0 })
  await close()
})

test('a group that cannot be written gives out nothing, and all of it later', async () => {
  const { queue, append, close } = await open(table(2))
  await append(0, 1, 0)
  await append(10, 1, 1)
  const group = await queue.group('g', SETTINGS, 'earliest')
  // There is room to note the delivery of one of them.
  disk.room = 200
  await expect(take(group)).rejects.toMatchObject({ code: 'DISK_FULL' })
  disk.room = Infinity
  const got = await take(group)
  expect(ns(got).sort()).toEqual([0, 10])
  // What nobody got is no delivery.
  expect(got.map(({ deliveries }) => deliveries)).toEqual([1, 1])
  await close()
})

test('an acknowledgement over several splits is whole, or not there at all', async () => {
  const { queue, append, close } = await open(table(2))
  await append(0, 1, 0)
  await append(10, 1, 1)
  const group = await queue.group('g', SETTINGS, 'earliest')
  const got = await take(group)
  disk.room = 150
  await expect(group.acknowledge(receipts(got, 2))).rejects.toMatchObject({ code: 'DISK_FULL' })
  disk.room = Infinity
  expect(group.status).toMatchObject({ backlog: 2, held: 2 })
  expect(await group.acknowledge(receipts(got, 2))).toEqual({ done: 2, stale: [] })
  await close()
})

test('records that wait for one of their key come, however it is settled', async () => {
  const { streams, queue, close } = await open()
  const builder = new BatchBuilder(SCHEMA)
  const count = 700
  for (let n = 0; n < count; n++) builder.append([n])
  const said = Array(count).fill({ key: 'hot' })
  await streams.append('t', enveloped(builder.finish(), said, 0))
  const group = await queue.group('g', { ...SETTINGS, order: 'key' }, 'earliest')
  const early = await take(group, 600)
  expect(early).toHaveLength(600)
  expect(await take(group)).toEqual([])
  clock.forward(31 * SECOND)
  const [again, ...rest] = [await take(group, 1), await take(group)].flat()
  expect([again.value.n, rest]).toEqual([0, []])
  // All but one of them are done, late, while they wait for it.
  await group.acknowledge(receipts(early.slice(1)))
  expect(await take(group)).toEqual([])
  await group.acknowledge(receipts([again]))
  const found: number[] = []
  for (let got = await take(group, 30); got.length > 0; got = await take(group, 30)) {
    found.push(...ns(got))
    await group.acknowledge(receipts(got))
  }
  expect(found).toEqual(Array.from({ length: 100 }, (_, i) => 600 + i))
  expect(group.status).toMatchObject({ backlog: 0, held: 0 })
  await close()
})

test('a damaged record that is out at a start does not keep the group from opening', async () => {
  let life = await open()
  await life.append(0, 3)
  await life.queue.group('g', { ...SETTINGS, order: 'key' }, 'earliest')
  expect(ns(await take(life.queue.find('g'), 2))).toEqual([0, 1])
  await life.close()
  life = await open()
  const group = life.queue.find('g')
  disk.failReads = /streams\/t/
  await expect(take(group)).rejects.toMatchObject({ code: 'DISK_FAILED' })
  disk.failReads = undefined
  expect(ns(await take(group))).toEqual([2])
  await life.close()
})

test('records that retention took are in no figure any more', async () => {
  const options = { splits: '1', 'retention.bytes': '8000', 'retention.policy': 'drop' }
  const { queue, append, close } = await open({ ...table(), options })
  const group = await queue.group('g', SETTINGS, 'earliest')
  for (let n = 0; n < 3000; n += 100) await append(n, 100)
  const { backlog } = group.status
  expect(backlog).toBeLessThan(3000)
  queue.observe()
  clock.forward(100 * SECOND)
  expect(queue.status('g').figures.backlog).toBe(backlog)
  await close()
})
