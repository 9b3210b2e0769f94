/** ROUND and TRUNCATE of doubles go by the decimal digits, on the fast path as on the slow one. */

import { expect, test } from 'vitest'
import { random } from '../../../engine/base/random.ts'
import { DOUBLE } from '../../../engine/batch/types.ts'
import { interpret } from '../../../engine/expr/interpret.ts'
import type { Value } from '../../../engine/expr/ir.ts'
import { double, int } from '../../../engine/expr/literal.ts'
import { resolveCall } from '../../../engine/expr/resolve.ts'
import { seedOf } from '../../seed.ts'
import { column } from './evaluate.ts'

const call = (name: string, x: number, digits: number): Value =>
  interpret(resolveCall(name, [double(x), int(digits)]), [])

/** By hand, on the digits that the double prints. */
function byDigits(x: number, digits: number, cut: boolean): number {
  const [whole, fraction = ''] = Math.abs(x).toString().split('.')
  const scaled = BigInt(whole + fraction.padEnd(digits, '0').slice(0, digits))
  const up = !cut && (fraction[digits] ?? '0') >= '5'
  return Math.sign(x) * Number(`${scaled + (up ? 1n : 0n)}e-${digits}`) + 0
}

test('ties go away from zero, by the printed digits', () => {
  expect(call('ROUND', 1.005, 2)).toBe(1.01)
  expect(call('ROUND', -2.675, 2)).toBe(-2.68)
  expect(call('ROUND', 0.285, 2)).toBe(0.29)
  expect(call('TRUNCATE', 0.29, 2)).toBe(0.29)
  expect(call('TRUNCATE', -1.999, 2)).toBe(-1.99)
  expect(call('ROUND', 15, -1)).toBe(20)
  expect(call('ROUND', Number.NaN, 2)).toBeNaN()
  expect(call('ROUND', 1e300, 2)).toBe(1e300)
})

test('random doubles', () => {
  const source = random(seedOf('rounding'))
  const round = resolveCall('ROUND', [column(0, DOUBLE), int(2)])
  const cut = resolveCall('TRUNCATE', [column(0, DOUBLE), int(2)])
  for (let i = 0; i < 20_000; i++) {
    const places = 10 ** source.below(6)
    const x =
      (source.below(2_000_000) - 1_000_000) / places + (source.below(4) === 0 ? source.unit() : 0)
    if (x.toString().includes('e')) continue
    expect(interpret(round, [x]), `ROUND(${x}, 2)`).toBe(byDigits(x, 2, false))
    expect(interpret(cut, [x]), `TRUNCATE(${x}, 2)`).toBe(byDigits(x, 2, true))
  }
})
