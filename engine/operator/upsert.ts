/** The current rows of a table with a primary key. */

import { Batch, originOf } from '../batch/batch.ts'
import { UpsertRows } from '../state/upsert-rows.ts'
import type { UpsertNode } from './nodes.ts'
import { defineOperator, type Output } from './operator.ts'

/** Turns rows that replace each other into a changelog: the old row goes and the new one comes; a
 *  row that changes nothing is silent. State: one row a key, O(1) a row. */
export const upsert = defineOperator<'upsert', UpsertNode>({
  kind: 'upsert',
  inputs: 1,
  check() {},
  schema: (_node, [input]) => input,
  appendOnly: () => false,
  explain: ({ keys, versions }) =>
    `Upsert: by ${keys.length === 1 ? 'column' : 'columns'} ${keys.join(', ')}${versions ? ', all versions' : ''}`,
  create({ keys, inOrder, versions }, { schema }) {
    const rows = new UpsertRows(schema, keys, versions !== true)
    let heldUs: number | undefined
    const say = (out: Output, batch?: Batch): void => {
      const { slots, weights, causes, count } = rows.changes(inOrder)
      if (count > 0) {
        const { columns } = rows.view.keep(slots, count)
        const { watermarks, origin } = causedBy(batch, causes, count)
        out.emit(new Batch(schema, columns, count, weights.slice(0, count), watermarks, origin))
      }
      rows.settle()
    }
    return {
      batch(_input, batch, out) {
        rows.add(batch)
        if (inOrder) say(out, batch)
      },
      watermark(_input, watermarkUs, out) {
        if (inOrder) out.watermark(watermarkUs)
        else heldUs = watermarkUs
      },
      epoch(out) {
        if (!inOrder) say(out)
        if (heldUs !== undefined) out.watermark(heldUs)
        heldUs = undefined
      },
      holdsAll: () => versions !== true,
      tellAll(out) {
        for (const batch of rows.all()) out.emit(batch)
      },
      snapshot: () => rows.snapshot(),
      restore: (sections) => rows.restore(sections),
      stateSize: () => ({ rows: rows.live, bytes: rows.bytes }),
    }
  },
})

/** What a change has of the row that made it: an old row that leaves is as late as the new one. */
function causedBy(batch: Batch | undefined, causes: Int32Array, count: number) {
  const watermarks = batch?.watermarks ?? null
  const origin = batch?.origin ?? null
  return {
    watermarks: watermarks && Float64Array.from({ length: count }, (_, i) => watermarks[causes[i]]),
    origin: origin && originOf(origin, causes, count),
  }
}
