import { describe, expect, test } from 'vitest'
import { BIGINT, VARCHAR } from '../../../../engine/batch/types.ts'
import type { RankNode } from '../../../../engine/operator/nodes.ts'
import { columnOf, drive, fields, lines } from '../run.ts'

const input = fields({ k: VARCHAR, v: BIGINT, id: BIGINT })
const withRank = fields({ k: VARCHAR, v: BIGINT, id: BIGINT, rank: BIGINT })
const byValue = { expr: columnOf(input, 'v'), descending: true, nullsFirst: false }
const top = (to: number, more: Partial<RankNode> = {}): RankNode => ({
  ranking: 'row_number',
  partitionBy: [columnOf(input, 'k')],
  orderBy: [byValue],
  from: 1,
  to,
  withRank: false,
  fields: input,
  ...more,
})

describe('over append-only input', () => {
  test('top 2 by key: what comes in pushes out', () => {
    const op = drive('rank', top(2), input)
    op.batch(`a 1 1\n a 3 2\n b 5 3`)
    expect(op.epoch()).toBe(lines(`a 3 2\n a 1 1\n b 5 3`))
    op.batch(`a 2 4\n a 0 5`)
    expect(op.epoch()).toBe(lines(`- a 1 1\n + a 2 4`))
    expect(op.epoch()).toBe('')
    expect(op.operator.stateSize().rows).toBe(3)
  })

  test('with the rank, rows that move are taken back and said again', () => {
    const op = drive('rank', top(3, { withRank: true, fields: withRank }), input)
    op.batch(`a 1 1\n a 3 2`)
    expect(op.epoch()).toBe(lines(`a 3 2 1\n a 1 1 2`))
    op.batch(`a 2 3`)
    expect(op.epoch()).toBe(lines(`- a 1 1 2\n + a 2 3 2\n + a 1 1 3`))
  })

  test('ties go by arrival: the row that was first stays', () => {
    const op = drive('rank', top(1), input)
    op.batch(`a 1 1\n a 1 2`)
    expect(op.epoch()).toBe('a 1 1')
    op.batch(`a 1 3`)
    expect(op.epoch()).toBe('')
  })

  test('keep-first and keep-last keep one row a key', () => {
    const last = drive(
      'rank',
      top(1, { orderBy: [{ ...byValue, expr: columnOf(input, 'id') }] }),
      input,
    )
    last.batch(`a 1 1\n b 1 2`)
    last.epoch()
    last.batch(`a 1 3\n a 1 5\n a 1 4`)
    expect(last.epoch()).toBe(lines(`- a 1 1\n + a 1 5`))
    expect(last.operator.stateSize().rows).toBe(2)
  })

  test('without ORDER BY the first rows to arrive are kept, append-only', () => {
    const op = drive('rank', top(1, { orderBy: [] }), input)
    op.batch(`a 1 1\n a 2 2`)
    expect(op.epoch()).toBe('a 1 1')
    op.batch(`a 0 3`)
    expect(op.epoch()).toBe('')
  })

  test('RANK keeps all peers of the last rank; DENSE_RANK counts values', () => {
    const ranked = drive('rank', top(2, { ranking: 'rank' }), input)
    ranked.batch(`a 5 1\n a 4 2\n a 4 3\n a 3 4`)
    expect(ranked.epoch()).toBe(lines(`a 5 1\n a 4 2\n a 4 3`))
    ranked.batch(`a 5 5`)
    expect(ranked.epoch()).toBe(lines(`- a 4 2\n - a 4 3\n + a 5 5`))
    const dense = drive('rank', top(2, { ranking: 'dense_rank' }), input)
    dense.batch(`a 5 1\n a 5 2\n a 4 3\n a 3 4\n a 4 5`)
    expect(dense.epoch()).toBe(lines(`a 5 1\n a 5 2\n a 4 3\n a 4 5`))
    expect(dense.operator.stateSize().rows).toBe(4)
  })

  test('NULL is last or first as asked, and NULL keys are a partition', () => {
    const op = drive('rank', top(1), input)
    op.batch(`NULL NULL 1\n NULL 0 2\n a NULL 3`)
    expect(op.epoch()).toBe(lines(`NULL 0 2\n a NULL 3`))
    const first = drive('rank', top(1, { orderBy: [{ ...byValue, nullsFirst: true }] }), input)
    first.batch(`a 1 1\n a NULL 2`)
    expect(first.epoch()).toBe('a NULL 2')
  })

  test('computed order keys', () => {
    const expr = { kind: 'call' as const, name: '-', type: BIGINT, args: [columnOf(input, 'v')] }
    const op = drive('rank', top(1, { orderBy: [{ ...byValue, expr }] }), input)
    op.batch(`a 2 1\n a 1 2\n a 3 3`)
    expect(op.epoch()).toBe('a 1 2')
  })
})

