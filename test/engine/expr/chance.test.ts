/** Chance that a replay repeats: for every row another number, the same for the same epochs. */

import { expect, test } from 'vitest'
import { Batch } from '../../../engine/batch/batch.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { INT } from '../../../engine/batch/types.ts'
import { compileProject } from '../../../engine/expr/compile-project.ts'
import { isDeterministic } from '../../../engine/expr/facts.ts'
import type { Expr } from '../../../engine/expr/ir.ts'
import { int } from '../../../engine/expr/literal.ts'
import { resolveCall } from '../../../engine/expr/resolve.ts'
import { batchOf } from './evaluate.ts'

const call = (name: string, offset: number, ...args: Expr[]) =>
  resolveCall(name, args, { offset, length: 4 })

const EXPRS = [
  call('RAND', 10),
  call('RAND', 20),
  call('RAND_INTEGER', 30, int(10)),
  call('UUID', 40),
  resolveCall('-', [call('RAND', 50), call('RAND', 60)]),
]
const batch = batchOf(
  [INT],
  Array.from({ length: 1000 }, (_, i) => [i]),
)

/** What a fresh run gives for these epochs, each as the sizes of its batches. */
function run(epochs: readonly (readonly number[])[], seed = 7): unknown[][] {
  const project = compileProject(EXPRS, batch.schema)
  return epochs.flatMap((sizes, epoch) =>
    sizes.flatMap((size) => {
      const part = batch.slice(0, size)
      const columns = project(part, { epoch, nowUs: 0, seed: seed + epoch })
      const fields = EXPRS.map(({ type }, i) => ({ name: `c${i}`, type, nullable: true }))
      return rowsOf(new Batch({ fields }, columns, size))
    }),
  )
}

test('a replay gives the same, however the rows of an epoch are cut into batches', () => {
  const first = run([[1000], [500, 500]])
  expect(run([[1000], [500, 500]])).toEqual(first)
  expect(run([[400, 600], [1000]])).toEqual(first)
  expect(run([[1000]], 8)).not.toEqual(first.slice(0, 1000))
})

test('a restart between two epochs changes nothing', () => {
  const whole = run([[100], [100]])
  const project = compileProject(EXPRS, batch.schema)
  const [second] = project(batch.slice(0, 100), { epoch: 1, nowUs: 0, seed: 8 })
  expect(Array.from(second.values as Float64Array)).toEqual(
    whole.slice(100).map(([value]) => value),
  )
})

test('every row and every call has its own, evenly spread', () => {
  const rows = run([[1000]])
  for (const index of [0, 1, 3]) expect(new Set(rows.map((row) => row[index])).size).toBe(1000)
  expect(rows.every(([a, b]) => a !== b)).toBe(true)
  expect(rows.every((row) => row[4] !== 0)).toBe(true)
  const mean = rows.reduce((sum, [a]) => sum + (a as number), 0) / 1000
  expect(mean).toBeGreaterThan(0.45)
  expect(mean).toBeLessThan(0.55)
  const counts = new Map<unknown, number>()
  for (const [, , n] of rows) counts.set(n, (counts.get(n) ?? 0) + 1)
  expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  for (const count of counts.values()) expect(count).toBeGreaterThan(60)
  for (const [, , , id] of rows) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  }
})

test('planners know that it is no constant', () => {
  for (const expr of EXPRS) expect(isDeterministic(expr)).toBe(false)
})
