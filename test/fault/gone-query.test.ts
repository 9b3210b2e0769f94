/** A replay without a query that was there: the others read what they read the first time. */

import { expect, test } from 'vitest'
import { sleep } from '../../engine/base/clock.ts'
import { FaultDisk } from '../engine/log/fault-disk.ts'
import { answer, batchOf, grouped, Machine, table, Witness } from './machine.ts'

test.each([
  ['a subscription that ended with the process', true],
  ['a query that was dropped', false],
])('%s had read the stream before the query that is replayed', async (_what, transient) => {
  const spec = table(1)
  const plan = grouped('kept', spec)
  const first = { ...grouped('first', spec), transient }
  const disk = new FaultDisk(1)
  const witness = new Witness()
  const options = { tables: [spec], checkpointIntervalMs: 1e6 }
  const machine = await Machine.boot(disk, { ...options, plans: [] }, witness)
  let next = 0
  const write = (count: number) =>
    machine.streams.append(spec.id, batchOf(Array.from({ length: count }, () => next++)))
  const readAll = async (id: string) => {
    for (let i = 0; i < 1000; i++) {
      const query = machine.engine.status().queries.find(({ queryId }) => queryId === id)
      const seen = witness.of(id).length
      if (query?.lagRows === 0 && query.rowsIn === next && query.nextSeq === seen) return
      await sleep(2)
    }
    throw new Error(`${id} has not read everything`)
  }
  await write(9_000)
  await machine.engine.attach(first)
  await readAll('first')
  await write(9_000)
  await machine.engine.attach(plan)
  await readAll('kept')
  await write(100)
  await readAll('kept')
  if (!transient) await machine.engine.change('detach', 'first')
  await write(100)
  await readAll('kept')
  const before = witness.of('kept').length
  expect(before, 'it caught up in several epochs').toBeGreaterThan(4)
  disk.cut()
  await machine.kill()

  const plans = [plan]
  const again = await Machine.boot(disk.afterKill(2), { ...options, plans }, witness)
  expect(witness.of('kept').length).toBe(before)
  await again.streams.append(spec.id, batchOf([next++]))
  await again.streams.end(spec.id)
  for (let i = 0; i < 1000 && !witness.ended.has('kept'); i++) await sleep(2)
  await again.stop()
  expect(witness.problems).toEqual([])
  expect(witness.rows(plan)).toEqual(
    answer(
      plan,
      Array.from({ length: next }, (_, id) => id),
    ),
  )
})
