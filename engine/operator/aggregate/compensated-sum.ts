/** Sums of doubles that hardly depend on the order of the rows: a running sum and the running error
 *  of its additions (Neumaier 1974, with Knuth's TwoSum). Infinities and NaN are counted apart, so
 *  that they can be retracted. */

import type { LoopCode } from '../../expr/codegen.ts'
import type { AddCode, AggregateCode, MergeCode, Slot } from './aggregate.ts'

export const DOUBLE_SUM_SLOTS: readonly Slot[] = [
  { name: 'sum', kind: 'f64', initial: 0 },
  { name: 'error', kind: 'f64', initial: 0 },
  { name: 'plus', kind: 'i32', initial: 0 },
  { name: 'minus', kind: 'i32', initial: 0 },
  { name: 'nan', kind: 'i32', initial: 0 },
]

/** Emits `sum += term`, exactly: what the sum cannot hold goes to the error. */
export function emitCompensated(code: LoopCode, sum: string, error: string, term: string): void {
  const [total, part] = [code.name('total'), code.name('part')]
  code.line(`const ${total} = ${sum} + ${term}`)
  code.line(`const ${part} = ${total} - ${sum}`)
  code.line(`${error} += (${sum} - (${total} - ${part})) + (${term} - ${part})`)
  code.line(`${sum} = ${total}`)
}

/** Emits `sum += value * weight`. */
export function emitDoubleAdd({ code, slot, weight }: AddCode, value: string): void {
  const term = code.name('term')
  code.line(`const ${term} = ${weight === '1' ? value : `${value} * ${weight}`}`)
  code.block(`if (${term} - ${term} === 0)`, () =>
    emitCompensated(code, slot('sum'), slot('error'), term),
  )
  code.line(`else if (${value} === Infinity) ${slot('plus')} += ${weight}`)
  code.line(`else if (${value} === -Infinity) ${slot('minus')} += ${weight}`)
  code.line(`else ${slot('nan')} += ${weight}`)
}

/** Emits `sum += other sum`. */
export function emitDoubleMerge({ code, slot, other }: MergeCode): void {
  code.line(`${slot('error')} += ${other('error')}`)
  emitCompensated(code, slot('sum'), slot('error'), other('sum'))
  for (const name of ['plus', 'minus', 'nan']) code.line(`${slot(name)} += ${other(name)}`)
}

/** Emits the sum as a double. */
export function emitDoubleTotal({ code, slot }: AggregateCode): string {
  const special = code.bind(specialTotal, 'specialTotal')
  const counts = [slot('plus'), slot('minus'), slot('nan')]
  const sum = `${slot('sum')} + ${slot('error')}`
  return `((${counts.join(' | ')}) === 0 ? ${sum} : ${special}(${counts.join(', ')}, ${sum}))`
}

function specialTotal(plus: number, minus: number, nan: number, sum: number): number {
  if (nan > 0 || (plus > 0 && minus > 0)) return NaN
  if (plus > 0) return Infinity
  return minus > 0 ? -Infinity : sum
}
