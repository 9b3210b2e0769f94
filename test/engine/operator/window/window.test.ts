import { expect, test } from 'vitest'
import { BIGINT, TIMESTAMP, VARCHAR } from '../../../../engine/batch/types.ts'
import { drive, fields } from '../run.ts'

const input = fields({ ts: TIMESTAMP, k: VARCHAR })
const minute = { kind: 'tumble' as const, sizeUs: 60e6, offsetUs: 0 }

test('bounds are [start, end); window_time is the last millisecond', () => {
  const window = drive('window', { window: minute, timeColumn: 0 }, input)
  expect(window.batch(`'2001-01-01 00:01:00' a`)).toBe(
    '2001-01-01T00:01:00.000 a 2001-01-01T00:01:00.000 2001-01-01T00:02:00.000 2001-01-01T00:01:59.999',
  )
  expect(window.batch(`'2001-01-01 00:01:59.999' a`)).toContain(' a 2001-01-01T00:01:00.000 ')
})

test('times before 1970 and offsets', () => {
  const window = drive('window', { window: { ...minute, offsetUs: 10e6 }, timeColumn: 0 }, input)
  expect(window.batch(`'1969-12-31 23:59:59' a`)).toContain(' a 1969-12-31T23:59:10.000 ')
  expect(window.batch(`'1970-01-01 00:00:09.999' a`)).toContain(' a 1969-12-31T23:59:10.000 ')
})

test('rows without a time are in no window', () => {
  const window = drive('window', { window: minute, timeColumn: 0 }, input)
  expect(window.batch(`NULL a`)).toBe('')
})

test('only a TIMESTAMP can be windowed', () => {
  expect(() => drive('window', { window: minute, timeColumn: 0 }, fields({ v: BIGINT }))).toThrow(
    'A window needs a TIMESTAMP; v is BIGINT',
  )
})
