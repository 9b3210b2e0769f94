import { describe, expect, it } from 'vitest'
import { INTERVAL_SECOND } from '../../../engine/batch/types.ts'
import type { Expr } from '../../../engine/expr/ir.ts'
import { literal } from '../../../engine/expr/literal.ts'
import { resolveCall } from '../../../engine/expr/resolve.ts'
import { joinParts } from '../../../sql/logical/join-parts.ts'
import { makeJoin } from '../../../sql/logical/make-join.ts'
import { fieldsOf } from '../../../sql/logical/node.ts'
import { scan } from '../optimize/plan-builder.ts'

const pairs = makeJoin({ join: 'inner', left: scan(), right: scan() })
const at = (index: number): Expr => ({ kind: 'column', index, ...fieldsOf(pairs)[index] })
const [LEFT_TS, RIGHT_TS] = [at(3), at(7)]
const call = (name: string, ...args: Expr[]) => resolveCall(name, args)
const seconds = (count: number) => literal(INTERVAL_SECOND, count * 1_000_000)
const and = (...conditions: Expr[]) => conditions.reduce((a, b) => call('AND', a, b))

describe('the interval of a join', () => {
  const interval = (on: Expr) => joinParts(on, scan(), scan()).interval
  const plus = (time: Expr, count: number) => call('+', time, seconds(count))
  const minus = (time: Expr, count: number) => call('-', time, seconds(count))

  it.each<[string, Expr, [number, number] | undefined]>([
    [
      'l BETWEEN r - 5 AND r + 7',
      call('BETWEEN', LEFT_TS, minus(RIGHT_TS, 5), plus(RIGHT_TS, 7)),
      [-7, 5],
    ],
    ['r BETWEEN l AND l + 3', call('BETWEEN', RIGHT_TS, LEFT_TS, plus(LEFT_TS, 3)), [0, 3]],
    [
      'l + 2 <= r AND r < l + 9',
      and(call('<=', plus(LEFT_TS, 2), RIGHT_TS), call('<', RIGHT_TS, plus(LEFT_TS, 9))),
      [2, 9],
    ],
    [
      'the tighter of two bounds',
      and(
        call('>=', RIGHT_TS, LEFT_TS),
        call('>=', RIGHT_TS, plus(LEFT_TS, 1)),
        call('<=', RIGHT_TS, plus(LEFT_TS, 4)),
      ),
      [1, 4],
    ],
    ['l = r', call('=', LEFT_TS, RIGHT_TS), [0, 0]],
    ['l = r + 2', call('=', LEFT_TS, plus(RIGHT_TS, 2)), [-2, -2]],
    ['one bound alone', call('<=', LEFT_TS, RIGHT_TS), undefined],
    [
      'bounds that nothing meets',
      and(call('>=', RIGHT_TS, plus(LEFT_TS, 4)), call('<=', RIGHT_TS, LEFT_TS)),
      undefined,
    ],
    [
      'bounds under OR',
      call('OR', call('=', LEFT_TS, RIGHT_TS), call('=', at(1), at(5))),
      undefined,
    ],
  ])('%s', (_, on, expected) => {
    const found = interval(on)
    expect(found && [found.lowerUs / 1e6, found.upperUs / 1e6]).toEqual(expected)
    if (found !== undefined) expect([found.leftTime, found.rightTime]).toEqual([3, 3])
  })
})

describe('the keys of a join', () => {
  it('are equalities between the sides, either way round; the rest is the condition', () => {
    const on = and(
      call('=', at(5), at(1)),
      call('IS NOT DISTINCT FROM', at(0), at(4)),
      call('=', at(1), at(2)),
      call('<', at(2), at(6)),
    )
    const { leftKeys, rightKeys, nullSafe, condition } = joinParts(on, scan(), scan())
    expect(leftKeys.map((key) => key.kind === 'column' && key.index)).toEqual([1, 0])
    expect(rightKeys.map((key) => key.kind === 'column' && key.index)).toEqual([1, 0])
    expect(nullSafe).toEqual([false, true])
    expect(condition).toMatchObject({ name: 'AND' })
  })

  it('are of one type', () => {
    const { leftKeys, rightKeys } = joinParts(call('=', at(1), at(6)), scan(), scan())
    expect(leftKeys[0].type).toEqual(rightKeys[0].type)
  })
})
