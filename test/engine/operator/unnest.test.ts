import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../engine/batch/schema.ts'
import { BIGINT, type DataType, INT, VARCHAR } from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/expr/ir.ts'
import { operatorOf } from '../../../engine/operator/index.ts'
import { columnOf, fields } from './run.ts'

function run(
  type: DataType,
  rows: readonly (readonly Value[])[],
  added: Readonly<Record<string, DataType>>,
  options: { outer?: boolean; ordinality?: boolean; batchRowsMax?: number } = {},
): Value[][] {
  const { outer = false, ordinality = false, batchRowsMax = 64 } = options
  const input: Field[] = fields({ id: INT, list: type })
  const definition = operatorOf('unnest')
  const node = {
    value: columnOf(input, 'list'),
    outer,
    ordinality,
    fields: [...input, ...fields(added), ...(ordinality ? fields({ at: BIGINT }) : [])],
  }
  const info = { schema: schemaOf(input), appendOnly: true }
  definition.check(node, [info])
  const schema = definition.schema(node, [info.schema])
  const clock = { epoch: 0, nowUs: 0, seed: 1 }
  const context = { inputs: [info], schema, batchRowsMax, clock, late: () => {} }
  const builder = new BatchBuilder(info.schema)
  for (const row of rows) builder.append(row)
  const out: Batch[] = []
  definition.create(node, context).batch(0, builder.finish(), {
    emit: (batch) => out.push(batch),
    watermark: () => {},
  })
  for (const batch of out) expect(batch.rowCount).toBeLessThanOrEqual(batchRowsMax)
  return out.flatMap((batch) => rowsOf(batch)).map((row) => [row[0], ...row.slice(2)])
}

const ARRAY: DataType = { kind: 'array', element: VARCHAR }
const LISTS = [
  [1, ['a', null, 'b']],
  [2, []],
  [3, null],
  [4, ['c']],
]

describe('unnest', () => {
  test('a row per element', () => {
    expect(run(ARRAY, LISTS, { x: VARCHAR })).toEqual([
      [1, 'a'],
      [1, null],
      [1, 'b'],
      [4, 'c'],
    ])
  })

  test('with positions, and rows without elements kept', () => {
    expect(run(ARRAY, LISTS, { x: VARCHAR }, { outer: true, ordinality: true })).toEqual([
      [1, 'a', 1],
      [1, null, 2],
      [1, 'b', 3],
      [2, null, null],
      [3, null, null],
      [4, 'c', 1],
    ])
  })

  test('nothing but rows without elements', () => {
    expect(run(ARRAY, [[2, []]], { x: VARCHAR }, { outer: true })).toEqual([[2, null]])
    expect(run(ARRAY, [[2, []]], { x: VARCHAR })).toEqual([])
  })

  test('maps give keys and values, rows their fields', () => {
    const map: DataType = { kind: 'map', key: VARCHAR, value: INT }
    expect(run(map, [[1, [['a', 5]]]], { k: VARCHAR, v: INT })).toEqual([[1, 'a', 5]])
    const row: DataType = {
      kind: 'row',
      fields: [
        { name: 'n', type: INT },
        { name: 't', type: VARCHAR },
      ],
    }
    const array: DataType = { kind: 'array', element: row }
    const rows = [[1, [[7, 'x'], null, [8, null]]]] as const
    expect(run(array, rows, { n: INT, t: VARCHAR })).toEqual([
      [1, 7, 'x'],
      [1, null, null],
      [1, 8, null],
    ])
  })

  test('pieces of any size, by the obvious way', () => {
    const lists = fc.array(fc.option(fc.array(fc.option(fc.integer({ min: 0, max: 9 })))))
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 9 }), fc.boolean(), (all, size, outer) => {
        const rows = all.map((list, id) => [id, list])
        const expected = all.flatMap((list, id): Value[][] => {
          const elements = (list ?? []).map((x, i): Value[] => [id, x, i + 1])
          return elements.length === 0 && outer ? [[id, null, null]] : elements
        })
        const options = { outer, ordinality: true, batchRowsMax: size }
        const type: DataType = { kind: 'array', element: INT }
        expect(run(type, rows, { x: INT }, options)).toEqual(expected)
      }),
    )
  })
})
