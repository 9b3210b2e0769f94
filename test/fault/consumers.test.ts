/** Consumer groups on a disk that loses its power in the middle of anything: what was acknowledged
 *  never comes again, everything else does until it is, in order where an order was asked for; and
 *  retention takes nothing that is not done. */

import { expect, test } from 'vitest'
import { type Random, random } from '../../engine/base/random.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { INT } from '../../engine/batch/types.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { enveloped } from '../../server/envelope.ts'
import type { ConsumerGroup } from '../../server/queue/consumer-group.ts'
import type { GroupSettings } from '../../server/queue/group-state.ts'
import { receiptOf } from '../../server/queue/receipt.ts'
import { StreamQueue } from '../../server/queue/stream-queue.ts'
import { StreamRecords } from '../../server/queue/stream-records.ts'
import { Streams } from '../../server/streams.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import { seedOf } from '../seed.ts'
import { ManualClock } from '../slt/runner/manual-clock.ts'

const CASES = process.env.MILLRACE_LONG ? 4000 : 24
const SCHEMA = schemaOf([{ name: 'n', type: INT, nullable: false }])

interface Got {
  readonly receipt: string
  readonly split: number
  readonly key: string
  readonly deliveries: number
  readonly value: { readonly n: number }
}

class ConsumersCase {
  readonly #seed: number
  readonly #random: Random
  readonly #table: TableSpec
  readonly #settings: GroupSettings
  readonly #clock = new ManualClock()
  #disk: FaultDisk
  #queue: StreamQueue | undefined
  #next = 0
  /** Appended, for sure. */
  readonly #stored = new Set<number>()
  /** Done for sure, and maybe. */
  readonly #done = new Set<number>()
  readonly #maybeDone = new Set<number>()
  readonly #problems: string[] = []

