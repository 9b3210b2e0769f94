import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../engine/base/clock.ts'
import { type Disk, type DiskFile, nodeDisk } from '../../engine/base/disk.ts'
import { SqlError } from '../../engine/base/errors.ts'
import type { Batch } from '../../engine/batch/batch.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { decodeBatch } from '../../engine/batch/ipc.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { BIGINT } from '../../engine/batch/types.ts'
import { LogReader } from '../../engine/log/reader.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { Streams } from '../../server/streams.ts'

const SCHEMA = schemaOf([{ name: 'n', type: BIGINT, nullable: true }])

const table = (options: Record<string, string> = {}): TableSpec => ({
  id: 't1',
  name: 'numbers',
  schema: SCHEMA,
  storedCount: 1,
  computed: [],
  connector: 'log',
  options: { splits: '1', ...options },
})

function numbers(...values: number[]): Batch {
  const builder = new BatchBuilder(SCHEMA)
  for (const value of values) builder.append([value])
  return builder.finish()
}

let folder: string
let streams: Streams
/** What the engine was told: split, end, ended. */
let told: [number, number, boolean][]

const open = async (spec: TableSpec, disk: Disk = nodeDisk, unsyncedBytesMax = 1 << 20) => {
  told = []
  streams = new Streams({
    disk,
    clock: systemClock,
    dataFolder: folder,
    unsyncedBytesMax,
    segmentBytesMax: 64 << 20,
    durability: 'sync',
    onAppended: (_table, split, end, ended) => told.push([split, end, ended]),
  })
  await streams.open(spec)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-streams-'))
})

afterEach(async () => {
  await streams.close()
  rmSync(folder, { recursive: true })
})

function stored(split = 0): number[] {
  const reader = new LogReader(nodeDisk, `${folder}/streams/t1/${split}`)
  const { end } = streams.status('t1')[split]
  const values: number[] = []
  for (;;) {
    const frame = reader.next(end)
    if (frame === null) break
    values.push(...rowsOf(decodeBatch(frame.payload, SCHEMA)).map(([value]) => Number(value)))
  }
  reader.close()
  return values
}

it('answers with offsets once the rows are durable, and then tells the engine', async () => {
  await open(table())
  expect(told).toEqual([[0, 0, false]])
  expect(await streams.append('t1', numbers(1, 2))).toEqual({
    count: 2,
    offsets: [{ split: 0, first: 0, last: 1 }],
  })
  expect(told.at(-1)).toEqual([0, 2, false])
  expect(stored()).toEqual([1, 2])
})

it('commits requests that come together in one frame, each whole', async () => {
  let syncs = 0
  const count = <T>(result: T): T => {
    syncs++
    return result
  }
  await open(
    table(),
    withFiles((file) => ({ ...wrap(file), sync: () => count(file.sync()) })),
  )
  syncs = 0
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => streams.append('t1', numbers(i * 2, i * 2 + 1))),
  )
  expect(syncs).toBeLessThanOrEqual(3)
  expect(answers.map(({ offsets }) => offsets[0].first)).toEqual(
    Array.from({ length: 100 }, (_, i) => i * 2),
  )
  expect(stored()).toEqual(Array.from({ length: 200 }, (_, i) => i))
})

it('lets the splits take turns, or takes the one that is asked for', async () => {
  await open(table({ splits: '3' }))
  for (let i = 0; i < 6; i++) await streams.append('t1', numbers(i))
  expect([stored(0), stored(1), stored(2)]).toEqual([
    [0, 3],
    [1, 4],
    [2, 5],
  ])
  await streams.append('t1', numbers(9), { split: 2 })
  expect(stored(2)).toEqual([2, 5, 9])
  await expect(streams.append('t1', numbers(9), { split: 3 })).rejects.toThrow(/no split 3/)
})

it('stores a key once, on its way, in memory and after a restart', async () => {
  await open(table({ splits: '4' }))
  const key = { idempotencyKey: 'k' }
  const [a, b] = await Promise.all([
    streams.append('t1', numbers(1, 2), key),
    streams.append('t1', numbers(1, 2), key),
  ])
  expect(b).toEqual(a)
  await streams.append('t1', numbers(3), { idempotencyKey: 'other' })
  expect(await streams.append('t1', numbers(1, 2), key)).toEqual(a)
  await streams.close()
  await open(table({ splits: '4' }))
  expect(await streams.append('t1', numbers(1, 2), key)).toEqual(a)
  const all = [0, 1, 2, 3].flatMap((split) => stored(split))
  expect(all.sort()).toEqual([1, 2, 3])
})

