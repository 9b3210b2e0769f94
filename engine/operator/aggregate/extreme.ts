/** MIN and MAX. Over append-only input the best value so far; where rows can be retracted, an
 *  ordered multiset of all values. NaN is greater than every number; strings compare by code
 *  point. */

import { type DataType, storageOf } from '../../batch/types.ts'
import { integerOfLanes } from '../../batch/value.ts'
import { compareValues } from '../../batch/value-order.ts'
import {
  addCount,
  type Compare,
  greatestOf,
  leastOf,
  mergeCounts,
} from '../../state/ordered-counts.ts'
import type { AddCode, AggregateCode, AggregateForm, AggregateFunction, Slot } from './aggregate.ts'
import { scalarOf } from './scalar.ts'

type Direction = 'MIN' | 'MAX'

/** How values of a type are kept: 'number' as a double; 'lanes' as the two halves of an i64, which
 *  compare without a BigInt; 'any' as a JavaScript value. */
function keptAs(type: DataType): 'number' | 'lanes' | 'any' {
  const storage = storageOf(type)
  if (storage === 'i64') return 'lanes'
  return storage === 'bytes' || storage === 'i128' ? 'any' : 'number'
}

const VALUE_SLOTS = { number: ['best'], lanes: ['low', 'high'], any: ['best'] } as const
const ARRAY = { number: 'f64', lanes: 'i32', any: 'js' } as const

const slotsOf = (type: DataType): Slot[] => [
  { name: 'seen', kind: 'u8', initial: 0 },
  ...VALUE_SLOTS[keptAs(type)].map((name) => ({ name, kind: ARRAY[keptAs(type)], initial: 0 })),
]

function extreme(name: Direction, doc: string): AggregateFunction {
  return {
    name,
    doc,
    example: `${name}(delay)`,
    result: ([arg, ...more]) =>
      arg === undefined || more.length > 0 || ['list', 'struct'].includes(storageOf(arg))
        ? undefined
        : arg,
    nullable: true,
    overChanges: overChanges(name),
    ignoresDistinct: true,
    slots: ([arg]) => slotsOf(arg),
    add: (add) => emitTake(add, CANDIDATE[keptAs(add.args[0])](add), name),
    merge(merge) {
      const { code, other, args } = merge
      const candidate = VALUE_SLOTS[keptAs(args[0])].map(other)
      code.block(`if (${other('seen')} === 1)`, () => emitTake(merge, candidate, name))
    },
    value(code) {
      const isNull = `${code.slot('seen')} === 0`
      return { ...VALUE[keptAs(code.args[0])](code), isNull }
    },
  }
}

function overChanges(name: Direction): AggregateForm {
  return {
    slots: () => [{ name: 'values', kind: 'js', initial: 0 }],
    add(add) {
      const { code, slot, weight, args } = add
      const value = keptAs(args[0]) === 'lanes' ? scalarOf(add.values[0]) : kept(add)
      const take = code.bind(addCount, 'addCount')
      const compare = code.bind(orderOf(args[0]), 'compare')
      code.line(`${slot('values')} = ${take}(${slot('values')}, ${value}, ${weight}, ${compare})`)
    },
    merge({ code, slot, other, args }) {
      const take = code.bind(mergeCounts, 'mergeCounts')
      const compare = code.bind(orderOf(args[0]), 'compare')
      code.line(`${slot('values')} = ${take}(${slot('values')}, ${other('values')}, ${compare})`)
    },
    value({ code, slot, args: [type] }) {
      const read = name === 'MIN' ? code.bind(leastOf, 'least') : code.bind(greatestOf, 'greatest')
      const best = code.constant('best', `${read}(${slot('values')})`)
      const form = storageOf(type) === 'bytes' ? 'text' : 'scalar'
      const value = type.kind === 'boolean' ? `(${best} === 1)` : best
      return { form, value, isNull: `${best} === undefined` }
    },
  }
}

const kept = (add: AddCode): string => CANDIDATE[keptAs(add.args[0])](add)[0]

