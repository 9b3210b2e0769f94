/** `stateTtlUs`: a key without news is forgotten, its results stay, and it begins anew; the same
 *  with and without a restart in between. */

import { describe, expect, it } from 'vitest'
import { BIGINT, INT, TIMESTAMP } from '../../../engine/batch/types.ts'
import { columnOf, type Drive, drive, fields } from './run.ts'

const input = fields({ k: INT, v: INT })
const [k, v] = ['k', 'v'].map((name) => columnOf(input, name))
const TTL = 10_000_000
const at = (seconds: number) => seconds * 1_000_000

const count = (changelog = false): Drive =>
  drive(
    'aggregate',
    {
      keys: [k],
      aggregates: [
        { name: 'COUNT', args: [], distinct: false, type: BIGINT },
        { name: 'SUM', args: [v], distinct: false, type: BIGINT },
      ],
      fields: fields({ k: INT, n: BIGINT, s: BIGINT }),
      stateTtlUs: TTL,
    },
    input,
    { changelog },
  )

const rank = (to: number, changelog = false): Drive =>
  drive(
    'rank',
    {
      ranking: 'row_number',
      partitionBy: [k],
      orderBy: [{ expr: v, descending: true, nullsFirst: false }],
      from: 1,
      to,
      withRank: false,
      fields: input,
      stateTtlUs: TTL,
    },
    input,
    { changelog },
  )

const timed = fields({ k: INT, v: INT, t: TIMESTAMP })

/** SUM(v) OVER (PARTITION BY k ORDER BY t). */
const over = (byTime: boolean): Drive => {
  const t = columnOf(timed, 't')
  const frame = { unit: 'range', from: -Infinity, to: 0 } as const
  const args = [columnOf(timed, 'v')]
  return drive(
    'over',
    {
      partitionBy: [columnOf(timed, 'k')],
      orderBy: [{ expr: t, descending: false, nullsFirst: true }],
      calls: [
        { name: 'SUM', args, distinct: false, frame, type: BIGINT },
        { name: 'ROW_NUMBER', args: [], distinct: false, frame, type: BIGINT },
        { name: 'FIRST_VALUE', args, distinct: false, frame, type: INT },
      ],
      ...(byTime ? { timeColumn: 2 } : {}),
      fields: [...timed, ...fields({ s: BIGINT, n: BIGINT, f: INT })],
      stateTtlUs: TTL,
    },
    timed,
    { changelog: !byTime },
  )
}

/** The time of a row, beside the clock of its epoch. */
const time = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 23)

/** Rows of an epoch in, what came out. */
function epoch(driven: Drive, seconds: number, rows: string): string {
  const before = driven.epoch(at(seconds))
  const during = rows === '' ? '' : driven.batch(rows)
  const lines = [before, during, driven.epoch(at(seconds))].join('\n').split('\n')
  // Rows that only come have no sign.
  const signed = lines.map((line) => (/^[+-]/.test(line) || line === '' ? line : `+ ${line}`))
  return signed.filter((line) => line !== '').join('\n')
}

const twice = [
  ['in one life', (driven: Drive) => driven],
  ['over restarts', (driven: Drive) => driven.restarted()],
] as const

describe.each(twice)('%s', (_, next) => {
  it('an aggregate begins anew after the time without news', () => {
    let driven = count()
    expect(epoch(driven, 0, '1 10')).toBe('+ 1 1 10')
    driven = next(driven)
    expect(epoch(driven, 9, '1 5')).toBe('- 1 1 10\n+ 1 2 15')
    driven = next(driven)
    // The second row was news: the time counts from there.
    expect(epoch(driven, 18, '1 1')).toBe('- 1 2 15\n+ 1 3 16')
    driven = next(driven)
    expect(epoch(driven, 28, '1 7\n1 8\n2 1')).toBe('+ 1 2 15\n+ 2 1 1')
  })

  it('an aggregate takes no retraction of what it has forgotten', () => {
    let driven = count(true)
    expect(epoch(driven, 0, '1 10\n1 20')).toBe('+ 1 2 30')
    driven = next(driven)
    expect(epoch(driven, 20, '- 1 10')).toBe('')
    driven = next(driven)
    expect(epoch(driven, 21, '+ 1 4')).toBe('+ 1 1 4')
    driven = next(driven)
    expect(epoch(driven, 22, '- 1 4')).toBe('- 1 1 4')
  })

  it.each([false, true])('a ranking begins anew (changing input: %s)', (changelog) => {
    for (const to of [1, 2]) {
      let driven = rank(to, changelog)
      expect(epoch(driven, 0, '+ 1 10')).toBe('+ 1 10')
      driven = next(driven)
      expect(epoch(driven, 5, '+ 1 20')).toBe(to === 1 ? '- 1 10\n+ 1 20' : '+ 1 20')
      driven = next(driven)
      expect(epoch(driven, 15, '+ 1 1')).toBe('+ 1 1')
      driven = next(driven)
      expect(epoch(driven, 16, '+ 1 2')).toBe(to === 1 ? '- 1 1\n+ 1 2' : '+ 1 2')
    }
  })

  it('a ranking takes no retraction of what it has forgotten', () => {
    let driven = rank(2, true)
    expect(epoch(driven, 0, '+ 1 10')).toBe('+ 1 10')
    driven = next(driven)
    expect(epoch(driven, 30, '- 1 10')).toBe('')
    driven = next(driven)
    expect(epoch(driven, 31, '+ 1 10')).toBe('+ 1 10')
  })
})

