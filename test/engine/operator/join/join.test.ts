import { describe, expect, test } from 'vitest'
import { BIGINT, BOOLEAN, DOUBLE, TIMESTAMP, VARCHAR } from '../../../../engine/batch/types.ts'
import type { Expr } from '../../../../engine/expr/ir.ts'
import type { JoinKind, JoinNode } from '../../../../engine/operator/nodes.ts'
import { columnOf, fields, lines } from '../run.ts'
import { type DriveTwo, driveTwo } from './join-drive.ts'

const left = fields({ k: BIGINT, a: VARCHAR })
const right = fields({ k: BIGINT, b: VARCHAR })

function node(join: JoinKind, more: Partial<JoinNode> = {}): JoinNode {
  const one = join === 'semi' || join === 'anti'
  return {
    join,
    leftKeys: [columnOf(left, 'k')],
    rightKeys: [columnOf(right, 'k')],
    nullSafe: [false],
    nullAware: false,
    fields: one ? left : [...left, ...right],
    ...more,
  }
}

const updating = [true, true] as const
const drive = (join: JoinKind, more?: Partial<JoinNode>, changelog = updating): DriveTwo =>
  driveTwo('join', node(join, more), [left, right], { changelog })

describe('inner', () => {
  test('append-only inputs give append-only pairs with the batch, the later row brings them', () => {
    const op = driveTwo('join', node('inner'), [left, right])
    expect(op.appendOnly).toBe(true)
    op.batch(0, `1 a\n 2 b\n NULL c`)
    op.batch(1, `1 x\n 1 y\n NULL z`)
    expect(op.epoch()).toBe(lines(`1 a 1 x\n 1 a 1 y`))
    op.batch(0, `1 d`)
    expect(op.epoch()).toBe(lines(`1 d 1 x\n 1 d 1 y`))
  })

  test('retractions take pairs back, weights multiply', () => {
    const op = drive('inner')
    op.batch(0, `+2 1 a`)
    op.batch(1, `+3 1 x`)
    expect(op.epoch()).toBe('+6 1 a 1 x')
    op.batch(0, `- 1 a`)
    op.batch(1, `- 1 x`)
    expect(op.epoch()).toBe('-4 1 a 1 x')
    op.batch(0, `- 1 a`)
    expect(op.epoch()).toBe('-2 1 a 1 x')
    expect(op.operator.stateSize().rows).toBe(1)
  })

  test('what comes and goes within an epoch is nothing, in whatever order', () => {
    const op = drive('inner')
    op.batch(1, `+ 1 x`)
    op.epoch()
    op.batch(0, `- 1 a`)
    op.batch(0, `+ 1 a`)
    expect(op.epoch()).toBe('')
    op.batch(0, `+ 1 b`)
    op.batch(0, `- 1 b`)
    op.batch(1, `- 1 x\n + 1 x`)
    expect(op.epoch()).toBe('')
    expect(op.operator.stateSize().rows).toBe(1)
  })

  test('the condition sees both rows; without keys every pair is tried', () => {
    const both = [...left, ...right.map((field) => ({ ...field, name: `r.${field.name}` }))]
    const condition: Expr = {
      kind: 'call',
      name: '<',
      type: BOOLEAN,
      args: [columnOf(both, 'a'), columnOf(both, 'r.b')],
    }
    const op = drive('inner', { leftKeys: [], rightKeys: [], nullSafe: [], condition })
    op.batch(0, `+ 1 a\n + 2 m\n + 3 NULL`)
    op.batch(1, `+ 7 b\n + 8 z`)
    expect(op.epoch()).toBe(lines(`+ 1 a 7 b\n + 1 a 8 z\n + 2 m 8 z`))
  })

  test('a null-safe key matches NULL with NULL; NaN is NaN and -0 is 0', () => {
    const op = drive('inner', { nullSafe: [true] })
    op.batch(0, `+ NULL a`)
    op.batch(1, `+ NULL x\n + 1 y`)
    expect(op.epoch()).toBe('+ NULL a NULL x')
    const l = fields({ d: DOUBLE })
    const floats = driveTwo(
      'join',
      {
        ...node('inner'),
        leftKeys: [columnOf(l, 'd')],
        rightKeys: [columnOf(l, 'd')],
        fields: [...l, ...l],
      },
      [l, l],
    )
    floats.batch(0, `NaN\n -0.0`)
    floats.batch(1, `NaN\n 0`)
    expect(floats.epoch()).toBe(lines(`0 0\n NaN NaN`))
  })

  test('a side keeps nothing when the other has ended', () => {
    const op = driveTwo('join', node('inner'), [left, right])
    op.batch(1, `1 x`)
    op.watermark(1, Infinity)
    op.batch(0, `1 a\n 2 b`)
    expect(op.epoch()).toBe('1 a 1 x')
    op.batch(0, `1 c`)
    expect(op.epoch()).toBe('1 c 1 x')
    expect(op.operator.stateSize().rows).toBe(1)
    op.watermark(0, Infinity)
    op.epoch()
    expect(op.operator.stateSize().rows).toBe(0)
    expect(op.watermarks).toEqual([Infinity])
  })
})