describe('over an updating input', () => {
  test('a row that was behind comes in when one before it goes', () => {
    const op = drive('rank', top(2), input, { changelog: true })
    op.batch(`+ a 3 1\n + a 2 2\n + a 1 3`)
    expect(op.epoch()).toBe(lines(`a 3 1\n a 2 2`))
    op.batch(`- a 3 1`)
    expect(op.epoch()).toBe(lines(`- a 3 1\n + a 1 3`))
    op.batch(`- a 2 2\n - a 1 3`)
    expect(op.epoch()).toBe(lines(`- a 2 2\n - a 1 3`))
    expect(op.operator.stateSize().rows).toBe(0)
  })

  test('a retraction before its insertion, in one epoch or two', () => {
    const op = drive('rank', top(2), input, { changelog: true })
    op.batch(`- a 3 1\n + a 3 1\n + a 2 2`)
    expect(op.epoch()).toBe('a 2 2')
    op.batch(`- a 9 9`)
    expect(op.epoch()).toBe('')
    const again = op.restarted()
    again.batch(`+ a 9 9\n + a 8 8`)
    expect(again.epoch()).toBe('a 8 8')
  })

  test('equal rows count as often as they are there', () => {
    const op = drive('rank', top(3, { withRank: true, fields: withRank }), input, {
      changelog: true,
    })
    op.batch(`+2 a 1 1\n + a 0 2`)
    expect(op.epoch()).toBe(lines(`a 1 1 1\n a 1 1 2\n a 0 2 3`))
    op.batch(`- a 1 1`)
    expect(op.epoch()).toBe(lines(`- a 1 1 2\n - a 0 2 3\n + a 0 2 2`))
  })

  test('OFFSET: a range of ranks', () => {
    const op = drive('rank', top(3, { from: 2, partitionBy: [] }), input, { changelog: true })
    op.batch(`+ a 4 1\n + b 3 2\n + c 2 3\n + d 1 4`)
    expect(op.epoch()).toBe(lines(`b 3 2\n c 2 3`))
    op.batch(`- a 4 1`)
    expect(op.epoch()).toBe(lines(`- b 3 2\n + d 1 4`))
  })

  test('the state survives a restart, ties included', () => {
    const op = drive('rank', top(1), input, { changelog: true })
    op.batch(`+ a 1 1\n + a 1 2\n + a 1 3`)
    expect(op.epoch()).toBe('a 1 1')
    const again = op.restarted()
    again.batch(`- a 1 1`)
    expect(again.epoch()).toBe(lines(`- a 1 1\n + a 1 2`))
  })
})

test('dead rows and empty partitions are swept, the rest stays right', () => {
  const op = drive('rank', top(1), input, { changelog: true })
  const each = (sign: string, from: number) =>
    op.batch(
      Array.from({ length: 60 }, (_, i) => `${sign} key${from + i} 1 ${from + i}`).join('\n'),
    )
  for (let from = 0; from < 6000; from += 60) each('+', from)
  op.epoch()
  const full = op.operator.stateSize().bytes
  for (let from = 0; from < 5940; from += 60) each('-', from)
  op.epoch()
  expect(op.operator.stateSize().rows).toBe(60)
  expect(op.operator.stateSize().bytes).toBeLessThan(full / 4)
  op.batch(`+ key5999 2 9\n + key1 1 1`)
  expect(op.epoch()).toBe(lines(`- key5999 1 5999\n + key5999 2 9\n + key1 1 1`))
})

test('the watermark comes after the rows of its epoch', () => {
  const op = drive('rank', top(1), input)
  op.batch(`a 1 1`)
  op.watermark(Infinity)
  expect(op.watermarks).toEqual([])
  expect(op.epoch()).toBe('a 1 1')
  expect(op.watermarks).toEqual([Infinity])
})

test('what makes no sense is refused', () => {
  expect(() => drive('rank', top(1, { from: 0 }), input)).toThrow('A rank is at least 1')
  expect(() => drive('rank', top(1, { from: 2 }), input)).toThrow('A rank is at least 1')
})
