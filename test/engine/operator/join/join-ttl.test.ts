/** `stateTtlUs` of joins and set operations: rows are forgotten, what was said stays; the same with
 *  and without a restart in between. */

import { describe, expect, it } from 'vitest'
import { BIGINT } from '../../../../engine/batch/types.ts'
import type { JoinKind, JoinNode, SetOperationNode } from '../../../../engine/operator/nodes.ts'
import { columnOf, fields, lines } from '../run.ts'
import { type DriveTwo, driveTwo } from './join-drive.ts'

const left = fields({ k: BIGINT, v: BIGINT })
const right = fields({ k: BIGINT, w: BIGINT })
const TTL = 10_000_000
const at = (seconds: number) => seconds * 1_000_000

function join(kind: JoinKind, changelog: readonly [boolean, boolean] = [false, false]): DriveTwo {
  const node: JoinNode = {
    join: kind,
    leftKeys: [columnOf(left, 'k')],
    rightKeys: [columnOf(right, 'k')],
    nullSafe: [false],
    nullAware: false,
    fields: kind === 'semi' || kind === 'anti' ? left : [...left, ...right],
    stateTtlUs: TTL,
  }
  return driveTwo('join', node, [left, right], { changelog })
}

function set(operator: SetOperationNode['operator'], all = false): DriveTwo {
  const node: SetOperationNode = { operator, all, fields: left, stateTtlUs: TTL }
  return driveTwo('set-operation', node, [left, left], { changelog: [true, true] })
}

/** An epoch with rows for each side; what came out, every line with its sign. */
function epoch(driven: DriveTwo, seconds: number, rows: readonly [string, string]): string {
  // The clock of the epoch that follows is read before its rows.
  driven.clock.nowUs = at(seconds)
  rows.forEach((text, input) => {
    if (text !== '') driven.batch(input, text)
  })
  const out = driven.epoch(at(seconds))
  return out
    .split('\n')
    .map((line) => (/^[+-]/.test(line) || line === '' ? line : `+ ${line}`))
    .join('\n')
}

const twice = [
  ['in one life', (driven: DriveTwo) => driven],
  ['over restarts', (driven: DriveTwo) => driven.restarted()],
] as const