describe('outer', () => {
  test('left: a row is alone until it has a partner, and again after', () => {
    const op = drive('left')
    op.batch(0, `+ 1 a\n + NULL n`)
    expect(op.epoch()).toBe(lines(`+ 1 a NULL NULL\n + NULL n NULL NULL`))
    op.batch(1, `+ 1 x\n + 5 y`)
    expect(op.epoch()).toBe(lines(`+ 1 a 1 x\n - 1 a NULL NULL`))
    op.batch(1, `+ 1 z`)
    expect(op.epoch()).toBe('+ 1 a 1 z')
    op.batch(1, `- 1 x\n - 1 z`)
    expect(op.epoch()).toBe(lines(`+ 1 a NULL NULL\n - 1 a 1 x\n - 1 a 1 z`))
    op.batch(0, `- NULL n`)
    expect(op.epoch()).toBe('- NULL n NULL NULL')
  })

  test('left: no row is alone for a moment within an epoch', () => {
    const op = drive('left')
    op.batch(0, `+ 1 a`)
    op.batch(1, `+ 1 x`)
    expect(op.epoch()).toBe('+ 1 a 1 x')
    op.batch(1, `- 1 x`)
    op.batch(1, `+ 1 y`)
    expect(op.epoch()).toBe(lines(`+ 1 a 1 y\n - 1 a 1 x`))
  })

  test('right and full', () => {
    const op = drive('right')
    op.batch(1, `+ 1 x`)
    expect(op.epoch()).toBe('+ NULL NULL 1 x')
    op.batch(0, `+ 1 a\n + 2 b`)
    expect(op.epoch()).toBe(lines(`+ 1 a 1 x\n - NULL NULL 1 x`))
    const full = drive('full')
    full.batch(0, `+ 1 a\n + 2 b`)
    full.batch(1, `+ 2 x\n + 3 y`)
    expect(full.epoch()).toBe(lines(`+ 1 a NULL NULL\n + 2 b 2 x\n + NULL NULL 3 y`))
    full.batch(0, `- 2 b`)
    expect(full.epoch()).toBe(lines(`+ NULL NULL 2 x\n - 2 b 2 x`))
  })
})

describe('semi and anti', () => {
  test('semi comes with the first partner and goes with the last one', () => {
    const op = drive('semi')
    op.batch(0, `+ 1 a\n + 2 b`)
    expect(op.epoch()).toBe('')
    op.batch(1, `+ 1 x\n + 1 y`)
    expect(op.epoch()).toBe('+ 1 a')
    op.batch(1, `- 1 x`)
    expect(op.epoch()).toBe('')
    op.batch(1, `- 1 y`)
    expect(op.epoch()).toBe('- 1 a')
  })

  test('semi over append-only inputs is append-only and forgets who has a partner', () => {
    const op = driveTwo('join', node('semi'), [left, right])
    expect(op.appendOnly).toBe(true)
    op.batch(0, `1 a\n 2 b`)
    op.batch(1, `1 x\n 1 y`)
    expect(op.epoch()).toBe('1 a')
    expect(op.operator.stateSize().rows).toBe(2)
  })

  test('NOT IN: a NULL on the right makes every answer unknown', () => {
    const op = drive('anti', { nullAware: true })
    op.batch(0, `+ 1 a\n + NULL n`)
    expect(op.epoch()).toBe(lines(`+ 1 a\n + NULL n`))
    op.batch(1, `+ 2 x`)
    expect(op.epoch()).toBe('- NULL n')
    op.batch(1, `+ NULL x`)
    expect(op.epoch()).toBe('- 1 a')
    op.batch(1, `- NULL x`)
    expect(op.epoch()).toBe('+ 1 a')
    const again = op.restarted()
    again.batch(1, `- 2 x`)
    expect(again.epoch()).toBe('+ NULL n')
  })
})

