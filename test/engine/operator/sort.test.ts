import { expect, test } from 'vitest'
import { BIGINT, VARCHAR } from '../../../engine/batch/types.ts'
import { columnOf, type Drive, drive, fields, lines } from './run.ts'

const input = fields({ k: VARCHAR, v: BIGINT })
const by = (name: string, descending = false, nullsFirst = false) => ({
  expr: columnOf(input, name),
  descending,
  nullsFirst,
})

function ended(op: Drive): string {
  expect(op.watermark(Infinity)).toBe('')
  return op.epoch()
}

test('in order at the end, equal keys as they came', () => {
  const op = drive('sort', { keys: [by('v')] }, input)
  expect(op.batch(`a 2\n b 1\n c 2\n d NULL`)).toBe('')
  expect(ended(op)).toBe(lines(`b 1\n a 2\n c 2\n d NULL`))
})

test('several keys, directions, NULLs first', () => {
  const op = drive('sort', { keys: [by('v', true, true), by('k', true)] }, input)
  op.batch(`a 2\n b 1\n c 2\n d NULL`)
  expect(ended(op)).toBe(lines(`d NULL\n c 2\n a 2\n b 1`))
})

test('LIMIT and OFFSET', () => {
  const op = drive('sort', { keys: [by('k')], limit: 2, offset: 1 }, input)
  op.batch(`c 1\n a 1\n d 1\n b 1`)
  expect(ended(op)).toBe(lines(`b 1\n c 1`))
})

test('strings go by code point, not by UTF-16 unit', () => {
  const op = drive('sort', { keys: [by('k')] }, input)
  op.batch(`😀 1\n ﬀ 2\n z 3`)
  expect(ended(op)).toBe(lines(`z 3\n ﬀ 2\n 😀 1`))
})

test('a changelog is sorted as what it adds up to', () => {
  const op = drive('sort', { keys: [by('k')] }, input, { changelog: true })
  op.batch(`+ b 1\n + a 1\n - b 1\n +2 c 1`)
  expect(ended(op)).toBe(lines(`a 1\n c 1\n c 1`))
})
