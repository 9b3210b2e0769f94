/** Exact sums of 64-bit integers in two doubles: total = high * 2^32 + low, |low| <= 2^52. Adding a
 *  value below 2^52 is one addition and one comparison; everything larger takes the slow path. */

import { fail, type Span } from '../../base/errors.ts'
import { exactInteger } from '../../batch/value.ts'
import type { AddCode, AggregateCode, MergeCode, Slot } from './aggregate.ts'

export const SUM_SLOTS: readonly Slot[] = [
  { name: 'low', kind: 'f64', initial: 0 },
  { name: 'high', kind: 'f64', initial: 0 },
]

const LOW_MAX = 2 ** 52
const BASE = 2 ** 32

/** Emits `total += value * weight`. */
export function emitExactAdd({ code, slot, weight }: AddCode, value: string): void {
  const term = code.name('term')
  const slow = code.bind(slowAdd, 'slowAdd')
  const carry = code.bind(carried, 'carried')
  const product = weight === '1' ? value : `${value} * ${weight}`
  code.line(`let ${term} = typeof ${value} === 'number' ? ${product} : NaN`)
  code.block(`if (${term} <= ${LOW_MAX} && ${term} >= -${LOW_MAX})`, () => {
    code.line(`${term} += ${slot('low')}`)
    code.block(`if (${term} > ${LOW_MAX} || ${term} < -${LOW_MAX})`, () => {
      code.line(`${slot('high')} += ${carry}(${term})`)
      code.line(`${term} -= ${carry}(${term}) * ${BASE}`)
    })
    code.line(`${slot('low')} = ${term}`)
  })
  code.block('else', () => {
    const parts = code.name('parts')
    code.line(`const ${parts} = ${slow}(${slot('low')}, ${slot('high')}, ${value}, ${weight})`)
    code.line(`${slot('low')} = ${parts}[0]; ${slot('high')} = ${parts}[1]`)
  })
}

/** Emits `total += other total`. */
export function emitExactMerge({ code, slot, other }: MergeCode): void {
  const carry = code.bind(carried, 'carried')
  const low = code.name('low')
  code.line(`let ${low} = ${slot('low')} + ${other('low')}`)
  code.line(`${slot('high')} += ${other('high')}`)
  code.block(`if (${low} > ${LOW_MAX} || ${low} < -${LOW_MAX})`, () => {
    code.line(`${slot('high')} += ${carry}(${low})`)
    code.line(`${low} -= ${carry}(${low}) * ${BASE}`)
  })
  code.line(`${slot('low')} = ${low}`)
}

/** How many 2^32 to move from low to high. */
const carried = (low: number): number => Math.trunc(low / BASE)

function slowAdd(low: number, high: number, value: number | bigint, weight: number): number[] {
  const total = totalOf(low, high) + BigInt(value) * BigInt(weight)
  const rest = BigInt.asIntN(32, total)
  return [Number(rest), Number((total - rest) >> 32n)]
}

const totalOf = (low: number, high: number): bigint => BigInt(high) * BigInt(BASE) + BigInt(low)

/** Emits the sum as an i64 value; OUT_OF_RANGE beyond 64 bits. */
export function emitExactTotal({ code, call, slot }: AggregateCode): string {
  const at = call.args[0]?.at
  const total = code.bind((low: number, high: number) => total64(low, high, at), 'total64')
  return `(${slot('high')} === 0 ? ${slot('low')} : ${total}(${slot('low')}, ${slot('high')}))`
}

/** Emits the sum divided by `count`, truncated toward zero, as an i64 value. */
export function emitExactAverage({ code, slot }: AggregateCode, count: string): string {
  const average = code.bind(average64, 'average64')
  return `(${slot('high')} === 0 ? Math.trunc(${slot('low')} / ${count}) + 0 : ${average}(${slot('low')}, ${slot('high')}, ${count}))`
}

function total64(low: number, high: number, at: Span | undefined): number | bigint {
  const total = totalOf(low, high)
  if (BigInt.asIntN(64, total) !== total) {
    fail('OUT_OF_RANGE', `SUM is ${total}, which does not fit BIGINT`, {
      at,
      hint: 'Sum a DECIMAL or a DOUBLE: SUM(CAST(x AS DOUBLE)).',
    })
  }
  return exactInteger(total)
}

const average64 = (low: number, high: number, count: number): number | bigint =>
  exactInteger(totalOf(low, high) / BigInt(count))
