/** One flipped bit anywhere in the data folder: either every result is right all the same, or the
 *  damage is told with its file. Never a wrong result. */

import { expect, test } from 'vitest'
import { sleep } from '../../engine/base/clock.ts'
import { asSqlError, errorFromJson } from '../../engine/base/errors.ts'
import { random } from '../../engine/base/random.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import { seedOf } from '../seed.ts'
import { answer, batchOf, everything, grouped, Machine, table, Witness } from './machine.ts'

const spec = table(2)
const plans = [everything('all', spec), grouped('grouped', spec)]
const options = { plans, tables: [spec], checkpointIntervalMs: 4 }

/** A data folder with several checkpoints and epochs after the last one. */
async function used(seed: number): Promise<{ disk: FaultDisk; witness: Witness }> {
  const disk = new FaultDisk(seed)
  const witness = new Witness()
  const machine = await Machine.boot(disk, options, witness)
  for (let id = 0; id < 120; id += 10) {
    await machine.streams.append(spec.id, batchOf(Array.from({ length: 10 }, (_, i) => id + i)))
    await sleep(2)
  }
  for (let i = 0; i < 500 && machine.engine.status().queries[0].lagRows !== 0; i++) await sleep(2)
  await machine.kill()
  return { disk: disk.afterKill(seed), witness }
}

async function outcome(disk: FaultDisk, witness: Witness): Promise<string | 'right'> {
  let machine: Machine
  try {
    machine = await Machine.boot(disk, options, witness)
  } catch (error) {
    return told(error)
  }
  try {
    await machine.streams.append(spec.id, batchOf([120]))
    await machine.streams.end(spec.id)
    for (let i = 0; i < 2000; i++) {
      if (plans.every(({ id }) => witness.ended.has(id) || witness.failed.has(id))) break
      await sleep(1)
    }
  } catch (error) {
    return told(error)
  } finally {
    await machine.stop().catch(() => {})
  }
  const [failure] = witness.failed.values()
  if (failure !== undefined) return told(errorFromJson(failure))
  expect(witness.problems).toEqual([])
  const ids = Array.from({ length: 121 }, (_, i) => i)
  for (const plan of plans) expect(witness.rows(plan), plan.id).toEqual(answer(plan, ids))
  return 'right'
}

function told(error: unknown): string {
  const { code, message, details } = asSqlError(error)
  expect(['DATA_DAMAGED', 'DATA_VERSION'], message).toContain(code)
  const at = details as { readonly file?: string; readonly position?: number } | undefined
  expect(at?.file, message).toMatch(/data\/(streams|journal|results|checkpoints)\//)
  expect(message).toContain(at?.file)
  // The version of a file is at a known place.
  if (code === 'DATA_DAMAGED') expect(at?.position, message).toBeTypeOf('number')
  return message
}

const CASES = process.env.MILLRACE_LONG ? 3000 : 60

test(`a flipped bit is found or does no harm, ${CASES} times`, async () => {
  const first = seedOf('bit-flips')
  const counts = { right: 0, told: 0 }
  for (let seed = first; seed < first + CASES; seed++) {
    const r = random(seed)
    const { disk, witness } = await used(seed)
    const paths = disk.paths()
    // Small files as often as large ones.
    const path = paths[r.below(paths.length)]
    const size = disk.bytes(path).length
    if (size === 0) continue
    const position = r.below(size)
    disk.flip(path, position, 1 << r.below(8))
    try {
      counts[(await outcome(disk, witness)) === 'right' ? 'right' : 'told']++
    } catch (error) {
      throw new Error(`seed ${seed}: ${path} byte ${position}`, { cause: error })
    }
  }
  expect(counts.told).toBeGreaterThan(0)
  expect(counts.right).toBeGreaterThan(0)
}, 1_800_000)
