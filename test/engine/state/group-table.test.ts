import { expect, test } from 'vitest'
import { GroupTable } from '../../../engine/state/group-table.ts'

const layout = {
  arrays: [
    { kind: 'f64' as const, initial: 7 },
    { kind: 'js' as const, initial: 0 },
  ],
}

/** A table of `count` groups, group n with hash n * 31 and the value n. */
function filled(count: number): GroupTable {
  const table = new GroupTable(layout)
  for (let n = 0; n < count; n++) {
    const group = table.insert(n * 31)
    table.arrays[0][group] = n
  }
  return table
}

/** The groups that probing for this hash meets first. */
function probe(table: GroupTable, hash: number): number {
  let s = hash & table.mask
  while (table.slots[s] !== 0 && table.hashes[table.slots[s] - 1] !== hash) s = (s + 1) & table.mask
  return table.slots[s] - 1
}

test('every group is found again after the table has grown', () => {
  const table = filled(10_000)
  for (let n = 0; n < 10_000; n++) expect(probe(table, n * 31)).toBe(n)
})

test('a fresh group holds the initial values, also in room that was used before', () => {
  const table = filled(100)
  table.clear()
  const group = table.insert(1)
  expect(table.count).toBe(1)
  expect(table.arrays[0][group]).toBe(7)
  expect(table.arrays[1][group]).toBe(undefined)
  expect(probe(table, 31 * 50)).toBe(-1)
})

test('retain keeps the chosen groups in order under new numbers, and what is past them is fresh', () => {
  const table = filled(500)
  table.retain((group) => group % 5 === 0)
  expect(table.count).toBe(100)
  for (let n = 0; n < 100; n++) expect(probe(table, n * 5 * 31)).toBe(n)
  expect(probe(table, 31)).toBe(-1)
  expect(table.arrays[0][table.insert(1)]).toBe(7)
})

test('a snapshot brings back the groups, their values and the probing', () => {
  const table = filled(300)
  table.arrays[1][3] = { any: ['thing', 1n] }
  table.growHeap(4)
  table.heap.set([1, 2, 3, 4])
  table.heapSize = 4
  const copy = new GroupTable(layout)
  copy.restore(table.snapshot())
  expect(copy.count).toBe(300)
  expect(probe(copy, 299 * 31)).toBe(299)
  expect(copy.arrays[1][3]).toEqual({ any: ['thing', 1n] })
  expect([...copy.heap.subarray(0, copy.heapSize)]).toEqual([1, 2, 3, 4])
  expect(copy.arrays[0][copy.insert(5)]).toBe(7)
})
