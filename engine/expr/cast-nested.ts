/** CAST among nested types: part by part, rows by position. */

import { type DataType, partsOf } from '../batch/types.ts'
import type { Conversion, FindConversion } from './cast.ts'
import type { Value } from './ir.ts'

type Part = (value: Value) => Value | undefined

/** The conversion between two arrays, two maps or two rows of as many fields; undefined for any
 *  other types. `conversion` finds that of the parts. One part without a counterpart leaves the
 *  whole without one. */
export function castNested(
  from: DataType,
  to: DataType,
  conversion: FindConversion,
): Conversion | undefined {
  const target = partsOf(to)
  const inner = partsOf(from)
  if (from.kind !== to.kind || inner.length !== target.length) return undefined
  const parts: Part[] = []
  for (const [i, type] of inner.entries()) {
    const convert = conversion(type, target[i]) as Part | undefined
    if (convert === undefined) return undefined
    parts.push((value) => (value === null ? null : convert(value)))
  }
  const [first, second] = parts
  if (from.kind === 'array') return all(first)
  if (from.kind === 'row') return (values: readonly Value[]) => each(parts, values)
  return all((pair) => each([first, second], pair as readonly Value[]))
}

const all =
  (part: Part): Conversion =>
  (values: readonly Value[]) =>
    each(
      values.map(() => part),
      values,
    )

function each(parts: readonly Part[], values: readonly Value[]): readonly Value[] | undefined {
  const made: Value[] = []
  for (const [i, value] of values.entries()) {
    const converted = parts[i](value)
    if (converted === undefined) return undefined
    made.push(converted)
  }
  return made
}
