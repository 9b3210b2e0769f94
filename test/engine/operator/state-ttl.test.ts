/** `stateTtlUs`: a key without news is forgotten, its results stay, and it begins anew; the same
 *  with and without a restart in between. */

import { describe, expect, it } from 'vitest'
import { BIGINT, INT } from '../../../engine/batch/types.ts'
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

describe.each([
  ['aggregate', () => count()],
  ['aggregate over changes', () => count(true)],
  ['first row', () => rank(1)],
  ['first rows', () => rank(3)],
  ['first rows over changes', () => rank(3, true)],
] as const)('the state of an %s', (_, make) => {
  it('stays flat over ever new keys', () => {
    const driven = make()
    let most = 0
    for (let second = 0; second < 400; second++) {
      const rows = Array.from({ length: 50 }, (_, i) => `+ ${second * 50 + i} ${i}`)
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
