import { expect, test } from 'vitest'
import { BIGINT, VARCHAR } from '../../../engine/batch/types.ts'
import { columnOf, drive, fields, literal } from './run.ts'

const input = fields({ k: VARCHAR, v: BIGINT })
const node = {
  fields: fields({ double: BIGINT, k: VARCHAR }),
  exprs: [
    {
      kind: 'call' as const,
      name: '*',
      type: BIGINT,
      args: [columnOf(input, 'v'), literal(2, BIGINT)],
    },
    columnOf(input, 'k'),
  ],
}

test('one column per expression, weights and order kept', () => {
  const project = drive('project', node, input, { changelog: true })
  expect(project.batch('- a 1\n+ b NULL')).toBe('- 2 a\n+ NULL b')
})

test('exact beyond 2^53, an overflow is an error and not a wrap', () => {
  const project = drive('project', node, input)
  expect(project.batch('a 4611686018427387903')).toBe('9223372036854775806 a')
  expect(() => project.batch('a 4611686018427387904')).toThrow(/out of range|BIGINT/)
})
