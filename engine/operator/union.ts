/** UNION ALL. */

import { fail } from '../base/errors.ts'
import { sameShape, schemaOf, schemaText } from '../batch/schema.ts'
import type { UnionNode } from './nodes.ts'
import { defineOperator } from './operator.ts'

/** The rows of both inputs as they come, under the names of the node. O(1) per batch: arrays are
 *  shared. Keeps only each input's watermark; the output's is the lower one. */
export const union = defineOperator<'union', UnionNode>({
  kind: 'union',
  inputs: 2,
  check(_node, [left, right]) {
    if (sameShape(left.schema, right.schema)) return
    fail(
      'TYPE_MISMATCH',
      `A union needs the same types on both sides, not ${schemaText(left.schema)} and ${schemaText(right.schema)}`,
    )
  },
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: (_node, inputs) => inputs.every((input) => input.appendOnly),
  explain: () => 'Union: all',
  create(_node, { schema }) {
    const watermarksUs = new Float64Array(2).fill(-Infinity)
    let version = 0
    return {
      batch: (_input, batch, out) => out.emit(batch.withColumns(schema, batch.columns)),
      watermark(input, watermarkUs, out) {
        watermarksUs[input] = watermarkUs
        version++
        const lowestUs = Math.min(...watermarksUs)
        if (lowestUs > -Infinity) out.watermark(lowestUs)
      },
      epoch() {},
      snapshot: () => [
        { name: 'watermarks', version, bytes: new Uint8Array(watermarksUs.buffer.slice(0)) },
      ],
      restore(sections) {
        const saved = sections.find(({ name }) => name === 'watermarks')
        if (saved === undefined) return
        version = saved.version
        watermarksUs.set(new Float64Array(saved.bytes.slice().buffer))
      },
      stateSize: () => ({ rows: 0, bytes: 0 }),
    }
  },
})
