/** Intakes on a disk that fails, with a broker in memory: law 6 for sources that cannot be read
 *  twice. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { logSource } from '../../connectors/log/source.ts'
import { sleep, systemClock } from '../../engine/base/clock.ts'
import { SqlError } from '../../engine/base/errors.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { BIGINT, INT, VARCHAR } from '../../engine/batch/types.ts'
import { Appended } from '../../engine/source/appended.ts'
import type { IntakeConnector, IntakeFeed } from '../../engine/source/intake.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { TableDecoder } from '../../engine/source/table-decoder.ts'
import { Intakes } from '../../server/intakes.ts'
import { Streams } from '../../server/streams.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import { seedOf } from '../seed.ts'

const DATA = 'data'

const TABLE: TableSpec = {
  id: 't1',
  name: 'events',
  schema: schemaOf([
    { name: 'id', type: BIGINT, nullable: false },
    { name: 'topic', type: VARCHAR, nullable: true },
    { name: 'priority', type: INT, nullable: true },
  ]),
  storedCount: 3,
  computed: [],
  metadata: [
    { column: 1, key: 'topic' },
    { column: 2, key: 'priority' },
  ],
  connector: 'memory',
  intake: true,
  options: { format: 'json', 'bad-records': 'fail' },
}

/** Streams and intakes of one life of the server. */
class Life {
  readonly appended = new Appended()
  readonly streams: Streams
  readonly intakes: Intakes
  readonly #disk: FaultDisk

  constructor(disk: FaultDisk, connector: IntakeConnector) {
    this.#disk = disk
    const shared = { disk, clock: systemClock, dataFolder: DATA }
    this.streams = new Streams({
      ...shared,
      unsyncedBytesMax: 1 << 24,
      segmentBytesMax: 4096,
      durability: 'sync',
      onAppended: (id, split, end, ended) => this.appended.set(id, String(split), { end, ended }),
    })
    const connectors = new Map([[connector.name, connector]])
    this.intakes = new Intakes({ ...shared, streams: this.streams, connectors })
  }

  async open(): Promise<this> {
    await this.streams.open(TABLE)
    this.intakes.start(TABLE)
    return this
  }

  async close(): Promise<void> {
    await this.intakes.close()
    await this.streams.close()
  }

  get status() {
    return this.intakes.status(TABLE.id)!
  }

  /** All rows as the engine reads them. */
  rows(): unknown[][] {
    return readRows(this.#disk, this.appended)
  }

  ids(): number[] {
    return this.rows().map(([id]) => id as number)
  }
}

function readRows(disk: FaultDisk, appended: Appended): unknown[][] {
  const source = logSource({ disk, clock: systemClock, dataFolder: DATA, appended })
  const reader = source.open(TABLE, { id: '0' }, '')
  const decoder = new TableDecoder(TABLE)
  const rows: unknown[][] = []
  for (;;) {
    const chunk = reader.poll({ rowsMax: 7, bytesMax: 1 << 20 })
    if (chunk === null) return rows
    rows.push(...rowsOf(decoder.decode(chunk, { epoch: 0, nowUs: 0, seed: 0 })))
  }
}

/** The ids that a power cut now would leave. */
async function idsAfterCut(disk: FaultDisk, seed: number): Promise<number[]> {
  const life = new Life(disk.afterCut(seed), { name: 'memory', run: async () => {} })
  await life.streams.open(TABLE)
  const ids = life.ids()
  await life.streams.close()
  return ids
}

const json = (id: number) => Buffer.from(JSON.stringify({ id }))

const until = async (condition: () => boolean): Promise<void> => {
  for (let i = 0; !condition(); i++) {
    if (i > 5000) throw new Error('it never came')
    await sleep(1)
  }
}

/** Ends with the signal. */
const over = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

/** A queue that keeps messages until they are acknowledged and brings them again on each new
 *  connection, at most `prefetch` at a time. */
class Queue implements IntakeConnector {
  readonly name = 'memory'
  readonly messages: number[]
  readonly acknowledged = new Set<number>()
  /** Called at the moment of an acknowledgement. */
  onAck = (_id: number): void => {}
  readonly #prefetch: number
  readonly #withIds: boolean
  #disconnect = () => {}

