/** A full disk stops the intake with a clear error; when there is room again everything goes on, and
 *  nothing is lost or counted twice. A disk that fails says so by file. */

import { describe, expect, test } from 'vitest'
import { sleep } from '../../engine/base/clock.ts'
import { asSqlError } from '../../engine/base/errors.ts'
import { random } from '../../engine/base/random.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import { seedOf } from '../seed.ts'
import {
  answer,
  batchOf,
  everything,
  grouped,
  Machine,
  storedIds,
  table,
  Witness,
  windowed,
} from './machine.ts'

const spec = table(2)
const plans = [
  everything('all', spec),
  grouped('grouped', spec),
  windowed('close', spec, { kind: 'close' }),
]
const options = { plans, tables: [spec], checkpointIntervalMs: 5 }

const until = async (condition: () => boolean) => {
  for (let i = 0; i < 2000 && !condition(); i++) await sleep(2)
}

async function finish(machine: Machine, disk: FaultDisk, witness: Witness, acknowledged: number[]) {
  await machine.streams.end(spec.id)
  await until(() => witness.ended.size === plans.length)
  const stored = machine.streams
    .status(spec.id)
    .flatMap(({ split, end }) => storedIds(disk, spec, split, end))
  await machine.stop()
  expect(witness.problems).toEqual([])
  expect([...witness.failed]).toEqual([])
  expect([...stored].sort((a, b) => a - b)).toEqual(acknowledged)
  for (const plan of plans) expect(witness.rows(plan), plan.id).toEqual(answer(plan, stored))
}

describe('a full disk', () => {
  const first = seedOf('disk-full')
  const cases = process.env.MILLRACE_LONG ? 200 : 5
  for (let seed = first; seed < first + cases; seed++) {
    test(`seed ${seed}: refuses records, recovers, loses nothing`, async () => {
      const r = random(seed)
      const disk = new FaultDisk(seed)
      const witness = new Witness()
      let machine = await Machine.boot(disk, options, witness)
      const acknowledged: number[] = []
      let refused = 0
      for (let id = 0; acknowledged.length < 400; id++) {
        if (r.below(40) === 0) disk.room = r.below(3000)
        if (r.below(8) === 0) await sleep(r.below(8))
        try {
          await machine.streams.append(spec.id, batchOf([id]))
          acknowledged.push(id)
        } catch (error) {
          expect(asSqlError(error).code).toBe('DISK_FULL')
          expect(asSqlError(error).status).toBe(507)
          refused++
          await sleep(r.below(20))
          // Sometimes the server is stopped while the disk is full.
          if (r.below(4) === 0) {
            await machine.stop().catch((error) => expect(error.code).toBe('DISK_FULL'))
            disk.room = Number.POSITIVE_INFINITY
            machine = await Machine.boot(disk, options, witness)
          }
          disk.room = Number.POSITIVE_INFINITY
          await until(() => !machine.isStalled)
        }
      }
      expect(refused).toBeGreaterThan(0)
      await finish(machine, disk, witness, acknowledged)
    })
  }

  test('that only the engine meets stops the intake as well', async () => {
    const disk = new FaultDisk(1)
    const witness = new Witness()
    const machine = await Machine.boot(disk, options, witness)
    await machine.streams.append(spec.id, batchOf([0]))
    await until(() => witness.of('all').length === 1)
    // Room for the record and not for the journal entry.
    disk.fullFor = /journal/
    await machine.streams.append(spec.id, batchOf([1]))
    await until(() => machine.isStalled)
    await expect(machine.streams.append(spec.id, batchOf([2]))).rejects.toMatchObject({
      code: 'DISK_FULL',
    })
    expect(machine.engine.status().stalled).toMatchObject({ code: 'DISK_FULL' })
    await expect(machine.engine.checkpoint()).rejects.toMatchObject({ code: 'DISK_FULL' })
    disk.fullFor = /results.all/
    await sleep(600)
    expect(witness.of('all').length, 'not released before it is written').toBe(1)
    disk.fullFor = undefined
    await until(() => !machine.isStalled)
    await machine.streams.append(spec.id, batchOf([2]))
    await finish(machine, disk, witness, [0, 1, 2])
  })

  test('that a checkpoint meets harms nothing and gives its room back', async () => {
    const disk = new FaultDisk(1)
    const witness = new Witness()
    const machine = await Machine.boot(disk, { ...options, checkpointIntervalMs: 1e6 }, witness)
    await machine.streams.append(spec.id, batchOf([0, 1, 2]))
    await until(() => witness.of('all').length === 1)
    disk.fullFor = /checkpoints/
    await expect(machine.engine.checkpoint()).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(machine.engine.status().checkpoint).toMatchObject({
      failures: 1,
      error: { code: 'DISK_FULL' },
    })
    expect(disk.list('data/checkpoints')).toEqual([])
    disk.fullFor = undefined
    const made = await machine.engine.checkpoint()
    expect(made.failures).toBe(1)
    expect(made.error).toBe(undefined)
    await finish(machine, disk, witness, [0, 1, 2])
  })
})

test('a failing sync ends the intake of the split by name, and a restart goes on', async () => {
  const disk = new FaultDisk(1)
  const witness = new Witness()
  let machine = await Machine.boot(disk, options, witness)
  await machine.streams.append(spec.id, batchOf([0]), { split: 0 })
  await until(() => witness.of('all').length === 1)
  disk.failSyncsOf = /streams/
  const lost = machine.streams.append(spec.id, batchOf([1]), { split: 0, idempotencyKey: 'a' })
  await expect(lost).rejects.toMatchObject({ code: 'DISK_FAILED', status: 503 })
  disk.failSyncsOf = undefined
  // What the device has of the split is not known any more.
  const again = async () => machine.streams.append(spec.id, batchOf([2]), { split: 0 })
  await expect(again()).rejects.toMatchObject({ message: expect.stringMatching(/streams\/t1\/0/) })
  await machine.streams.append(spec.id, batchOf([3]), { split: 1 })
  await machine.stop()
  machine = await Machine.boot(disk, options, witness)
  await machine.streams.append(spec.id, batchOf([1]), { split: 0, idempotencyKey: 'a' })
  await finish(machine, disk, witness, [0, 1, 3])
})

test('a stream that cannot be read for a while is read later, and its queries say so', async () => {
  const disk = new FaultDisk(1)
  const witness = new Witness()
  const machine = await Machine.boot(disk, options, witness)
  disk.failReads = /streams/
  await machine.streams.append(spec.id, batchOf([0, 1]))
  await until(() => machine.engine.status().queries.some(({ state }) => state === 'retrying'))
  expect(machine.engine.status().queries[0]).toMatchObject({
    state: 'retrying',
    error: { code: 'DISK_FAILED' },
  })
  disk.failReads = undefined
  await finish(machine, disk, witness, [0, 1])
})