  constructor(seed: number) {
    this.#seed = seed
    this.#random = random(seed)
    this.#disk = new FaultDisk(seed)
    const order = (['none', 'split', 'key'] as const)[seed % 3]
    this.#settings = { order, visibilityMs: 1000, deliveriesMax: this.#random.below(2) * 3 }
    this.#table = {
      ...{ id: 't', name: 't', schema: SCHEMA, storedCount: 1, computed: [], connector: 'log' },
      options: { splits: String(1 + this.#random.below(3)), 'retention.bytes': '6000' },
    }
  }

  async run(): Promise<void> {
    const lives = 2 + this.#random.below(4)
    for (let life = 0; life < lives; life++) {
      this.#disk.operationsLeft = 1 + this.#random.below(this.#random.below(3) === 0 ? 30 : 400)
      await this.#live()
      this.#clock.stop()
      this.#disk = this.#disk.reboot(this.#seed * 100 + life)
    }
    await this.#finish()
    this.#clock.stop()
    expect(this.#problems, `seed ${this.#seed}`).toEqual([])
  }

  async #open() {
    const { disk, clock } = { disk: this.#disk, clock: this.#clock }
    let queue: StreamQueue | undefined
    const streams = new Streams({
      ...{ disk, clock, dataFolder: 'data', durability: 'sync' },
      ...{ unsyncedBytesMax: 1 << 24, segmentBytesMax: 2000 },
      onAppended: (id, split, end) => id === 't' && queue?.appended(split, end),
      neededFrom: (id, split) => (id === 't' ? (queue?.neededFrom(split) ?? 0) : Infinity),
    })
    await streams.open(this.#table)
    const context = { disk, clock, dataFolder: 'data', streams, durability: 'sync' as const }
    queue = new StreamQueue(context, this.#table)
    this.#queue = queue
    await queue.open()
    streams.need({})
    return { streams, queue }
  }

  async #live(): Promise<void> {
    try {
      const { streams, queue } = await this.#open()
      const group = await queue.group('g', this.#settings, 'earliest')
      for (let i = 0; i < 300 && !this.#disk.off; i++) {
        const step = this.#random.below(8)
        if (step < 3) await this.#append(streams)
        else if (step < 7) await this.#work(group)
        else this.#clock.forward(this.#random.below(1_500_000))
      }
    } catch (error) {
      if (!this.#disk.off) throw new Error(`seed ${this.#seed}`, { cause: error })
    }
    this.#disk.cut()
    await this.#queue?.close().catch(() => {})
  }

  async #append(streams: Streams): Promise<void> {
    const ns = Array.from({ length: 1 + this.#random.below(8) }, () => this.#next++)
    const builder = new BatchBuilder(SCHEMA)
    for (const n of ns) builder.append([n])
    const envelopes = ns.map((n) => ({ key: `k${n % 4}`, priority: n % 3 }))
    try {
      await streams.append('t', enveloped(builder.finish(), envelopes, 0))
      for (const n of ns) this.#stored.add(n)
    } catch {
      // It may be there.
    }
  }

  async #work(group: ConsumerGroup): Promise<void> {
    let got: Got[]
    try {
      got = await this.#take(group, 1 + this.#random.below(12))
    } catch (error) {
      if (!this.#disk.off) throw error
      return
    }
    const kept = got.filter(() => this.#random.below(6) > 0)
    const receipts = kept.map(({ receipt }) => receiptOf(receipt, 3))
    const ns = kept.map(({ value }) => value.n)
    try {
      if (this.#random.below(4) === 0) {
        await group.handBack(receipts, this.#random.below(500))
        return
      }
      for (const n of ns) this.#maybeDone.add(n)
      const { stale } = await group.acknowledge(receipts)
      if (stale.length > 0) this.#problems.push(`stale: ${stale}`)
      for (const n of ns) this.#done.add(n)
    } catch (error) {
      if (!this.#disk.off) throw error
    }
  }

  async #take(group: ConsumerGroup, limit: number): Promise<Got[]> {
    const texts = await group.consume({ limit }, 0)
    const got: Got[] = texts.map((text) => JSON.parse(text))
    const { order, deliveriesMax } = this.#settings
    const inTurn = new Set(got.map(({ value }) => value.n))
    for (const { value, key, deliveries } of got) {
      const { n } = value
      if (this.#done.has(n)) this.#problems.push(`${n} came again after it was acknowledged`)
      if (deliveriesMax > 0 && deliveries > deliveriesMax) this.#problems.push(`${n} too often`)
      if (order !== 'key' || deliveriesMax > 0) continue
      for (let before = n - 4; before >= 0; before -= 4) {
        const isSettled = this.#maybeDone.has(before) || !this.#stored.has(before)
        if (!isSettled && !inTurn.has(before))
          this.#problems.push(`${n} of ${key} before ${before}`)
      }
    }
    return got
  }

  async #finish(): Promise<void> {
    const { streams, queue } = await this.#open()
    const group = await queue.group('g', this.#settings, 'earliest')
    const found = new Set<number>()
    for (let empty = 0; empty < 6; ) {
      const got = await this.#take(group, 50)
      empty = got.length === 0 ? empty + 1 : 0
      for (const { value } of got) {
        found.add(value.n)
        this.#maybeDone.add(value.n)
      }
      await group.acknowledge(got.map(({ receipt }) => receiptOf(receipt, 3)))
      this.#clock.forward(1_100_000)
      // Records may be about to be given up.
      await new Promise((resolve) => setTimeout(resolve, got.length === 0 ? 2 : 0))
    }
    if (queue.undelivered.isOpen) for (const n of this.#givenUp(streams, queue)) found.add(n)
    for (const n of this.#stored) {
      if (!found.has(n) && !this.#maybeDone.has(n)) this.#problems.push(`${n} never came`)
    }
    const { backlog, held, lost } = queue.find('g').status
    if (backlog + held + lost > 0) this.#problems.push(`left: ${backlog} ${held} ${lost}`)
    await queue.close()
    await streams.close()
  }

  *#givenUp(streams: Streams, queue: StreamQueue): Generator<number> {
    const { table } = queue.undelivered
    const [{ first, end }] = streams.status(table.id)
    const records = new StreamRecords(this.#disk, `data/streams/${table.id}`, table)
    for (let at = first; at < end; at++) {
      const { texts, row } = records.find({ split: 0, offset: at }, end)
      yield JSON.parse(texts.value(row)).record.n
    }
    records.rest()
  }
}

test(`${CASES} cases: whatever the moment at which the power goes`, async () => {
  const first = seedOf('consumers-power')
  for (let i = 0; i < CASES; i++) await new ConsumersCase(first + i).run()
}, 1_800_000)