  constructor(count: number, { prefetch = 8, withIds = false } = {}) {
    this.messages = Array.from({ length: count }, (_, i) => i)
    this.#prefetch = prefetch
    this.#withIds = withIds
  }

  get isEmpty(): boolean {
    return this.acknowledged.size === this.messages.length
  }

  disconnect(): void {
    this.#disconnect()
  }

  async run(_table: TableSpec, feed: IntakeFeed, signal: AbortSignal): Promise<void> {
    feed.connected()
    let over = false
    const left = this.messages.filter((id) => !this.acknowledged.has(id))
    let open = 0
    const deliver = () => {
      while (open < this.#prefetch && left.length > 0 && !over) {
        const id = left.shift()!
        open++
        feed.put({
          messages: [{ bytes: json(id), metadata: { topic: `t${id}`, other: 1 } }],
          ...(this.#withIds ? { id: `m${id}` } : {}),
          stored: (error) => {
            open--
            if (over || error !== undefined) return
            this.acknowledged.add(id)
            this.onAck(id)
            queueMicrotask(deliver)
          },
        })
      }
    }
    deliver()
    await new Promise<void>((resolve) => {
      this.#disconnect = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    if (signal.aborted) await feed.settled()
    over = true
  }
}

describe('intakes', () => {
  test('messages are decoded from the log, with the metadata that the table asks for', async () => {
    const life = await new Life(new FaultDisk(1), new Queue(20)).open()
    await until(() => life.ids().length === 20)
    expect(life.rows().slice(0, 2)).toEqual([
      [0, 't0', null],
      [1, 't1', null],
    ])
    expect(life.ids()).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(life.status).toMatchObject({ state: 'connected', messages: 20, error: null, lost: 0 })
    await life.close()
  })

  test('law 6: what is acknowledged survives a power cut at that moment', async () => {
    const seed = seedOf('intake-law-6')
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        async (diskSeed, prefetch, withIds) => {
          const disk = new FaultDisk(diskSeed)
          const queue = new Queue(60, { prefetch, withIds })
          const problems: string[] = []
          const checks: Promise<void>[] = []
          queue.onAck = (id) => {
            const found = idsAfterCut(disk, diskSeed + id)
            checks.push(
              found.then((ids) => {
                if (!ids.includes(id)) problems.push(`${id} was acknowledged and is lost`)
              }),
            )
          }
          const life = await new Life(disk, queue).open()
          for (let i = 0; i < 3; i++) {
            await sleep(1)
            queue.disconnect()
          }
          await until(() => queue.isEmpty)
          await Promise.all(checks)
          expect(problems).toEqual([])
          expect(new Set(life.ids()).size).toBe(60)
          await life.close()
        },
      ),
      { seed, numRuns: 15 },
    )
  })

  test('power cuts at any step lose nothing; with ids nothing comes twice', async () => {
    const seed = seedOf('intake-power')
    const dying: Promise<void>[] = []
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1e6 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (diskSeed, cuts, withIds) => {
          const queue = new Queue(80, { prefetch: 11, withIds })
          let disk = new FaultDisk(diskSeed)
          for (const [n, cut] of cuts.entries()) {
            disk.operationsLeft = cut
            const life = new Life(disk, queue)
            await life.open().catch(() => {})
            for (let i = 0; i < 200 && !disk.off && !queue.isEmpty; i++) await sleep(0)
            disk.cut()
            // A dead disk is given some seconds to take what waits.
            dying.push(life.close().catch(() => {}))
            disk = disk.reboot(diskSeed + n)
          }
          const life = await new Life(disk, queue).open()
          await until(() => queue.isEmpty)
          const ids = life.ids()
          await life.close()
          expect(new Set(ids)).toEqual(new Set(queue.messages))
          if (withIds) expect(ids).toEqual(queue.messages)
        },
      ),
      { seed, numRuns: 25 },
    )
    await Promise.all(dying)
  })

