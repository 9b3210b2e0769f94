import { expect, it } from 'vitest'
import { BIGINT } from '../../../engine/batch/types.ts'
import { makeAggregate } from '../../../sql/logical/make.ts'
import { lower } from '../../../sql/lower/lower.ts'
import { call, col, filter, int, project, scan, table } from '../optimize/plan-builder.ts'

it('gives the engine plain data, with the operators in order', () => {
  const kept = filter(scan(), call('>', col(scan(), 'a'), int(1)))
  const { plan, appendOnly } = lower(project(kept, { a: col(kept, 'a') }))
  expect(structuredClone(plan)).toEqual(plan)
  expect(plan).toMatchObject({
    kind: 'project',
    inputs: [{ kind: 'filter', inputs: [{ kind: 'source', table, columns: [0, 1, 2, 3] }] }],
  })
  expect(appendOnly).toBe(true)
})

it('takes append-only-ness from the operators', () => {
  const input = scan()
  const count = { name: 'COUNT', args: [], distinct: false, type: BIGINT }
  const fields = [input.schema.fields[0], { name: 'n', type: BIGINT, nullable: false }]
  const node = makeAggregate({ input, keys: [col(input, 'name')], aggregates: [count] }, fields)
  expect(lower(node).appendOnly).toBe(false)
  expect(node.traits.appendOnly).toBe(false)
  const distinct = makeAggregate({ input, keys: [col(input, 'name')], aggregates: [] }, [fields[0]])
  expect(lower(distinct).appendOnly).toBe(distinct.traits.appendOnly)
})

it('refuses what an operator does not take', () => {
  expect(() => lower(filter(scan(), col(scan(), 'a')))).toThrow(
    expect.objectContaining({ code: 'TYPE_MISMATCH' }),
  )
})
