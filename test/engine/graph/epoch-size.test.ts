import { expect, test } from 'vitest'
import { EpochSize } from '../../../engine/graph/epoch-size.ts'

test('grows under load, shrinks when there is little to do', () => {
  const size = new EpochSize(65_536)
  const first = size.rows
  for (let n = 0; n < 20; n++) size.took(size.rows, 1)
  expect(size.rows).toBe(65_536)
  for (let n = 0; n < 20; n++) size.took(1, 1)
  expect(size.rows).toBe(first)
  expect(new EpochSize(10).rows).toBe(10)
})

test('is as large as fits into a quarter of a second', () => {
  const size = new EpochSize(65_536)
  // Every row takes 20 ms: down to a dozen of them, and no further.
  for (let n = 0; n < 5; n++) size.took(size.rows, size.rows * 20)
  expect(size.rows).toBeGreaterThan(5)
  expect(size.rows).toBeLessThan(26)
  // A slow epoch without rows, such as a large window that closes, says nothing about rows.
  const before = size.rows
  size.took(0, 5000)
  expect(size.rows).toBe(before)
  // Quick ones grow again.
  for (let n = 0; n < 20; n++) size.took(size.rows, 1)
  expect(size.rows).toBe(65_536)
})
