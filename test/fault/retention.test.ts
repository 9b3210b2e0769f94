/** Retention and those who have yet to read: kept for them, or taken away with a clear error. */

import { expect, test } from 'vitest'
import { sleep } from '../../engine/base/clock.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import { answer, batchOf, everything, grouped, Machine, table, Witness } from './machine.ts'

const TINY = { 'retention.bytes': '4096' }

async function run(policy: 'keep' | 'drop') {
  const spec = table(1, { ...TINY, 'retention.policy': policy })
  const plans = [everything('all', spec), grouped('resting', spec)]
  const disk = new FaultDisk(1)
  const witness = new Witness()
  const options = { plans, tables: [spec], checkpointIntervalMs: 2 }
  const machine = await Machine.boot(disk, options, witness)
  let next = 0
  const write = async () => {
    await machine.streams.append(spec.id, batchOf(Array.from({ length: 20 }, () => next++)))
    await sleep(3)
  }
  await write()
  for (let i = 0; i < 500 && witness.of('resting').length === 0; i++) await sleep(2)
  await machine.engine.change('pause', 'resting')
  for (let i = 0; i < 40; i++) await write()
  const [{ first: oldest }] = machine.streams.status(spec.id)
  await machine.engine.change('resume', 'resting')
  for (let i = 0; i < 500; i++) {
    const query = machine.engine.status().queries.find(({ queryId }) => queryId === 'resting')
    if (query?.lagRows === 0 || query?.state === 'failed') break
    await sleep(2)
  }
  for (let i = 0; i < 20; i++) await write()
  await sleep(20)
  await write()
  const [{ first: later }] = machine.streams.status(spec.id)
  const all = Array.from({ length: next }, (_, id) => id)
  for (let i = 0; i < 500 && witness.rows(plans[0]).length < next; i++) await sleep(2)
  await machine.stop()
  expect(witness.problems).toEqual([])
  expect(witness.rows(plans[0])).toEqual(answer(plans[0], all))
  return { witness, oldest, later, resting: plans[1], all }
}

test('keep: a query that rests finds its records, and they go when it has read them', async () => {
  const { witness, oldest, later, resting, all } = await run('keep')
  expect([...witness.failed]).toEqual([])
  expect(oldest).toBeLessThanOrEqual(20)
  expect(later).toBeGreaterThan(100)
  expect(witness.rows(resting)).toEqual(answer(resting, all))
})

test('drop: they are gone, and the query that needed them fails by name, alone', async () => {
  const { witness, oldest } = await run('drop')
  expect(oldest).toBeGreaterThan(100)
  expect([...witness.failed.keys()]).toEqual(['resting'])
  const { code, message } = witness.failed.get('resting')!
  expect(code).toBe('GONE')
  expect(message).toMatch(/^Records 20 to \d+ of events, split 0, are no longer kept$/)
})

test('drop: a query whose first records are gone is not begun anew with those that are left', async () => {
  const spec = table(1, { 'retention.bytes': '16384', 'retention.policy': 'drop' })
  const plans = [everything('all', spec)]
  const disk = new FaultDisk(1)
  const witness = new Witness()
  const options = { plans, tables: [spec], checkpointIntervalMs: 3_600_000 }
  const machine = await Machine.boot(disk, options, witness)
  const { engine, streams } = machine
  let next = 0
  const write = () => streams.append(spec.id, batchOf(Array.from({ length: 20 }, () => next++)))
  const first = () => streams.status(spec.id)[0].first
  await engine.change('pause', 'all')
  for (let i = 0; i < 10; i++) await write()
  await engine.change('resume', 'all')
  for (let i = 0; i < 500 && witness.rows(plans[0]).length < 200; i++) await sleep(2)
  for (let i = 0; i < 30 && first() === 0; i++) await write()
  expect(first()).toBeGreaterThan(0)
  expect(first()).toBeLessThan(200)
  for (let i = 0; i < 500 && witness.rows(plans[0]).length < next; i++) await sleep(2)
  await machine.kill()
  const again = await Machine.boot(disk.afterKill(2), options, witness)
  for (let i = 0; i < 500 && witness.failed.size === 0; i++) await sleep(2)
  expect(witness.failed.get('all')).toMatchObject({
    code: 'GONE',
    message: expect.stringMatching(/^Records 0 to \d+ of events, split 0, are no longer kept$/),
  })
  await again.stop()
  expect(witness.problems).toEqual([])
})

test('results that a view has yet to take stay, whatever their size', async () => {
  const spec = table(1)
  const plans = [everything('all', spec)]
  const disk = new FaultDisk(1)
  const witness = new Witness()
  const options = { plans, tables: [spec], checkpointIntervalMs: 2, resultRetentionBytesMax: 8192 }
  const machine = await Machine.boot(disk, options, witness)
  const { engine } = machine
  // A view that has taken nothing yet.
  const need = engine.need.bind(engine)
  engine.need = () => need('all', 0)
  engine.need('all', 0)
  let next = 0
  const write = async () => {
    await machine.streams.append(spec.id, batchOf(Array.from({ length: 20 }, () => next++)))
    await sleep(2)
  }
  const firstSegment = () => disk.list('data/results/all')[0]
  for (let i = 0; i < 60; i++) await write()
  expect(disk.list('data/results/all').length).toBeGreaterThan(4)
  expect(firstSegment()).toMatch(/^0+\.segment$/)
  engine.need = need
  for (let i = 0; i < 60; i++) await write()
  for (let i = 0; i < 500 && /^0+\.segment$/.test(firstSegment()); i++) await write()
  expect(firstSegment()).not.toMatch(/^0+\.segment$/)
  await machine.stop()
  expect(witness.problems).toEqual([])
})