  test('an orderly end leaves nothing unacknowledged that is stored', async () => {
    const disk = new FaultDisk(3)
    const queue = new Queue(500, { prefetch: 50 })
    for (let i = 0; i < 20 && !queue.isEmpty; i++) {
      const life = await new Life(disk, queue).open()
      await sleep(2)
      await life.close()
    }
    const life = await new Life(disk, queue).open()
    await until(() => queue.isEmpty)
    expect(life.ids()).toEqual(queue.messages)
    await life.close()
  })

  test('a full disk holds messages back and loses none', async () => {
    const disk = new FaultDisk(4)
    const queue = new Queue(300, { prefetch: 5 })
    const life = new Life(disk, queue)
    disk.room = 20_000
    await life.open()
    await until(() => life.status.error?.code === 'DISK_FULL')
    const before = queue.acknowledged.size
    await sleep(20)
    expect(queue.acknowledged.size).toBe(before)
    disk.room = Number.POSITIVE_INFINITY
    await until(() => queue.isEmpty)
    expect(life.ids()).toEqual(queue.messages)
    expect(life.status.error).toBe(null)
    await life.close()
  })

  test('law 8: a source that fills faster than the disk writes is told so', async () => {
    const disk = new FaultDisk(5)
    let open = () => {}
    const message = { bytes: Buffer.concat([json(1), Buffer.alloc(1 << 20, 32)]) }
    let put = 0
    const flood: IntakeConnector = {
      name: 'memory',
      async run(_table, feed, signal) {
        feed.connected()
        while (!signal.aborted && put < 100) {
          while (feed.isFull && !signal.aborted) await feed.room()
          feed.put({ messages: [message] })
          put++
        }
        await over(signal)
      },
    }
    const life = await new Life(disk, flood).open()
    disk.hold = new Promise((resolve) => {
      open = resolve
    })
    await until(() => put > 0)
    await sleep(30)
    expect(put).toBeLessThan(20)
    disk.hold = null
    open()
    await until(() => life.status.messages === 100)
    await life.close()
  })

  test('a position comes back after a reconnect and after a restart', async () => {
    const disk = new FaultDisk(6)
    const begins: (string | undefined)[] = []
    const source: IntakeConnector = {
      name: 'memory',
      async run(_table, feed, signal) {
        begins.push(feed.position)
        const next = Number(feed.position ?? 0)
        if (begins.length % 3 === 0) return over(signal)
        feed.put({
          messages: [{ bytes: json(next) }, { bytes: json(next + 1) }],
          position: String(next + 2),
        })
        throw new Error('the line is cut')
      },
    }
    const first = await new Life(disk, source).open()
    await until(() => begins.length === 3)
    await first.close()
    const second = await new Life(disk.afterKill(7), source).open()
    await until(() => begins.length === 6)
    expect(begins).toEqual([undefined, '2', '4', '4', '6', '8'])
    expect(second.ids()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    await second.close()
  })

  test('an error of the user ends it; other errors are tried again and shown', async () => {
    let tries = 0
    const source: IntakeConnector = {
      name: 'memory',
      async run() {
        tries++
        if (tries < 3) throw new Error('refused')
        throw new SqlError('INVALID_OPTION', 'there is no such vhost')
      },
    }
    const life = await new Life(new FaultDisk(8), source).open()
    await until(() => life.status.state === 'waiting')
    expect(life.status.error?.message).toBe('memory source of events: refused')
    await until(() => life.status.state === 'failed')
    expect(life.status.error?.message).toBe('there is no such vhost')
    await sleep(20)
    expect(tries).toBe(3)
    await life.close()
  })

  test('metadata that is no value of its type spoils its own group alone', async () => {
    const errors: (string | undefined)[] = []
    const source: IntakeConnector = {
      name: 'memory',
      async run(_table, feed, signal) {
        for (const [id, priority] of [1, 'high', 3].entries()) {
          feed.put({
            messages: [{ bytes: json(id), metadata: { priority } }],
            stored: (error) => errors.push(error?.code),
          })
        }
        await over(signal)
      },
    }
    const life = await new Life(new FaultDisk(9), source).open()
    await until(() => errors.length === 3)
    expect(errors.toSorted()).toEqual(['INVALID_VALUE', undefined, undefined])
    expect(life.rows()).toEqual([
      [0, null, 1],
      [2, null, 3],
    ])
    await life.close()
  })
})
