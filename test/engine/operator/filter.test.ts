import { expect, test } from 'vitest'
import { BIGINT, BOOLEAN, VARCHAR } from '../../../engine/batch/types.ts'
import { columnOf, drive, fields, lines, literal } from './run.ts'

const input = fields({ k: VARCHAR, v: BIGINT })
const positive = {
  predicate: {
    kind: 'call' as const,
    name: '>',
    type: BOOLEAN,
    args: [columnOf(input, 'v'), literal(0, BIGINT)],
  },
}

test('keeps the rows whose predicate is TRUE, in order; NULL is not TRUE', () => {
  const filter = drive('filter', positive, input)
  expect(filter.batch(`a 1\n b -1\n c NULL\n d 2`)).toBe(lines(`a 1\n d 2`))
})

test('weights pass through', () => {
  const filter = drive('filter', positive, input, { changelog: true })
  expect(filter.batch(`- a 1\n + b -1\n + a 2`)).toBe(lines(`- a 1\n + a 2`))
})

test('a batch that is kept whole is handed on as it is, one that is dropped says nothing', () => {
  const filter = drive('filter', positive, input)
  expect(filter.batch('a 1')).toBe('a 1')
  expect(filter.batch('a 0')).toBe('')
})

test('the watermark passes', () => {
  const filter = drive('filter', positive, input)
  filter.watermark(7)
  expect(filter.watermarks).toEqual([7])
})

test('a condition that is no BOOLEAN is refused', () => {
  expect(() => drive('filter', { predicate: columnOf(input, 'v') }, input)).toThrow(
    'A condition must be BOOLEAN, not BIGINT',
  )
})
