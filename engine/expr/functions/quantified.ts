/** Comparisons with the elements of an array: `x = ANY (array)`, `x < ALL (array)`. */

import { BOOLEAN, type DataType, INT } from '../../batch/types.ts'
import type { PlainFunction, ScalarFunction } from '../function.ts'
import type { Expr, Value } from '../ir.ts'
import { int, literal, nullLiteral } from '../literal.ts'
import { compareBy, type Operator, resolveEquality, resolveOrdered } from './comparison.ts'

const OPERATORS: readonly Operator[] = ['=', '<>', '<', '<=', '>', '>=']
const INTS: DataType = { kind: 'array', element: INT }

function quantified(operator: Operator, isAll: boolean): PlainFunction {
  const name = `${operator} ${isAll ? 'ALL' : 'ANY'}`
  const [whole, one, none] = isAll ? ['all', 'FALSE', 'TRUE'] : ['some', 'TRUE', 'FALSE']
  const elements = operator === '=' && isAll ? [1, 1] : [1, 3]
  const example = elements.some((x) => holds(operator, 2, x) !== isAll) ? !isAll : isAll
  return {
    name,
    family: 'comparison',
    doc: `Whether x ${operator} y holds for ${whole} elements y of the array: ${one} if ${isAll ? 'it does not for one' : 'it does for one'}, else NULL if x or an element is NULL, else ${none}; ${none} if the array is empty, NULL if it is NULL. Over a subquery instead of an array: for its rows.${isAll ? '' : ' SOME is the same as ANY.'}`,
    syntax: [`x ${name} (array)`, `x ${name} (query)`],
    examples: [
      { args: [int(2), literal(INTS, elements)], result: example ? 'TRUE' : 'FALSE' },
      { args: [int(2), literal(INTS, [])], result: isAll ? 'TRUE' : 'FALSE' },
      { args: [int(2), nullLiteral(INTS)], result: 'NULL' },
    ],
    nulls: 'custom',
    nullable: 'always',
    resolve: (args) => resolveElements(args, operator),
    evaluate({ args: [value, array] }) {
      const element = array.type.kind === 'array' ? array.type.element : value.type
      const compare = compareBy(operator, value.type, element) as (a: Value, b: Value) => boolean
      return (x: Value, values: readonly Value[] | null) => {
        if (values === null) return null
        let result: boolean | null = isAll
        for (const y of values) {
          if (x === null || y === null) result = null
          else if (compare(x, y) !== isAll) return !isAll
        }
        return result
      }
    },
  }
}

/** For the example. */
function holds(operator: Operator, x: number, y: number): boolean {
  return (compareBy(operator, INT, INT) as (a: number, b: number) => boolean)(x, y)
}

function resolveElements(args: readonly Expr[], operator: Operator) {
  const [value, array] = args
  if (args.length !== 2) return undefined
  if (array.type.kind === 'null') {
    return { args: [value.type, { kind: 'array', element: value.type } as const], type: BOOLEAN }
  }
  if (array.type.kind !== 'array') return undefined
  const { element } = array.type
  const sample: Expr = { kind: 'column', index: 0, name: 'element', type: element, nullable: true }
  const pair = (operator === '=' || operator === '<>' ? resolveEquality : resolveOrdered)([
    value,
    sample,
  ])
  return pair && { args: [pair.args[0], { ...array.type, element: pair.args[1] }], type: BOOLEAN }
}

export const quantifiedComparison: readonly ScalarFunction[] = OPERATORS.flatMap((operator) => [
  quantified(operator, false),
  quantified(operator, true),
])