it('takes nothing after the end, also after a restart', async () => {
  await open(table())
  const last = streams.append('t1', numbers(1))
  await Promise.all([last, streams.end('t1')])
  expect(told.at(-1)).toEqual([0, 1, true])
  await expect(streams.append('t1', numbers(2))).rejects.toMatchObject({ code: 'STREAM_ENDED' })
  await streams.close()
  await open(table())
  expect(told).toEqual([[0, 1, true]])
  await streams.end('t1')
  await expect(streams.append('t1', numbers(2))).rejects.toMatchObject({ code: 'STREAM_ENDED' })
})

it('pushes back when the disk cannot keep up', async () => {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  let slow = false
  const disk = withFiles((file) => ({
    ...wrap(file),
    sync: async () => {
      if (slow) await gate
      await file.sync()
    },
  }))
  await open(table(), disk, 200)
  slow = true
  const first = streams.append('t1', numbers(...Array.from({ length: 100 }, (_, i) => i)))
  await expect(streams.append('t1', numbers(1))).rejects.toMatchObject({
    code: 'TOO_MANY_REQUESTS',
    retry: 'backoff',
  })
  release()
  await first
  await streams.append('t1', numbers(100))
  expect(stored()).toHaveLength(101)
})

describe('a failing disk', () => {
  it('that is full refuses the request whole, and takes the next when there is room', async () => {
    let full = false
    const disk = withFiles((file) => ({
      ...wrap(file),
      write: (bytes, position) => {
        if (full) throw new SqlError('DISK_FULL', 'No space left')
        file.write(bytes, position)
      },
    }))
    await open(table(), disk)
    await streams.append('t1', numbers(1))
    full = true
    await expect(streams.append('t1', numbers(2))).rejects.toMatchObject({ code: 'DISK_FULL' })
    full = false
    expect(await streams.append('t1', numbers(3))).toMatchObject({ offsets: [{ first: 1 }] })
    expect(stored()).toEqual([1, 3])
  })

  it.each([
    ['of one split', {}],
    ['with a key', { primaryKey: [0] }],
  ])('that is full takes nothing behind what it refused (%s)', async (_name, form) => {
    let bytesMax = Infinity
    const disk = withFiles((file) => ({
      ...wrap(file),
      write: (bytes, position) => {
        if (bytes.length > bytesMax) throw new SqlError('DISK_FULL', 'No space left')
        file.write(bytes, position)
      },
    }))
    await open({ ...table({ splits: '2' }), ...form }, disk, 1 << 30)
    const values = [[1], Array.from({ length: 2000 }, () => 2), [3], [4]]
    const append = () =>
      Promise.allSettled(
        values.map((of) => {
          const options = 'primaryKey' in form ? {} : { split: 0 }
          return streams.append('t1', numbers(...of), { ...options, idempotencyKey: `${of[0]}` })
        }),
      )
    bytesMax = 1000
    const results = await append()
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, false, false, false])
    bytesMax = Infinity
    await append()
    const inOrder = new Set([...stored(0), ...stored(1)])
    expect(inOrder.size).toBe(4)
    for (const split of [0, 1]) expect(stored(split)).toEqual(stored(split).toSorted())
  })

  it('that loses an fsync acknowledges nothing more', async () => {
    let broken = false
    const disk = withFiles((file) => ({
      ...wrap(file),
      sync: () => (broken ? Promise.reject(new SqlError('DISK_FAILED', 'EIO')) : file.sync()),
    }))
    await open(table(), disk)
    await streams.append('t1', numbers(1))
    broken = true
    await expect(streams.append('t1', numbers(2))).rejects.toMatchObject({ code: 'DISK_FAILED' })
    broken = false
    await expect(streams.append('t1', numbers(3))).rejects.toMatchObject({ code: 'DISK_FAILED' })
    await expect(streams.end('t1')).rejects.toMatchObject({ code: 'DISK_FAILED' })
    expect(told.at(-1)).toEqual([0, 1, false])
  })
})

it('removes streams that are no more', async () => {
  await open(table())
  await streams.append('t1', numbers(1))
  await streams.close()
  await open({ ...table(), id: 't2' })
  streams.removeOthers(['t2'])
  expect(nodeDisk.list(`${folder}/streams`)).toEqual(['t2'])
})

/** The members of a file, to change one of them. */
function wrap(file: DiskFile): DiskFile {
  return {
    path: file.path,
    size: () => file.size(),
    read: (target, position) => file.read(target, position),
    write: (bytes, position) => file.write(bytes, position),
    sync: () => file.sync(),
    syncNow: () => file.syncNow(),
    truncate: (size) => file.truncate(size),
    isReplaced: () => file.isReplaced(),
    close: () => file.close(),
  }
}

const withFiles = (change: (file: DiskFile) => DiskFile): Disk => ({
  ...nodeDisk,
  openWrite: (path) => change(nodeDisk.openWrite(path)),
})
