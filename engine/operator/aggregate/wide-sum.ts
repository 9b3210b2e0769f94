/** Exact sums of decimals of any size: a number while it is below 2^53, then a bigint. */

import { fail, type Span } from '../../base/errors.ts'
import { exactInteger } from '../../batch/value.ts'
import { divideHalfUp, fitDecimal, PRECISION_MAX, powerOfTen } from '../../expr/decimal.ts'
import type { AddCode, AggregateCode, MergeCode, Slot } from './aggregate.ts'

type Exact = number | bigint

export const WIDE_SUM_SLOTS: readonly Slot[] = [{ name: 'total', kind: 'js', initial: 0 }]

/** Emits `total += value * weight`. */
export function emitWideAdd({ code, slot, weight }: AddCode, value: string): void {
  const add = code.bind(wideAdd, 'wideAdd')
  code.line(`${slot('total')} = ${add}(${slot('total')}, ${value}, ${weight})`)
}

/** Emits `total += other total`. */
export function emitWideMerge({ code, slot, other }: MergeCode): void {
  const add = code.bind(wideAdd, 'wideAdd')
  const from = other('total')
  code.line(`if (${from} !== undefined) ${slot('total')} = ${add}(${slot('total')}, ${from}, 1)`)
}

function wideAdd(total: Exact | undefined, value: Exact, weight: number): Exact {
  const before = total ?? 0
  if (typeof before === 'number' && typeof value === 'number') {
    const sum = before + value * weight
    if (Number.isSafeInteger(sum) && Number.isSafeInteger(value * weight)) return sum
  }
  return exactInteger(BigInt(before) + BigInt(value) * BigInt(weight))
}

/** Emits the sum as a DECIMAL(38, s); OUT_OF_RANGE beyond 38 digits. */
export function emitWideTotal({ code, call, slot }: AggregateCode, name: string): string {
  const at = call.args[0]?.at
  const fit = code.bind((total: Exact | undefined) => fitted(BigInt(total ?? 0), name, at), 'fit')
  return `${fit}(${slot('total')})`
}

/** Emits `total / count`, rounded half up, with `digits` more digits behind the point. */
export function emitWideAverage(
  { code, call, slot }: AggregateCode,
  count: string,
  digits: number,
): string {
  const shift = powerOfTen(digits)
  const average = (total: Exact | undefined, n: number) =>
    n === 0
      ? 0
      : fitted(divideHalfUp(BigInt(total ?? 0) * shift, BigInt(n)), 'AVG', call.args[0]?.at)
  return `${code.bind(average, 'average')}(${slot('total')}, ${count})`
}

function fitted(value: bigint, name: string, at: Span | undefined): Exact {
  return (
    fitDecimal(value, PRECISION_MAX) ??
    fail('OUT_OF_RANGE', `${name} has more than ${PRECISION_MAX} digits`, {
      at,
      hint: 'Sum a DECIMAL of fewer digits, or a DOUBLE.',
    })
  )
}