describe.each(twice)('%s', (_, next) => {
  it('an inner join forgets rows by themselves', () => {
    let driven = join('inner')
    expect(epoch(driven, 0, ['1 10', '1 5'])).toBe('+ 1 10 1 5')
    driven = next(driven)
    expect(epoch(driven, 6, ['1 11', ''])).toBe('+ 1 11 1 5')
    driven = next(driven)
    // 10 s after it came the first row of each side is gone; the one of second 6 is not.
    expect(epoch(driven, 10, ['', '1 6'])).toBe('+ 1 11 1 6')
    driven = next(driven)
    expect(epoch(driven, 16, ['1 12', '1 7'])).toBe(lines('+ 1 12 1 6\n+ 1 12 1 7'))
  })

  it('a retraction of a forgotten row says nothing', () => {
    for (const kind of ['inner', 'left', 'full', 'semi'] as const) {
      let driven = join(kind, [true, true])
      epoch(driven, 0, ['+ 1 10', '+ 1 5'])
      driven = next(driven)
      expect(epoch(driven, 20, ['- 1 10', '']), kind).toBe('')
      driven = next(driven)
      expect(epoch(driven, 21, ['', '- 1 5']), kind).toBe('')
      driven = next(driven)
      expect(epoch(driven, 22, ['+ 2 1', '+ 2 2']), kind).toBe(
        kind === 'semi' ? '+ 2 1' : '+ 2 1 2 2',
      )
      // Rows without a key are never kept, so nothing is forgotten of them.
      if (kind !== 'left') continue
      expect(epoch(driven, 50, ['+ NULL 1', ''])).toBe('+ NULL 1 NULL NULL')
      expect(epoch(driven, 90, ['- NULL 1', ''])).toBe('- NULL 1 NULL NULL')
    }
  })

  it('an outer row keeps the partner that it had; a new one does not know of it', () => {
    let driven = join('left', [true, true])
    expect(epoch(driven, 0, ['', '+ 1 5'])).toBe('')
    driven = next(driven)
    expect(epoch(driven, 5, ['+ 1 10', ''])).toBe('+ 1 10 1 5')
    driven = next(driven)
    expect(epoch(driven, 12, ['+ 1 11', ''])).toBe('+ 1 11 NULL NULL')
    driven = next(driven)
    // The old row is matched already and stays so; the new one was alone.
    expect(epoch(driven, 13, ['', '+ 1 6'])).toBe(lines('+ 1 10 1 6\n+ 1 11 1 6\n- 1 11 NULL NULL'))
    driven = next(driven)
    expect(epoch(driven, 14, ['', '- 1 6'])).toBe(lines('+ 1 11 NULL NULL\n- 1 10 1 6\n- 1 11 1 6'))
  })

  it('IN and NOT EXISTS likewise', () => {
    let semi = join('semi', [true, true])
    expect(epoch(semi, 0, ['+ 1 10', '+ 1 5'])).toBe('+ 1 10')
    semi = next(semi)
    expect(epoch(semi, 12, ['+ 1 11', ''])).toBe('')
    let anti = join('anti', [true, true])
    expect(epoch(anti, 0, ['+ 1 10', '+ 1 5'])).toBe('')
    anti = next(anti)
    expect(epoch(anti, 12, ['+ 1 11', ''])).toBe('+ 1 11')
  })

  it('set operations begin anew with a row that comes again after its time', () => {
    let driven = set('intersect')
    expect(epoch(driven, 0, ['+ 1 1', '+ 1 1'])).toBe('+ 1 1')
    driven = next(driven)
    expect(epoch(driven, 9, ['', '+ 1 1'])).toBe('')
    driven = next(driven)
    expect(epoch(driven, 19, ['+ 1 1', ''])).toBe('')
    driven = next(driven)
    expect(epoch(driven, 20, ['', '+ 1 1'])).toBe('+ 1 1')
    driven = next(driven)
    expect(epoch(driven, 40, ['', '- 1 1'])).toBe('')
    driven = set('except', true)
    expect(epoch(driven, 0, ['+ 1 1\n+ 1 1', '+ 1 1'])).toBe('+ 1 1')
    driven = next(driven)
    expect(epoch(driven, 30, ['+ 1 1', ''])).toBe('+ 1 1')
  })
})

describe.each([
  ['inner join', () => join('inner')],
  ['inner join of changes', () => join('inner', [true, true])],
  ['full join of changes', () => join('full', [true, true])],
  ['semi join', () => join('semi')],
  ['anti join of changes', () => join('anti', [true, true])],
  ['EXCEPT', () => set('except')],
] as const)('the state of an %s', (_, make) => {
  it('stays flat over ever new rows', () => {
    const driven = make()
    let rows = 0
    const bytes = [0, 0]
    for (let second = 0; second < 800; second++) {
      const own = (side: number) =>
        Array.from({ length: 25 }, (_, i) => `+ ${second * 25 + i} ${side}`).join('\n')
      epoch(driven, second, [own(1), second % 2 === 0 ? own(2) : ''])
      const size = driven.operator.stateSize()
      const half = second < 400 ? 0 : 1
      bytes[half] = Math.max(bytes[half], size.bytes)
      rows = Math.max(rows, size.rows)
    }
    expect(rows).toBeLessThan(50 * 10 * 1.6)
    expect(bytes[1]).toBeLessThanOrEqual(bytes[0])
    expect(driven.operator.dueUs!()).toBeLessThanOrEqual(at(800 + 13))
    epoch(driven, 2000, ['', ''])
    expect(driven.operator.stateSize().rows).toBe(0)
    expect(driven.operator.dueUs!()).toBe(Infinity)
  })
})
