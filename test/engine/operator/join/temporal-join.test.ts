import { describe, expect, test } from 'vitest'
import { random } from '../../../../engine/base/random.ts'
import { rowsOf } from '../../../../engine/batch/rows.ts'
import { BIGINT, BOOLEAN, TIMESTAMP, VARCHAR } from '../../../../engine/batch/types.ts'
import type { TemporalJoinNode } from '../../../../engine/operator/nodes.ts'
import { seedOf } from '../../../seed.ts'
import { columnOf, fields, lines, literal } from '../run.ts'
import { driveTwo } from './join-drive.ts'

const left = fields({ k: VARCHAR, t: TIMESTAMP, n: BIGINT })
const right = fields({ k: VARCHAR, u: TIMESTAMP, v: BIGINT })
const SECOND = 1_000_000
const at = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 23)

const event: TemporalJoinNode = {
  join: 'left',
  time: { kind: 'event', leftTime: 1, rightTime: 1 },
  leftKeys: [columnOf(left, 'k')],
  rightKeys: [columnOf(right, 'k')],
  fields: [...left, ...right],
}
const processing: TemporalJoinNode = { ...event, time: { kind: 'processing' } }

describe('in event time', () => {
  const drive = (node = event, changelog: readonly [boolean, boolean] = [false, false]) =>
    driveTwo('temporal-join', node, [left, right], { changelog })

  test('a left row waits, then meets the version of its time, once', () => {
    let op = drive()
    expect(op.appendOnly).toBe(true)
    op.batch(0, `a ${at(5)} 1\n a ${at(15)} 2\n b ${at(5)} 3`)
    op.batch(1, `a ${at(10)} 20\n a ${at(0)} 10`)
    expect(op.epoch()).toBe('')
    op.watermark(0, 100 * SECOND)
    op.watermark(1, 10 * SECOND)
    op = op.restarted()
    expect(op.epoch()).toBe(lines(`a ${at(5)} 1 a ${at(0)} 10\n b ${at(5)} 3 NULL NULL NULL`))
    op.batch(1, `a ${at(12)} 12`)
    op.watermark(1, 20 * SECOND)
    expect(op.epoch()).toBe(`a ${at(15)} 2 a ${at(12)} 12`)
    expect(op.watermarks).toEqual([10 * SECOND, 20 * SECOND])
    // The version of now is left.
    expect(op.operator.stateSize().rows).toBe(1)
    op.watermark(1, Infinity)
    op.watermark(0, Infinity)
    op.epoch()
    expect(op.operator.stateSize().rows).toBe(0)
  })

  test('inner leaves out those without a version; the condition comes after the lookup', () => {
    const both = [...left, ...right.map((f) => ({ ...f, name: `r.${f.name}` }))]
    const condition = {
      kind: 'call' as const,
      name: '>',
      type: BOOLEAN,
      args: [columnOf(both, 'r.v'), literal(10, BIGINT)],
    }
    const feed = (join: 'inner' | 'left') => {
      const op = drive({ ...event, join, condition })
      op.batch(0, `a ${at(1)} 1\n b ${at(1)} 2\n c ${at(1)} 3\n NULL ${at(1)} 4\n a NULL 5`)
      op.batch(1, `a ${at(0)} 10\n b ${at(0)} 11`)
      op.watermark(0, 2 * SECOND)
      op.watermark(1, 2 * SECOND)
      return op.epoch()
    }
    expect(feed('inner')).toBe(`b ${at(1)} 2 b ${at(0)} 11`)
    expect(feed('left')).toBe(
      [
        `NULL ${at(1)} 4 NULL NULL NULL`,
        `a ${at(1)} 1 NULL NULL NULL`,
        'a NULL 5 NULL NULL NULL',
        `b ${at(1)} 2 b ${at(0)} 11`,
        `c ${at(1)} 3 NULL NULL NULL`,
      ]
        .sort()
        .join('\n'),
    )
  })

  test('a new row begins a version, a deletion ends one at the watermark', () => {
    const op = drive(event, [false, true])
    op.batch(1, `+ a ${at(0)} 1\n + a ${at(10)} 2`)
    // No longer the latest version: it has ended.
    op.batch(1, `- a ${at(0)} 1`)
    op.watermark(1, 12 * SECOND)
    op.epoch()
    op.batch(0, `a ${at(5)} 5\n a ${at(11)} 11\n a ${at(20)} 20`)
    op.watermark(0, 15 * SECOND)
    op.watermark(1, 15 * SECOND)
    expect(op.epoch()).toBe(lines(`a ${at(5)} 5 a ${at(0)} 1\n a ${at(11)} 11 a ${at(10)} 2`))
    op.batch(1, `- a ${at(10)} 2`)
    op.epoch()
    op.watermark(0, 30 * SECOND)
    op.watermark(1, 30 * SECOND)
    expect(op.epoch()).toBe(`a ${at(20)} 20 NULL NULL NULL`)
  })

  test('late left rows are set aside; a late version is valid from its mark on', () => {
    const op = drive()
    op.watermark(0, 10 * SECOND)
    op.batch(0, `a ${at(9)} 1\n a ${at(21)} 2\n a ${at(25)} 3`)
    op.batch(1, `a ${at(20)} 20\n b ${at(1)} 1\n a ${at(19)} 19`, [
      -Infinity,
      22 * SECOND,
      21 * SECOND,
    ])
    op.batch(0, `b ${at(21)} 4\n b ${at(22)} 5`)
    op.watermark(0, 30 * SECOND)
    op.watermark(1, 30 * SECOND)
    expect(op.epoch()).toBe(
      lines(`a ${at(21)} 2 a ${at(20)} 20
        a ${at(25)} 3 a ${at(20)} 20
        b ${at(21)} 4 NULL NULL NULL
        b ${at(22)} 5 b ${at(1)} 1`),
    )
    expect(op.late).toEqual([`a ${at(9)} 1`, `a ${at(19)} 19`])
  })

  test('an updated left row that still waits is taken back before it is told', () => {
    const op = drive(event, [true, false])
    op.batch(0, `+ a ${at(5)} 1\n + a ${at(5)} 2`)
    op.epoch()
    op.batch(0, `- a ${at(5)} 1`)
    op.watermark(0, 6 * SECOND)
    op.watermark(1, 6 * SECOND)
    expect(op.epoch()).toBe(`+ a ${at(5)} 2 NULL NULL NULL`)
  })
})

