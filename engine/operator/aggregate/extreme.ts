/** MIN and MAX over append-only input: the best value so far. NaN is greater than every number;
 *  strings compare by code point. */

import { type DataType, storageOf } from '../../batch/types.ts'
import { compareValues } from '../../batch/value-order.ts'
import type { AddCode, AggregateCode, AggregateFunction, Slot } from './aggregate.ts'
import { scalarOf } from './scalar.ts'

type Direction = 'MIN' | 'MAX'

/** How values of a type are kept: 'number' as a double; 'lanes' as the two halves of an i64, which
 *  compare without a BigInt; 'any' as a JavaScript value. */
function keptAs(type: DataType): 'number' | 'lanes' | 'any' {
  const storage = storageOf(type)
  if (storage === 'i64') return 'lanes'
  return storage === 'bytes' || storage === 'i128' ? 'any' : 'number'
}

const SEEN: Slot = { name: 'seen', kind: 'u8', initial: 0 }
const SLOTS: Record<ReturnType<typeof keptAs>, readonly Slot[]> = {
  number: [SEEN, { name: 'best', kind: 'f64', initial: 0 }],
  lanes: [
    SEEN,
    { name: 'low', kind: 'i32', initial: 0 },
    { name: 'high', kind: 'i32', initial: 0 },
  ],
  any: [SEEN, { name: 'best', kind: 'js', initial: 0 }],
}

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
    retractable: false,
    slots: ([arg]) => SLOTS[keptAs(arg)],
    add: (add) => ADD[keptAs(add.args[0])](add, name),
    value(code) {
      const isNull = `${code.slot('seen')} === 0`
      return { ...VALUE[keptAs(code.args[0])](code), isNull }
    },
  }
}

const ADD = {
  number({ code, slot, values }: AddCode, name: Direction): void {
    const value = scalarOf(values[0])
    const number = code.name('candidate')
    code.line(`const ${number} = +${value}`)
    const [a, b] = name === 'MIN' ? [number, slot('best')] : [slot('best'), number]
    const better = `${a} < ${b} || (${b} !== ${b} && ${a} === ${a})`
    code.block(`if (${slot('seen')} === 0 || ${better})`, () => {
      code.line(`${slot('seen')} = 1; ${slot('best')} = ${number}`)
    })
  },
  lanes({ code, slot, values }: AddCode, name: Direction): void {
    const value = scalarOf(values[0])
    const [low, high] = [code.name('low'), code.name('high')]
    const slow = code.bind(lanesOf, 'lanesOf')
    code.line(`let ${low}, ${high}`)
    code.block(`if (typeof ${value} === 'number')`, () => {
      code.line(`${high} = Math.floor(${value} / 4294967296) | 0; ${low} = ${value} | 0`)
    })
    code.block('else', () => code.line(`[${low}, ${high}] = ${slow}(${value})`))
    const op = name === 'MIN' ? '<' : '>'
    const better =
      `${high} ${op} ${slot('high')} || ` +
      `(${high} === ${slot('high')} && (${low} >>> 0) ${op} (${slot('low')} >>> 0))`
    code.block(`if (${slot('seen')} === 0 || ${better})`, () => {
      code.line(`${slot('seen')} = 1; ${slot('low')} = ${low}; ${slot('high')} = ${high}`)
    })
  },
  any({ code, slot, values, args }: AddCode, name: Direction): void {
    const [value] = values
    const candidate = code.name('candidate')
    const decode = code.bind(args[0].kind === 'bytes' ? copyOf : textOf, 'own')
    const compare = code.bind(compareValues, 'compareValues')
    const js =
      value.form === 'slice' ? `${decode}(${value.heap}, ${value.start}, ${value.end})` : value.value
    code.line(`const ${candidate} = ${js}`)
    const op = name === 'MIN' ? '<' : '>'
    code.block(`if (${slot('seen')} === 0 || ${compare}(${candidate}, ${slot('best')}) ${op} 0)`, () =>
      code.line(`${slot('seen')} = 1; ${slot('best')} = ${candidate}`),
    )
  },
}

const VALUE = {
  number: ({ slot, args: [type] }: AggregateCode) => ({
    form: 'scalar' as const,
    value: type.kind === 'boolean' ? `${slot('best')} === 1` : slot('best'),
  }),
  lanes: ({ code, slot }: AggregateCode) => ({
    form: 'scalar' as const,
    value: `${code.bind(fromLanes, 'fromLanes')}(${slot('low')}, ${slot('high')})`,
  }),
  any: ({ slot, args: [type] }: AggregateCode) => ({
    form: storageOf(type) === 'bytes' ? ('text' as const) : ('scalar' as const),
    value: slot('best'),
  }),
}

const decoder = new TextDecoder()
const textOf = (heap: Uint8Array, start: number, end: number): string =>
  decoder.decode(heap.subarray(start, end))

const copyOf = (heap: Uint8Array, start: number, end: number): Uint8Array =>
  heap.slice(start, end)

const lanesOf = (value: bigint): [number, number] => [
  Number(BigInt.asIntN(32, value)),
  Number(value >> 32n),
]

/** The i64 value of two lanes: a number below 2^53, else a bigint. */
function fromLanes(low: number, high: number): number | bigint {
  if (high >= -2097152 && high < 2097152) return high * 4294967296 + (low >>> 0)
  return (BigInt(high) << 32n) + BigInt(low >>> 0)
}

export const min = extreme('MIN', 'The least value that is not NULL; NULL if there is none.')
export const max = extreme('MAX', 'The greatest value that is not NULL; NULL if there is none.')
