/** What each durability level keeps: a kill of the process loses nothing at any of them; a power cut
 *  takes back at most what was not durable, and what is left is consistent. */

import { describe, expect, test } from 'vitest'
import { sleep } from '../../engine/base/clock.ts'
import { random } from '../../engine/base/random.ts'
import type { Durability } from '../../engine/graph/protocol.ts'
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
} from './machine.ts'

const spec = table(2)
const plans = [everything('all', spec), grouped('grouped', spec)]

const optionsOf = (durability: Durability, checkpointIntervalMs: number) => ({
  ...{ plans, tables: [spec], durability, checkpointIntervalMs },
})

/** Lives once on the disk; returns how many records were acknowledged and how many were durable. */
async function live(disk: FaultDisk, durability: Durability, seed: number): Promise<number> {
  const r = random(seed)
  const options = optionsOf(durability, r.below(3) === 0 ? 1e6 : 1 + r.below(30))
  const machine = await Machine.boot(disk, options, new Witness())
  const count = 20 + r.below(200)
  for (let id = 0; id < count; id++) {
    await machine.streams.append(spec.id, batchOf([id]))
    if (r.below(20) === 0) await sleep(r.below(6))
  }
  await sleep(r.below(20))
  // Nothing finishes: the files are left as they are.
  disk.cut()
  await machine.kill()
  return count
}

/** Starts on what is left, checks every result against what is stored, and returns that. */
async function check(disk: FaultDisk, durability: Durability, at: string): Promise<number[]> {
  const witness = new Witness()
  const machine = await Machine.boot(disk, optionsOf(durability, 5), witness)
  await machine.streams.append(spec.id, batchOf([100_000]))
  await machine.streams.end(spec.id)
  for (let i = 0; i < 2000 && witness.ended.size < plans.length; i++) await sleep(1)
  const stored = machine.streams
    .status(spec.id)
    .flatMap(({ split, end }) => storedIds(disk, spec, split, end))
  await machine.stop()
  expect(witness.problems, at).toEqual([])
  expect([...witness.failed], at).toEqual([])
  for (const plan of plans)
    expect(witness.rows(plan), `${plan.id} ${at}`).toEqual(answer(plan, stored))
  return stored.filter((id) => id < 100_000).sort((a, b) => a - b)
}

const CASES = process.env.MILLRACE_LONG ? 300 : 12

describe.each(['sync', 'interval', 'off'] as const)('%s', (durability) => {
  const first = seedOf(`durability-${durability}`)

  test('a kill loses nothing', async () => {
    for (let seed = first; seed < first + CASES / 2; seed++) {
      const disk = new FaultDisk(seed)
      const count = await live(disk, durability, seed)
      const stored = await check(disk.afterKill(seed), durability, `seed ${seed}`)
      expect(stored).toEqual(Array.from({ length: count }, (_, id) => id))
    }
  })

  test('a power cut leaves what is consistent, and all of it at the level sync', async () => {
    let lost = 0
    for (let seed = first; seed < first + CASES; seed++) {
      const disk = new FaultDisk(seed)
      const count = await live(disk, durability, seed)
      const stored = await check(disk.reboot(seed), durability, `seed ${seed}`)
      expect(new Set(stored).size).toBe(stored.length)
      // Each split is a prefix of what was written to it: the requests took turns.
      for (const split of [0, 1]) {
        const ids = stored.filter((id) => id % 2 === split)
        expect(ids, `seed ${seed}`).toEqual(ids.map((_, i) => i * 2 + split))
      }
      lost += count - stored.length
    }
    if (durability === 'sync') expect(lost).toBe(0)
    else expect(lost, 'the test loses something').toBeGreaterThan(0)
  })
})
