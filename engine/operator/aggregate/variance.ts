/** The variance family, from the sums of x and of x * x.
 *
 *  Both sums are held in two doubles (about 106 bits) with exact products and additions. That loses
 *  2^-104 of the mean square where plain doubles lose 2^-53, so the answer is good to full
 *  precision as long as the deviation is above 10^-7 of the mean, and better than Welford's method
 *  down to 10^-15. Unlike Welford's, the sums can be retracted and merged by adding, and hardly
 *  depend on the order of the rows. */

import { fail } from '../../base/errors.ts'
import { type DataType, DOUBLE, isNumeric } from '../../batch/types.ts'
import { powerOfTen } from '../../expr/decimal.ts'
import type { AggregateFunction } from './aggregate.ts'
import { emitCompensated } from './compensated-sum.ts'
import { scalarOf } from './scalar.ts'

/** Squares above this do not fit the sums. */
const VALUE_MAX = 1e150

const SUMS = ['sum', 'sumError', 'square', 'squareError'] as const
const COUNTS = ['special', 'huge'] as const

function variance(name: string, doc: string, finish: (sums: Sums) => number): AggregateFunction {
  const isSample = !name.endsWith('POP')
  return {
    name,
    doc: `${doc}; NULL if there are not enough values.`,
    example: `${name}(delay)`,
    result: ([arg, ...more]) =>
      arg !== undefined && more.length === 0 && isNumeric(arg) ? DOUBLE : undefined,
    nullable: true,
    slots: () => [
      { name: 'count', kind: 'f64', initial: 0 },
      ...SUMS.map((slot) => ({ name: slot, kind: 'f64' as const, initial: 0 })),
      ...COUNTS.map((slot) => ({ name: slot, kind: 'i32' as const, initial: 0 })),
    ],
    add({ code, slot, args, values, weight }) {
      const x = code.constant('x', doubleOf(args[0], scalarOf(values[0])))
      code.line(`${slot('count')} += ${weight}`)
      code.block(`if (${x} <= ${VALUE_MAX} && ${x} >= -${VALUE_MAX})`, () => {
        const square = code.constant('square', `${x} * ${x}`)
        const error = code.bind(productError, 'productError')
        code.line(`${slot('squareError')} += ${error}(${x}, ${x}, ${square})${timesOf(weight)}`)
        const terms = [x, square].map((value) => {
          if (weight === '1') return value
          return code.constant('term', `${value} * ${weight}`)
        })
        if (weight !== '1') {
          code.line(`${slot('sumError')} += ${error}(${x}, ${weight}, ${terms[0]})`)
          code.line(`${slot('squareError')} += ${error}(${square}, ${weight}, ${terms[1]})`)
        }
        emitCompensated(code, slot('sum'), slot('sumError'), terms[0])
        emitCompensated(code, slot('square'), slot('squareError'), terms[1])
      })
      code.line(`else if (${x} - ${x} === 0) ${slot('huge')} += ${weight}`)
      code.line(`else ${slot('special')} += ${weight}`)
    },
    merge({ code, slot, other }) {
      for (const part of ['count', 'sumError', 'squareError', ...COUNTS]) {
        code.line(`${slot(part)} += ${other(part)}`)
      }
      emitCompensated(code, slot('sum'), slot('sumError'), other('sum'))
      emitCompensated(code, slot('square'), slot('squareError'), other('square'))
    },
    value({ code, slot }) {
      const sums = ['count', ...SUMS, ...COUNTS].map(slot).join(', ')
      const read = (...slots: SumSlots) => finish(sumsOf(slots))
      const value = `${code.bind(read, 'variance')}(${sums})`
      return { form: 'scalar', value, isNull: `${slot('count')} < ${isSample ? 2 : 1}` }
    },
  }
}

const timesOf = (weight: string): string => (weight === '1' ? '' : ` * ${weight}`)

/** JavaScript for the value as a double. */
export function doubleOf(type: DataType, value: string): string {
  if (type.kind === 'decimal') return `Number(${value}) / ${Number(powerOfTen(type.scale))}`
  return type.kind === 'bigint' ? `Number(${value})` : value
}

type SumSlots = [
  count: number,
  sum: number,
  sumError: number,
  square: number,
  squareError: number,
  special: number,
  huge: number,
]

/** The number of values and the sum of their squared deviations from the mean. */
interface Sums {
  readonly count: number
  readonly deviations: number
}

function sumsOf([count, sum, sumError, square, squareError, special, huge]: SumSlots): Sums {
  if (special !== 0) return { count, deviations: Number.NaN }
  if (huge !== 0) {
    fail('OUT_OF_RANGE', `A value beyond ${VALUE_MAX} is too large for a variance`)
  }
  // count * square - sum * sum, where each term is a pair of doubles.
  const scaled = count * square
  const scaledRest = productError(count, square, scaled) + count * squareError
  const squared = sum * sum
  const squaredRest = productError(sum, sum, squared) + 2 * sum * sumError
  const difference = scaled - squared + (scaledRest - squaredRest)
  // What is below the precision of the pairs is no deviation at all.
  const isNoise = difference <= scaled * 2 ** -98
  return { count, deviations: isNoise ? 0 : difference / count }
}

/** a * b - product, exactly: Dekker's product with Veltkamp's splitting. */
function productError(a: number, b: number, product: number): number {
  const [aHigh, bHigh] = [highHalf(a), highHalf(b)]
  const [aLow, bLow] = [a - aHigh, b - bHigh]
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)
}

function highHalf(value: number): number {
  const shifted = value * 134217729
  return shifted - (shifted - value)
}

const ofPopulation = ({ count, deviations }: Sums): number => deviations / count
const ofSample = ({ count, deviations }: Sums): number => deviations / (count - 1)
const rootOf = (variance: (sums: Sums) => number) => (sums: Sums) => Math.sqrt(variance(sums))

const POPULATION = 'of the values as a whole population'
const SAMPLE = 'of the values as a sample of a population (divided by n - 1)'

export const varPop = variance('VAR_POP', `The variance ${POPULATION}`, ofPopulation)
export const varSamp = variance('VAR_SAMP', `The variance ${SAMPLE}`, ofSample)
export const varianceOf = variance('VARIANCE', 'The same as VAR_SAMP', ofSample)
export const stddevPop = variance(
  'STDDEV_POP',
  `The standard deviation ${POPULATION}`,
  rootOf(ofPopulation),
)
export const stddevSamp = variance(
  'STDDEV_SAMP',
  `The standard deviation ${SAMPLE}`,
  rootOf(ofSample),
)
export const stddev = variance('STDDEV', 'The same as STDDEV_SAMP', rootOf(ofSample))
