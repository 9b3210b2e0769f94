/** APPROX_COUNT_DISTINCT. */

import { BIGINT } from '../../batch/types.ts'
import type { AggregateFunction } from './aggregate.ts'
import { hashSlice, hashValue } from './hash64.ts'
import { addHash, estimateOf, mergeSketch, type Sketch } from './hyper-log-log.ts'
import { isFlat } from './item-code.ts'

const addSlice = (sketch: Sketch | undefined, heap: Uint8Array, start: number, end: number) =>
  hashSlice(heap, start, end, (high, low) => addHash(sketch, high, low))

const addValue = (sketch: Sketch | undefined, value: Parameters<typeof hashValue>[0]) =>
  hashValue(value, (high, low) => addHash(sketch, high, low))

export const approxCountDistinct: AggregateFunction = {
  name: 'APPROX_COUNT_DISTINCT',
  doc: 'About how many different values there are that are not NULL: the standard error is 0.8 %, the state at most 16 KiB a group. 0 over no rows. Append-only input only.',
  example: 'APPROX_COUNT_DISTINCT(user_id)',
  result: ([arg, ...more]) =>
    arg !== undefined && more.length === 0 && isFlat(arg) ? BIGINT : undefined,
  nullable: false,
  retractable: false,
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