describe.each(twice)('%s', (_, next) => {
  it('an aggregate without keys begins anew, and takes its last row back', () => {
    const total = (changelog: boolean) =>
      drive(
        'aggregate',
        {
          keys: [],
          aggregates: [
            { name: 'COUNT', args: [], distinct: false, type: BIGINT },
            { name: 'COUNT', args: [v], distinct: true, type: BIGINT },
          ],
          fields: fields({ n: BIGINT, d: BIGINT }),
          stateTtlUs: TTL,
        },
        input,
        { changelog },
      )
    for (const changelog of [false, true]) {
      let driven = total(changelog)
      expect(epoch(driven, 0, '')).toBe('+ 0 0')
      driven = next(driven)
      expect(epoch(driven, 1, '+ 1 5\n+ 1 5\n+ 2 6')).toBe('- 0 0\n+ 3 2')
      driven = next(driven)
      expect(epoch(driven, 11, '+ 1 5')).toBe('- 3 2\n+ 1 1')
    }
    let driven = total(true)
    epoch(driven, 0, '+ 1 5\n+ 1 6')
    driven = next(driven)
    // Neither counts below nothing, nor against the rows to come.
    expect(epoch(driven, 30, '- 1 5')).toBe('- 2 2\n+ 0 0')
    driven = next(driven)
    expect(epoch(driven, 31, '+ 1 7')).toBe('- 0 0\n+ 1 1')
  })

  it('a window function begins anew with a partition that comes again after its time', () => {
    let driven = over(false)
    expect(epoch(driven, 0, `+ 1 10 ${time(0)}`)).toBe(`+ 1 10 ${time(0)} 10 1 10`)
    driven = next(driven)
    expect(epoch(driven, 9, `+ 1 5 ${time(9)}`)).toBe(`+ 1 5 ${time(9)} 15 2 10`)
    driven = next(driven)
    expect(epoch(driven, 19, `+ 1 7 ${time(19)}\n+ 1 1 ${time(20)}`)).toBe(
      `+ 1 7 ${time(19)} 7 1 7\n+ 1 1 ${time(20)} 8 2 7`,
    )
    driven = next(driven)
    expect(epoch(driven, 40, `- 1 7 ${time(19)}`)).toBe('')
  })

  it('a window function by event time, too, but not while a row of it waits', () => {
    let driven = over(true)
    /** Rows, and then the watermark. */
    const said = (seconds: number, rows: string, mark: number) => {
      driven.epoch(at(seconds))
      driven.batch(rows)
      const out = driven.watermark(at(mark))
      driven.epoch(at(seconds))
      driven = next(driven)
      return out
    }
    expect(said(0, `1 10 ${time(0)}`, 1)).toBe(`1 10 ${time(0)} 10 1 10`)
    expect(said(9, `1 5 ${time(9)}`, 10)).toBe(`1 5 ${time(9)} 15 2 10`)
    // The row of second 30 waits for its time, and keeps what came before it.
    expect(said(12, `1 6 ${time(30)}`, 20)).toBe('')
    expect(said(28, `1 7 ${time(31)}`, 32)).toBe(`1 6 ${time(30)} 21 3 10\n1 7 ${time(31)} 28 4 10`)
    expect(said(38, `1 8 ${time(38)}`, 39)).toBe(`1 8 ${time(38)} 8 1 8`)
  })
})

describe('the state of window functions by event time', () => {
  it('stays flat over ever new partitions', () => {
    const driven = over(true)
    const bytes = [0, 0]
    for (let second = 0; second < 800; second++) {
      driven.epoch(at(second))
      const row = (i: number) => `${second * 50 + i} ${i} ${time(second)}`
      driven.batch(Array.from({ length: 50 }, (_, i) => row(i)).join('\n'))
      driven.watermark(at(second + 1))
      driven.epoch(at(second))
      const half = second < 400 ? 0 : 1
      bytes[half] = Math.max(bytes[half], driven.operator.stateSize().bytes)
    }
    expect(bytes[1]).toBeLessThanOrEqual(bytes[0])
    expect(driven.operator.dueUs!()).toBeLessThan(Infinity)
    driven.epoch(at(2000))
    expect(driven.operator.dueUs!()).toBe(Infinity)
  })
})

describe.each([
  ['aggregate', () => count()],
  ['aggregate over changes', () => count(true)],
  ['first row', () => rank(1)],
  ['first rows', () => rank(3)],
  ['first rows over changes', () => rank(3, true)],
  ['window function', () => over(false)],
] as const)('the state of an %s', (_, make) => {
  it('stays flat over ever new keys', () => {
    const driven = make()
    let most = 0
    for (let second = 0; second < 400; second++) {
      const rest = make.toString().includes('over') ? ` ${time(second)}` : ''
      const rows = Array.from({ length: 50 }, (_, i) => `+ ${second * 50 + i} ${i}${rest}`)
      epoch(driven, second, rows.join('\n'))
      most = Math.max(most, driven.operator.stateSize().rows)
    }
    // 10 s of 50 keys, a quarter more until the next sweep, and an eighth that is not worth one.
    expect(most).toBeLessThan(50 * 10 * 1.6)
    expect(driven.operator.dueUs!()).toBeLessThanOrEqual(at(400 + 3))
    epoch(driven, 1000, '')
    expect(driven.operator.stateSize().rows).toBe(0)
    expect(driven.operator.dueUs!()).toBe(Infinity)
  })
})
