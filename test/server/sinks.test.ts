/** Jobs that write results go on when the disk has been full, and when results could not be read for
 *  a while; and write what they have when the server stops. */

import { expect, test } from 'vitest'
import { SqlError } from '../../engine/base/errors.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { encodeBatch } from '../../engine/batch/ipc.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import { INT } from '../../engine/batch/types.ts'
import type { QueryPlan } from '../../engine/plan/physical.ts'
import type { SinkConnector } from '../../engine/source/sink.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { ResultFeed } from '../../server/result-feed.ts'
import { Sinks } from '../../server/sinks.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import { ManualClock } from '../slt/runner/manual-clock.ts'

const SECOND = 1_000_000
const SCHEMA = schemaOf([{ name: 'n', type: INT, nullable: false }])
const TABLE: TableSpec = {
  ...{ id: 'o', name: 'o', schema: SCHEMA, storedCount: 1, computed: [], options: {} },
  connector: 'collect',
}
const PLAN = { id: 'q', schema: SCHEMA } as unknown as QueryPlan

class TurnedClock extends ManualClock {
  override monotonicMs(): number {
    return this.nowUs() / 1000
  }
}

function harness(options = {}) {
  const [disk, clock] = [new FaultDisk(1), new TurnedClock()]
  const written: number[] = []
  const listeners = new Set<() => void>()
  const troubles: (string | undefined)[] = []
  const feed = { nextSeq: 0, readable: true }
  const cursor = (seq: number) => ({
    get atEnd() {
      return seq >= feed.nextSeq
    },
    next() {
      if (!feed.readable) throw new SqlError('DISK_FAILED', 'EIO')
      if (seq >= feed.nextSeq) return undefined
      const builder = new BatchBuilder(SCHEMA)
      builder.append([seq])
      return { frame: { seq: seq++, epoch: seq, payload: encodeBatch(builder.finish()) } }
    },
    close() {},
  })
  const listen = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const connector: SinkConnector = {
    name: 'collect',
    delivery: 'at-least-once',
    takesChangelog: () => true,
    open: async () => ({
      appliedSeq: undefined,
      write: async (frames) => {
        written.push(...frames.map(({ seq }) => seq))
      },
      close: async () => {},
    }),
  }
  const sinks = new Sinks({
    ...{ disk, clock, dataFolder: 'data', connectors: new Map([['collect', connector]]) },
    onFailed: (_id, error) => troubles.push(error?.code),
  })
  const fake = Object.assign(feed, { cursor, listen, need: () => {} })
  sinks.add(PLAN, { ...TABLE, options }, fake as unknown as ResultFeed)
  /** A result comes, and seconds pass in which everything happens that can. */
  const result = async () => {
    feed.nextSeq++
    for (let i = 0; i < 30; i++) {
      for (const listener of listeners) listener()
      await new Promise((resolve) => setImmediate(resolve))
      clock.forward(SECOND / 10)
    }
  }
  const saved = () => {
    const bytes = disk.readAll('data/sinks/q.json')
    return (JSON.parse(Buffer.from(bytes!).toString()) as { appliedSeq: number }).appliedSeq
  }
  return { disk, feed, sinks, result, saved, written, troubles }
}

test('a disk that has no room for the position is asked again', async () => {
  const { disk, sinks, result, saved, written, troubles } = harness()
  await result()
  expect(saved()).toBe(0)
  disk.room = 0
  await result()
  await result()
  expect(saved()).toBe(0)
  disk.room = Infinity
  await result()
  expect(saved()).toBe(3)
  await sinks.close()
  expect(written).toEqual([0, 1, 2, 3])
  expect(troubles).toEqual([])
})

test('results that cannot be read for a while are read later', async () => {
  const { feed, sinks, result, written, troubles } = harness()
  await result()
  feed.readable = false
  await result()
  expect(troubles).toContain('DISK_FAILED')
  feed.readable = true
  await result()
  await sinks.close()
  expect([...new Set(written)]).toEqual([0, 1, 2])
  expect(troubles.at(-1)).toBeUndefined()
})

test('who gathers results writes them at once when the server stops', async () => {
  const { sinks, result, written } = harness({ 'sink.flush-interval': '600000' })
  await result()
  await result()
  expect(written).toEqual([])
  await sinks.caughtUp()
  expect(written).toEqual([0, 1])
  await sinks.close()
})
