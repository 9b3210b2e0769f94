/** APPROX_COUNT_DISTINCT. */

import { BIGINT } from '../../batch/types.ts'
import type { AggregateForm, AggregateFunction } from './aggregate.ts'
import { addCounted, type CountedSketch, estimateCounted, mergeCounted } from './counted-sketch.ts'
import { hashSlice, hashValue } from './hash64.ts'
import { addHash, entryOf, estimateOf, mergeSketch, type Sketch } from './hyper-log-log.ts'
import { isFlat } from './item-code.ts'

const addSlice = (sketch: Sketch | undefined, heap: Uint8Array, start: number, end: number) =>
  hashSlice(heap, start, end, (high, low) => addHash(sketch, high, low))

const addValue = (sketch: Sketch | undefined, value: Parameters<typeof hashValue>[0]) =>
  hashValue(value, (high, low) => addHash(sketch, high, low))

const countSlice = (
  sketch: CountedSketch | undefined,
  [heap, start, end]: readonly [Uint8Array, number, number],
  weight: number,
) => hashSlice(heap, start, end, (high, low) => addCounted(sketch, entryOf(high, low), weight))

const countValue = (
  sketch: CountedSketch | undefined,
  value: Parameters<typeof hashValue>[0],
  weight: number,
) => hashValue(value, (high, low) => addCounted(sketch, entryOf(high, low), weight))

/** The same answer, from a sketch that also knows how many rows it has of what. */
const overChanges: AggregateForm = {
  slots: () => [{ name: 'counts', kind: 'js', initial: 0 }],
  add({ code, slot, values: [value], weight }) {
    const call =
      value.form === 'slice'
        ? `${code.bind(countSlice, 'countSlice')}(${slot('counts')}, [${value.heap}, ${value.start}, ${value.end}], ${weight})`
        : `${code.bind(countValue, 'countValue')}(${slot('counts')}, ${value.value}, ${weight})`
    code.line(`${slot('counts')} = ${call}`)
  },
  merge({ code, slot, other }) {
    const merge = code.bind(mergeCounted, 'mergeCounted')
    code.line(`${slot('counts')} = ${merge}(${slot('counts')}, ${other('counts')})`)
  },
  value: ({ code, slot }) => ({
    form: 'scalar',
    value: `${code.bind(estimateCounted, 'estimate')}(${slot('counts')})`,
    isNull: 'false',
  }),
}

export const approxCountDistinct: AggregateFunction = {
  name: 'APPROX_COUNT_DISTINCT',
  doc: 'About how many different values there are that are not NULL: the standard error is 0.8 %, the state at most 16 KiB a group. 0 over no rows. Where rows are taken back the state is a few times that.',
  example: 'APPROX_COUNT_DISTINCT(user_id)',
  result: ([arg, ...more]) =>
    arg !== undefined && more.length === 0 && isFlat(arg) ? BIGINT : undefined,
  nullable: false,
  overChanges,
  ignoresDistinct: true,
  slots: () => [{ name: 'sketch', kind: 'js', initial: 0 }],
  add({ code, slot, values: [value] }) {
    const call =
      value.form === 'slice'
        ? `${code.bind(addSlice, 'addSlice')}(${slot('sketch')}, ${value.heap}, ${value.start}, ${value.end})`
        : `${code.bind(addValue, 'addValue')}(${slot('sketch')}, ${value.value})`
    code.line(`${slot('sketch')} = ${call}`)
  },
  merge({ code, slot, other }) {
    const merge = code.bind(mergeSketch, 'mergeSketch')
    code.line(`${slot('sketch')} = ${merge}(${slot('sketch')}, ${other('sketch')})`)
  },
  value: ({ code, slot }) => ({
    form: 'scalar',
    value: `${code.bind(estimateOf, 'estimate')}(${slot('sketch')})`,
    isNull: 'false',
  }),
}