const timedLeft = fields({ k: BIGINT, t: TIMESTAMP })
const timedRight = fields({ k: BIGINT, u: TIMESTAMP })
const MINUTE = 60_000_000
const at = (minutes: number) => new Date(minutes * 60_000).toISOString().slice(0, 19)
const row = (k: number | string, minutes: number) => `${k} ${at(minutes)}`

/** A: B within 30 minutes after A. */
function interval(join: JoinKind, changelog?: readonly [boolean, boolean]): DriveTwo {
  const one = join === 'semi' || join === 'anti'
  const both = [...timedLeft, ...timedRight.map((f) => ({ ...f, name: `r.${f.name}` }))]
  const [t, u] = [columnOf(both, 't'), columnOf(both, 'r.u')]
  const limit: Expr = {
    kind: 'call',
    name: '+',
    type: TIMESTAMP,
    args: [t, { kind: 'literal', type: { kind: 'interval_second' }, value: 30 * MINUTE }],
  }
  const compare = (name: string, a: Expr, b: Expr): Expr => ({
    kind: 'call',
    name,
    type: BOOLEAN,
    args: [a, b],
  })
  return driveTwo(
    'join',
    {
      join,
      leftKeys: [columnOf(timedLeft, 'k')],
      rightKeys: [columnOf(timedRight, 'k')],
      nullSafe: [false],
      nullAware: false,
      condition: {
        kind: 'call',
        name: 'AND',
        type: BOOLEAN,
        args: [compare('>=', u, t), compare('<=', u, limit)],
      },
      interval: { leftTime: 1, rightTime: 1, lowerUs: 0, upperUs: 30 * MINUTE },
      fields: one ? timedLeft : [...timedLeft, ...timedRight],
    },
    [timedLeft, timedRight],
    { changelog },
  )
}