const orderOf = (type: DataType): Compare<never> =>
  keptAs(type) === 'number' ? compareNumbers : compareValues

/** NaN is above every number. */
function compareNumbers(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

/** Emits the candidate of a row as local variables. */
const CANDIDATE = {
  number({ code, values }: AddCode): string[] {
    return [code.constant('candidate', `+${scalarOf(values[0])}`)]
  },
  lanes({ code, values }: AddCode): string[] {
    const value = scalarOf(values[0])
    const [low, high] = [code.name('low'), code.name('high')]
    code.line(`let ${low}, ${high}`)
    code.branch(
      `typeof ${value} === 'number'`,
      () => code.line(`${high} = Math.floor(${value} / 4294967296) | 0; ${low} = ${value} | 0`),
      () => code.line(`[${low}, ${high}] = ${code.bind(lanesOf, 'lanesOf')}(${value})`),
    )
    return [low, high]
  },
  any({ code, values: [value], args }: AddCode): string[] {
    if (value.form !== 'slice') return [code.constant('candidate', value.value)]
    const own = code.bind(args[0].kind === 'bytes' ? copyOf : textOf, 'own')
    return [code.constant('candidate', `${own}(${value.heap}, ${value.start}, ${value.end})`)]
  },
}

/** The condition under which the candidate beats the best so far. */
const BETTER = {
  number({ slot }: AggregateCode, [candidate]: readonly string[], name: Direction): string {
    const best = slot('best')
    const [a, b] = name === 'MIN' ? [candidate, best] : [best, candidate]
    return `${a} < ${b} || (${b} !== ${b} && ${a} === ${a})`
  },
  lanes({ slot }: AggregateCode, [low, high]: readonly string[], name: Direction): string {
    const op = name === 'MIN' ? '<' : '>'
    return (
      `${high} ${op} ${slot('high')} || ` +
      `(${high} === ${slot('high')} && (${low} >>> 0) ${op} (${slot('low')} >>> 0))`
    )
  },
  any({ code, slot }: AggregateCode, [candidate]: readonly string[], name: Direction): string {
    const compare = code.bind(compareValues, 'compareValues')
    return `${compare}(${candidate}, ${slot('best')}) ${name === 'MIN' ? '<' : '>'} 0`
  },
}

/** Emits the taking of a candidate that is better than the best so far. */
function emitTake(state: AggregateCode, candidate: readonly string[], name: Direction): void {
  const { code, slot } = state
  const kept = keptAs(state.args[0])
  const better = BETTER[kept](state, candidate, name)
  code.block(`if (${slot('seen')} === 0 || ${better})`, () => {
    code.line(`${slot('seen')} = 1`)
    VALUE_SLOTS[kept].forEach((part, i) => {
      code.line(`${slot(part)} = ${candidate[i]}`)
    })
  })
}

const VALUE = {
  number: ({ slot, args: [type] }: AggregateCode) => ({
    form: 'scalar' as const,
    value: type.kind === 'boolean' ? `${slot('best')} === 1` : slot('best'),
  }),
  lanes: ({ code, slot }: AggregateCode) => ({
    form: 'scalar' as const,
    value: `${code.bind(integerOfLanes, 'fromLanes')}(${slot('low')}, ${slot('high')})`,
  }),
  any: ({ slot, args: [type] }: AggregateCode) => ({
    form: storageOf(type) === 'bytes' ? ('text' as const) : ('scalar' as const),
    value: slot('best'),
  }),
}

const decoder = new TextDecoder()
const textOf = (heap: Uint8Array, start: number, end: number): string =>
  decoder.decode(heap.subarray(start, end))

const copyOf = (heap: Uint8Array, start: number, end: number): Uint8Array => heap.slice(start, end)

const lanesOf = (value: bigint): [number, number] => [
  Number(BigInt.asIntN(32, value)),
  Number(value >> 32n),
]

export const min = extreme('MIN', 'The least value that is not NULL; NULL if there is none.')
export const max = extreme('MAX', 'The greatest value that is not NULL; NULL if there is none.')
