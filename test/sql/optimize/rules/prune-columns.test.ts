import { expect, it } from 'vitest'
import { BIGINT } from '../../../../engine/batch/types.ts'
import { makeAggregate, makeSort, makeWindow } from '../../../../sql/logical/make.ts'
import { pruneColumns } from '../../../../sql/optimize/rules/prune-columns.ts'
import { call, col, filter, int, lines, project, scan, text } from '../plan-builder.ts'

const pruned = (node: Parameters<typeof text>[0]) => text(pruneColumns.apply(node))
const count = { name: 'COUNT', args: [], distinct: false, type: BIGINT }
const countField = { name: 'n', type: BIGINT, nullable: false }

it('reads only what is used, also by a filter', () => {
  const kept = filter(scan(), call('>', col(scan(), 'b'), int(5)))
  expect(pruned(project(kept, { a: col(kept, 'a') }))).toBe(
    lines(`
      Project a
        Filter (b > 5)
          Scan t (a, b)
    `),
  )
})

it('changes nothing when all columns are asked for', () => {
  const node = filter(scan(), call('>', col(scan(), 'b'), int(5)))
  expect(pruned(node)).toBe(text(node))
})

it('keeps one cheap column for COUNT(*)', () => {
  const node = makeAggregate({ input: scan(), keys: [], aggregates: [count] }, [countField])
  expect(pruned(node)).toBe(
    lines(`
      Aggregate: COUNT(*)
        Scan t (a)
    `),
  )
})

it('keeps the time column of a window and moves what comes behind', () => {
  const window = makeWindow(scan(), { kind: 'tumble', sizeUs: 1_000_000, offsetUs: 0 }, 3)
  const top = project(window, { e: col(window, 'window_end'), a: col(window, 'a') })
  const result = pruneColumns.apply(top)
  expect(text(result)).toBe(
    lines(`
      Project window_end AS e, a
        Window tumble(ts, 1 s)
          Scan t (a, ts)
    `),
  )
  expect(result).toMatchObject({ exprs: [{ index: 3 }, { index: 0 }] })
})

it('drops aggregates that nothing reads, but never a group', () => {
  const input = scan()
  const max = { name: 'MAX', args: [col(input, 'b')], distinct: false, type: BIGINT }
  const fields = [input.schema.fields[1], countField, { ...countField, name: 'm' }]
  const node = makeAggregate({ input, keys: [col(input, 'a')], aggregates: [count, max] }, fields)
  expect(pruned(project(node, { n: col(node, 'n') }))).toBe(
    lines(`
      Project n
        Aggregate by a: COUNT(*)
          Scan t (a)
    `),
  )
})

it('keeps what is sorted by', () => {
  const keys = [{ expr: col(scan(), 'b'), descending: true, nullsFirst: false }]
  const sorted = makeSort(scan(), { keys, limit: 3 })
  expect(pruned(project(sorted, { a: col(sorted, 'a') }))).toBe(
    lines(`
      Project a
        Sort by b DESC limit 3
          Scan t (a, b)
    `),
  )
})
