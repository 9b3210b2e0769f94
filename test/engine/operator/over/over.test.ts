import { describe, expect, test } from 'vitest'
import { BIGINT, DOUBLE, TIMESTAMP, VARCHAR } from '../../../../engine/batch/types.ts'
import type { OverCall, OverFrame, OverNode } from '../../../../engine/operator/nodes.ts'
import { columnOf, drive, fields, lines, literal } from '../run.ts'

const SECOND = 1_000_000
const input = fields({ k: VARCHAR, ts: TIMESTAMP, v: BIGINT })
const toNow: OverFrame = { unit: 'range', from: -Infinity, to: 0 }
const rows = (from: number, to: number): OverFrame => ({ unit: 'rows', from, to })
const call = (name: string, frame = toNow, more: Partial<OverCall> = {}): OverCall => ({
  name,
  args: [columnOf(input, 'v')],
  distinct: false,
  frame,
  type: BIGINT,
  ...more,
})
const node = (calls: readonly OverCall[], more: Partial<OverNode> = {}): OverNode => ({
  partitionBy: [columnOf(input, 'k')],
  orderBy: [{ expr: columnOf(input, 'ts'), descending: false, nullsFirst: false }],
  calls,
  fields: [...input, ...calls.map(({ type }, i) => ({ name: `r${i}`, type, nullable: true }))],
  ...more,
})
const timed = (calls: readonly OverCall[]) => node(calls, { timeColumn: 1 })
const at = (second: number) => `'2024-01-01 00:00:${String(second).padStart(2, '0')}'`
const us = (second: number) => Date.UTC(2024, 0, 1) * 1000 + second * SECOND
/** Output without its time column, to keep tests readable. */
const short = (text: string) =>
  text
    .replaceAll("'2024-01-01T00:00:", '')
    .replaceAll(".000'", '')
    .replaceAll('2024-01-01T00:00:', '')
    .replaceAll('.000', '')

describe('as a changelog', () => {
  test('a running sum: a row before changes those behind it', () => {
    const op = drive('over', node([call('SUM')]), input, { changelog: true })
    op.batch(`+ a ${at(1)} 10\n + a ${at(3)} 30\n + b ${at(1)} 1`)
    expect(short(op.epoch())).toBe(lines(`a 01 10 10\n a 03 30 40\n b 01 1 1`))
    op.batch(`+ a ${at(2)} 20`)
    expect(short(op.epoch())).toBe(lines(`- a 03 30 40\n + a 02 20 30\n + a 03 30 60`))
    op.batch(`- a ${at(1)} 10`)
    expect(short(op.epoch())).toBe(
      lines(`- a 01 10 10\n - a 02 20 30\n - a 03 30 60\n + a 02 20 20\n + a 03 30 50`),
    )
  })

  test('peers of a RANGE frame count together; ROWS do not', () => {
    const op = drive('over', node([call('SUM'), call('SUM', rows(-Infinity, 0))]), input)
    op.batch(`a ${at(1)} 1\n a ${at(1)} 2`)
    expect(short(op.epoch())).toBe(lines(`a 01 1 3 1\n a 01 2 3 3`))
  })

  test('a change reaches only the frames that hold it', () => {
    const op = drive('over', node([call('SUM', rows(-1, 0))]), input, { changelog: true })
    op.batch(Array.from({ length: 20 }, (_, i) => `+ a ${at(i)} ${i}`).join('\n'))
    op.epoch()
    op.batch(`- a ${at(10)} 10`)
    expect(short(op.epoch())).toBe(lines(`- a 10 10 19\n - a 11 11 21\n + a 11 11 20`))
  })

  test('LAG, LEAD, with distance and default', () => {
    const calls = [
      call('LAG'),
      call('LEAD', toNow, {
        args: [columnOf(input, 'v'), literal(2, BIGINT), literal(-1, BIGINT)],
      }),
    ]
    const op = drive('over', node(calls), input, { changelog: true })
    op.batch(`+ a ${at(1)} 1\n + a ${at(2)} 2\n + a ${at(3)} NULL`)
    expect(short(op.epoch())).toBe(lines(`a 01 1 NULL NULL\n a 02 2 1 '-1'\n a 03 NULL 2 '-1'`))
  })

  test('ranks, tiles and shares', () => {
    const names = ['ROW_NUMBER', 'RANK', 'DENSE_RANK', 'PERCENT_RANK', 'CUME_DIST', 'NTILE']
    const calls = names.map((name) =>
      call(name, toNow, {
        args: name === 'NTILE' ? [literal(2, BIGINT)] : [],
        type: name === 'PERCENT_RANK' || name === 'CUME_DIST' ? DOUBLE : BIGINT,
      }),
    )
    const op = drive('over', node(calls), input)
    op.batch(`a ${at(1)} 1\n a ${at(2)} 2\n a ${at(2)} 3\n a ${at(3)} 4\n a ${at(4)} 5`)
    expect(short(op.epoch())).toBe(
      lines(`a 01 1 1 1 1 0 0.2 1
        a 02 2 2 2 2 0.25 0.6 1
        a 02 3 3 2 2 0.25 0.6 1
        a 03 4 4 4 3 0.75 0.8 2
        a 04 5 5 5 4 1 1 2`),
    )
  })

  test('the state survives a restart', () => {
    const op = drive('over', node([call('SUM')]), input, { changelog: true })
    op.batch(`+ a ${at(1)} 10\n + a ${at(3)} 30`)
    op.epoch()
    const again = op.restarted()
    again.batch(`- a ${at(1)} 10`)
    expect(short(again.epoch())).toBe(lines(`- a 01 10 10\n - a 03 30 40\n + a 03 30 30`))
  })
})