describe('within an interval', () => {
  const out = (text: string) => text.replaceAll(/:00\.000\b/g, ':00')

  test('A without B within 30 minutes comes out once, when the time has passed', () => {
    let op = interval('left')
    expect(op.appendOnly).toBe(true)
    op.batch(0, `${row(1, 0)}\n ${row(2, 5)}\n ${row('NULL', 6)}`)
    op.batch(1, row(1, 10))
    expect(out(op.epoch())).toBe(lines(`1 ${at(0)} 1 ${at(10)}\n NULL ${at(6)} NULL NULL`))
    op.watermark(0, 40 * MINUTE)
    op.watermark(1, 35 * MINUTE)
    // 2 may still meet its B at minute 35.
    expect(op.epoch()).toBe('')
    op = op.restarted()
    op.watermark(1, 35 * MINUTE + 1)
    expect(out(op.epoch())).toBe(`2 ${at(5)} NULL NULL`)
    op.watermark(1, 90 * MINUTE)
    expect(op.epoch()).toBe('')
    expect(op.operator.stateSize().rows).toBe(0)
  })

  test('full, semi and anti speak when it is sure', () => {
    const op = interval('full')
    op.batch(0, row(1, 0))
    op.batch(1, row(9, 3))
    expect(op.epoch()).toBe('')
    op.watermark(0, 4 * MINUTE)
    op.watermark(1, 4 * MINUTE)
    expect(out(op.epoch())).toBe(`NULL NULL 9 ${at(3)}`)
    const semi = interval('semi')
    expect(semi.appendOnly).toBe(true)
    semi.batch(0, row(1, 0))
    semi.batch(1, `${row(1, 10)}\n ${row(1, 11)}`)
    expect(out(semi.epoch())).toBe(row(1, 0))
    const anti = interval('anti')
    anti.batch(0, `${row(1, 0)}\n ${row(2, 0)}`)
    anti.batch(1, row(1, 10))
    expect(anti.epoch()).toBe('')
    anti.watermark(1, 31 * MINUTE)
    expect(out(anti.epoch())).toBe(row(2, 0))
  })

  test('a row is late by the mark that its own split had, or by what its input has promised', () => {
    const op = interval('inner')
    op.batch(0, `${row(1, 0)}\n ${row(2, 9)}`, [-Infinity, 10 * MINUTE])
    op.watermark(1, 8 * MINUTE)
    op.batch(1, row(1, 7))
    op.batch(1, row(1, 8))
    expect(out(op.epoch())).toBe(`1 ${at(0)} 1 ${at(8)}`)
    expect(op.late.map(out)).toEqual([row(2, 9), row(1, 7)])
  })

  test('the watermark waits for the oldest row that can still come out', () => {
    const op = interval('inner')
    op.watermark(0, 100 * MINUTE)
    op.epoch()
    op.watermark(1, 80 * MINUTE)
    op.epoch()
    op.watermark(1, 200 * MINUTE)
    op.epoch()
    op.watermark(0, Infinity)
    op.epoch()
    op.watermark(1, Infinity)
    op.epoch()
    expect(op.watermarks).toEqual([50 * MINUTE, 100 * MINUTE, 170 * MINUTE, Infinity])
  })

  test('updating inputs are told at once, and rows go when nothing can change them', () => {
    const op = interval('left', [true, true])
    expect(op.appendOnly).toBe(false)
    op.batch(0, `+ ${row(1, 0)}`)
    expect(out(op.epoch())).toBe(`+ 1 ${at(0)} NULL NULL`)
    op.batch(1, `+ ${row(1, 1)}`)
    expect(out(op.epoch())).toBe(lines(`+ 1 ${at(0)} 1 ${at(1)}\n - 1 ${at(0)} NULL NULL`))
    op.watermark(0, 60 * MINUTE)
    op.watermark(1, 30 * MINUTE)
    op.batch(1, `- ${row(1, 30)}\n + ${row(1, 30)}`)
    op.epoch()
    expect(op.operator.stateSize().rows).toBe(1)
    op.watermark(1, 31 * MINUTE)
    op.epoch()
    expect(op.operator.stateSize().rows).toBe(0)
  })
})

test('state stays flat over a long run of an interval join and of an updating one', () => {
  const op = interval('left')
  const sizes: number[] = []
  for (let minute = 0; minute < 3000; minute++) {
    op.batch(0, `${row(minute, minute)}\n ${row(minute + 10_000, minute)}`)
    op.batch(1, row(minute, minute + 1))
    op.watermark(0, minute * MINUTE)
    op.watermark(1, minute * MINUTE)
    op.epoch()
    if (minute % 1000 === 999) sizes.push(op.operator.stateSize().bytes)
    expect(op.operator.stateSize().rows).toBeLessThan(100)
  }
  expect(sizes[2]).toBeLessThanOrEqual(sizes[1] * 1.5)
  const updates = drive('full')
  updates.batch(1, '+ 1 x')
  for (let n = 0; n < 6000; n++) {
    if (n > 0) updates.batch(0, `- ${n % 7} r${n - 1}`.replace(`${n % 7}`, `${(n - 1) % 7}`))
    updates.batch(0, `+ ${n % 7} r${n}`)
    updates.epoch()
  }
  expect(updates.operator.stateSize().rows).toBe(2)
  expect(updates.operator.stateSize().bytes).toBeLessThan(500_000)
})

test('refuses what it cannot do', () => {
  const text = fields({ k: VARCHAR, a: VARCHAR })
  const refused =
    (n: JoinNode, l = left) =>
    () =>
      driveTwo('join', n, [l, right])
  expect(refused({ ...node('inner'), leftKeys: [columnOf(text, 'k')] }, text)).toThrow(
    'Join keys of different types: STRING and BIGINT',
  )
  const period = { leftTime: 1, rightTime: 1, lowerUs: 0, upperUs: 1 }
  expect(refused(node('inner', { interval: period }))).toThrow('needs a TIMESTAMP; a is STRING')
})
