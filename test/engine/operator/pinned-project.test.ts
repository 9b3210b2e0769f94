/** A row that is taken back says what it said when it came, whatever the clock and chance say now. */

import { expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { INT, TIMESTAMP_LTZ, VARCHAR } from '../../../engine/batch/types.ts'
import { resolveCall } from '../../../engine/expr/resolve.ts'
import { seedOf } from '../../seed.ts'
import { columnOf, type Drive, drive, fields } from './run.ts'

const INPUT = fields({ k: INT, name: VARCHAR })
const UUID = resolveCall('UUID', [])
const NOW = resolveCall('CURRENT_TIMESTAMP', [])
const NODE = {
  exprs: [columnOf(INPUT, 'k'), columnOf(INPUT, 'name'), NOW, UUID],
  fields: fields({ k: INT, name: VARCHAR, at: TIMESTAMP_LTZ, id: VARCHAR }),
}
const start = () => drive('pinned-project', NODE, INPUT, { changelog: true })

const said = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => /^([+-]\d*)\s*(.*)$/.exec(line.trim()) ?? ['', '+1', line.trim()])

/** Adds what was said to the sums; every sum is 0 or more when the epoch is over. */
function add(sums: Map<string, number>, text: string): void {
  for (const [, sign, row] of said(text)) {
    const weight = sign === '+' ? 1 : sign === '-' ? -1 : Number(sign)
    sums.set(row, (sums.get(row) ?? 0) + weight)
  }
  for (const [row, weight] of sums) if (weight === 0) sums.delete(row)
}

test('rows go with the values that they came with', () => {
  const run = start()
  run.epoch(1_000_000)
  const first = run.batch('+1 1 a\n+1 2 b')
  run.epoch(2_000_000)
  const [, one] = said(first).map(([, , row]) => row)
  expect(said(run.batch('-1 2 b')).map(([, sign, row]) => [sign[0], row])).toEqual([['-', one]])
})

test('what goes before it comes cancels out', () => {
  const sums = new Map<string, number>()
  const run = start()
  add(sums, run.batch('-1 1 a\n+1 2 b'))
  add(sums, run.batch('+1 1 a'))
  run.epoch(1)
  expect([...sums.values()]).toEqual([1])
})

test('random histories with restarts add up to the rows that are there, each with one value', () => {
  const source = random(seedOf('pinned-project'))
  let run: Drive = start()
  const sums = new Map<string, number>()
  const present: string[] = []
  for (let epoch = 1; epoch <= 300; epoch++) {
    run.epoch(epoch * 1_000_000)
    const lines: string[] = []
    for (let n = source.below(6); n > 0; n--) {
      if (present.length > 0 && source.below(5) < 2) {
        const [row] = present.splice(source.below(present.length), 1)
        lines.push(`-1 ${row}`)
      } else {
        const row = `${source.below(4)} n${source.below(3)}`
        present.push(row)
        lines.push(`+1 ${row}`)
      }
    }
    if (lines.length > 0) add(sums, run.batch(lines.join('\n')))
    expect([...sums.values()].every((weight) => weight === 1)).toBe(true)
    const rows = [...sums.keys()].map((row) => row.split(' ').slice(0, 2).join(' '))
    expect(rows.sort()).toEqual([...present].sort())
    expect(run.operator.stateSize().rows).toBe(present.length)
    if (source.below(10) === 0) run = run.restarted()
  }
})