describe('by event time', () => {
  test('rows wait for the watermark and come in order, once', () => {
    const op = drive('over', timed([call('SUM')]), input)
    op.batch(`a ${at(3)} 30\n a ${at(1)} 10\n b ${at(2)} 2\n a ${at(5)} 50`)
    expect(op.epoch()).toBe('')
    expect(short(op.watermark(us(4)))).toBe(lines(`a 01 10 10\n b 02 2 2\n a 03 30 40`))
    expect(op.watermarks).toEqual([us(4)])
    op.batch(`a ${at(4)} 40`)
    expect(short(op.watermark(Infinity))).toBe(lines(`a 04 40 80\n a 05 50 130`))
  })

  test('state: with a frame from the start only what waits is kept', () => {
    const op = drive(
      'over',
      timed([call('SUM'), call('ROW_NUMBER', toNow, { args: [] }), call('FIRST_VALUE')]),
      input,
    )
    op.batch(`a ${at(1)} 1\n a ${at(2)} 2\n a ${at(9)} 9`)
    expect(short(op.watermark(us(5)))).toBe(lines(`a 01 1 1 1 1\n a 02 2 3 2 1`))
    expect(op.operator.stateSize().rows).toBe(1)
    const again = op.restarted()
    expect(short(again.watermark(Infinity))).toBe('a 09 9 12 3 1')
  })

  test('RANGE INTERVAL: old rows are let go, also of partitions that are silent', () => {
    const frame: OverFrame = { unit: 'range', from: -2 * SECOND, to: 0 }
    const op = drive('over', timed([call('SUM', frame)]), input)
    op.batch(`a ${at(1)} 1\n a ${at(2)} 2\n a ${at(3)} 4\n a ${at(4)} 8`)
    expect(short(op.watermark(us(5)))).toBe(lines(`a 01 1 1\n a 02 2 3\n a 03 4 7\n a 04 8 14`))
    expect(op.operator.stateSize().rows).toBe(2)
    op.watermark(us(7))
    expect(op.operator.stateSize().rows).toBe(0)
  })

  test('a row that is behind the watermark is late', () => {
    const op = drive('over', timed([call('SUM')]), input)
    op.batch(`a ${at(5)} 5`)
    op.watermark(us(6))
    op.batch(`a ${at(5)} 1\n a ${at(6)} 6\n a NULL 7`)
    expect(op.late.map(short)).toEqual([lines(`a 05 1\n a NULL 7`)])
    expect(short(op.watermark(us(7)))).toBe('a 06 6 11')
  })

  test('LEAD waits for its row and holds the watermark back', () => {
    const op = drive('over', timed([call('LEAD')]), input)
    op.batch(`a ${at(1)} 1\n a ${at(3)} 3\n b ${at(2)} 2`)
    expect(short(op.watermark(us(5)))).toBe('a 01 1 3')
    expect(op.watermarks).toEqual([us(2)])
    const again = op.restarted()
    again.batch(`b ${at(6)} 6`)
    expect(short(again.watermark(us(7)))).toBe('b 02 2 6')
    expect(again.watermarks).toEqual([us(3)])
    expect(short(again.watermark(Infinity))).toBe(lines(`a 03 3 NULL\n b 06 6 NULL`))
    expect(again.watermarks.at(-1)).toBe(Infinity)
  })

  test('peers come together, whichever batch brought them', () => {
    const op = drive(
      'over',
      timed([
        call('COUNT'),
        call('RANK', toNow, { args: [] }),
        call('DENSE_RANK', toNow, { args: [] }),
      ]),
      input,
    )
    op.batch(`a ${at(1)} 1\n a ${at(2)} 2`)
    op.watermark(us(2))
    op.batch(`a ${at(2)} 3\n a ${at(3)} 4`)
    expect(short(op.watermark(us(4)))).toBe(lines(`a 02 2 3 2 2\n a 02 3 3 2 2\n a 03 4 4 4 3`))
  })

  test('partitions of which nothing is kept are forgotten', () => {
    const frame: OverFrame = { unit: 'range', from: -SECOND, to: 0 }
    const op = drive('over', timed([call('SUM', frame)]), input)
    let bytes = 0
    for (let second = 0; second < 60; second++) {
      for (let part = 0; part < 4; part++) {
        const batch = Array.from(
          { length: 60 },
          (_, i) => `k${second}-${part}-${i} ${at(second)} 1`,
        )
        op.batch(batch.join('\n'))
      }
      op.watermark(us(second))
      if (second === 20) bytes = op.operator.stateSize().bytes
    }
    expect(op.operator.stateSize().rows).toBeLessThan(1000)
    expect(op.operator.stateSize().bytes).toBeLessThan(bytes * 2)
  })
})

test('what makes no sense is refused by name', () => {
  const refuse = (calls: readonly OverCall[], more: Partial<OverNode> = {}) =>
    expect(() => drive('over', node(calls, more), input, { changelog: true }))
  refuse([call('SUM')], { timeColumn: 1 }).toThrow('needs append-only input')
  refuse([call('NTILE', toNow, { args: [literal(0, BIGINT)] })]).toThrow(
    'must be a constant, 1 or more',
  )
  refuse([call('SUM', rows(2, 1))]).toThrow('ends before it begins')
  refuse([call('SUM', { unit: 'range', from: -1, to: 0 })], {
    orderBy: [{ expr: columnOf(input, 'k'), descending: false, nullsFirst: false }],
  }).toThrow('needs one ORDER BY number')
  refuse([call('NOTHING')]).toThrow('No aggregate NOTHING')
})
