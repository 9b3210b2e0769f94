import { expect, test } from 'vitest'
import { BIGINT, VARCHAR } from '../../../engine/batch/types.ts'
import { columnOf, drive, fields } from './run.ts'

const input = fields({ a: VARCHAR, v: BIGINT })
const keys = [columnOf(input, 'a'), columnOf(input, 'v')]
const node = {
  keys,
  sets: [[0, 1], [0], []],
  fields: fields({ a: VARCHAR, v: BIGINT, a0: VARCHAR, v0: BIGINT, set: BIGINT }),
}

test('every row once per set, with the keys that the set has', () => {
  const expand = drive('expand', node, input)
  expect(expand.batch('x 1\nNULL 2').split('\n')).toEqual([
    'x 1 x 1 0',
    'NULL 2 NULL 2 0',
    'x 1 x NULL 1',
    'NULL 2 NULL NULL 1',
    'x 1 NULL NULL 2',
    'NULL 2 NULL NULL 2',
  ])
})

test('weights go with their rows', () => {
  const expand = drive('expand', { ...node, sets: [[1], []] }, input, { changelog: true })
  expect(expand.batch('- x 1')).toBe('- x 1 NULL 1 0\n- x 1 NULL NULL 1')
})