describe('in event time, at random', () => {
  interface Row {
    readonly key: string
    readonly time: number
    readonly n: number
  }

  /** Random rows in random batches, watermarks and restarts; against the version by hand. */
  function runCase(seed: number): void {
    const r = random(seed)
    let op = driveTwo('temporal-join', event, [left, right], { batchRowsMax: 1 + r.below(9) })
    const rows: [Row[], Row[]] = [[], []]
    const marks: [number, number] = [0, 0]
    const said: string[] = []
    const say = () => {
      for (const batch of op.epochBatches()) {
        said.push(...rowsOf(batch).map((row) => row.join('|')))
      }
    }
    for (let step = 0; step < 60; step++) {
      const input = r.below(2)
      const time = marks[input] + r.below(30)
      const row = { key: 'abc'[r.below(3)], time, n: step }
      rows[input].push(row)
      op.batch(input, `${row.key} ${at(time)} ${step}`)
      if (r.below(3) === 0) {
        const other = r.below(2)
        marks[other] += r.below(12)
        op.watermark(other, marks[other] * SECOND)
      }
      if (r.below(3) === 0) say()
      // Between two epochs only.
      if (r.below(12) === 0) {
        say()
        op = op.restarted()
      }
    }
    op.watermark(0, Infinity)
    op.watermark(1, Infinity)
    say()
    const expected = rows[0].map(({ key, time, n }) => {
      const versions = rows[1].filter((v) => v.key === key && v.time <= time)
      const last = Math.max(...versions.map((v) => v.time))
      const version = versions.filter((v) => v.time === last).at(-1)
      const found = version && [version.key, version.time * SECOND, version.n]
      return [key, time * SECOND, n, ...(found ?? ['', '', ''])].join('|')
    })
    expect(said.sort(), `seed ${seed}`).toEqual(expected.sort())
    expect(op.late).toEqual([])
    expect(op.operator.stateSize().rows).toBe(0)
  }

  test('equals the version by hand', () => {
    const first = seedOf('temporal join')
    const count = process.env.MILLRACE_LONG === undefined ? 100 : 5000
    for (let seed = first; seed < first + count; seed++) runCase(seed)
  })
})

describe('in processing time', () => {
  const drive = (changelog: readonly [boolean, boolean]) =>
    driveTwo('temporal-join', processing, [left, right], { changelog })

  test('a left row meets what there is in its epoch, for good', () => {
    let op = drive([false, true])
    expect(op.appendOnly).toBe(true)
    op.batch(0, `a ${at(0)} 1\n b ${at(0)} 2`)
    op.batch(1, `+ a ${at(0)} 10`)
    expect(op.epoch()).toBe(lines(`a ${at(0)} 1 a ${at(0)} 10\n b ${at(0)} 2 NULL NULL NULL`))
    op = op.restarted()
    op.batch(1, `- a ${at(0)} 10\n + a ${at(1)} 11`)
    expect(op.epoch()).toBe('')
    op.batch(0, `a ${at(2)} 3`)
    op.watermark(0, 2 * SECOND)
    expect(op.epoch()).toBe(`a ${at(2)} 3 a ${at(1)} 11`)
    expect(op.watermarks).toEqual([2 * SECOND])
    expect(op.operator.stateSize().rows).toBe(1)
  })
})

test('state stays flat: old versions and told rows go', () => {
  const op = driveTwo('temporal-join', event, [left, right])
  for (let n = 0; n < 4000; n++) {
    op.batch(1, `a ${at(n)} ${n}\n k${n % 5} ${at(n)} ${n}`)
    op.batch(0, `a ${at(n)} ${n}`)
    op.watermark(0, n * SECOND)
    op.watermark(1, n * SECOND)
    op.epoch()
    expect(op.operator.stateSize().rows).toBeLessThan(20)
  }
  expect(op.operator.stateSize().bytes).toBeLessThan(1_000_000)
})
