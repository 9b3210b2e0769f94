/** The windowing table functions: TABLE(TUMBLE(…)), TABLE(HOP(…)), TABLE(CUMULATE(…)) that no GROUP
 *  BY over their bounds follows. */

import { fail } from '../../base/errors.ts'
import { schemaOf } from '../../batch/schema.ts'
import { isTimestamp, typeName } from '../../batch/types.ts'
import type { WindowNode } from '../nodes.ts'
import { defineOperator, stateless } from '../operator.ts'
import { SessionRowChanges } from './session-row-changes.ts'
import { SessionRows } from './session-rows.ts'
import { boundsOfRows, windowFields } from './window-columns.ts'
import { checkWindow, layoutOf, printWindow, seconds } from './window-layout.ts'
import { compileSliceStarts } from './window-start.ts'

/** Every row once per window that holds it, with the window's bounds. Rows whose time is NULL are
 *  in no window and are dropped. O(rows * windows per row), and but for sessions stateless. */
export const window = defineOperator<'window', WindowNode>({
  kind: 'window',
  inputs: 1,
  check({ window: spec, timeColumn }, [input]) {
    const { name, type } = input.schema.fields[timeColumn]
    if (!isTimestamp(type)) {
      fail('TYPE_MISMATCH', `A window needs a TIMESTAMP; ${name} is ${typeName(type)}`)
    }
    if (spec.kind !== 'session') checkWindow(spec)
  },
  schema: ({ timeColumn }, [input]) =>
    schemaOf([...input.fields, ...windowFields(input.fields[timeColumn].type)]),
  appendOnly: ({ window: spec, speaksOpen }, [input]) =>
    input.appendOnly || (spec.kind === 'session' && speaksOpen !== true),
  explain: ({ window: spec }) =>
    `Window: ${spec.kind === 'session' ? `SESSION gap ${seconds(spec.gapUs)}` : printWindow(spec)}`,
  create(node, context) {
    const { window: spec, timeColumn } = node
    if (spec.kind === 'session') {
      const options = { ...node, gapUs: spec.gapUs }
      const [{ appendOnly }] = context.inputs
      return appendOnly
        ? new SessionRows(options, context)
        : new SessionRowChanges(options, context)
    }
    const { inputs, schema, batchRowsMax, clock } = context
    const layout = layoutOf(spec)
    const assign = compileSliceStarts(layout, timeColumn, inputs[0].schema)
    const starts = new Float64Array(batchRowsMax)
    return {
      ...stateless,
      batch(_input, batch, out) {
        assign(batch, starts, clock)
        const rows: number[] = []
        const ends: number[] = []
        for (let i = 0; i < batch.rowCount; i++) {
          if (Number.isNaN(starts[i])) continue
          for (const end of layout.ends(starts[i])) {
            rows.push(i)
            ends.push(end)
          }
        }
        if (rows.length === 0) return
        const kept = batch.keep(Int32Array.from(rows), rows.length)
        const to = Float64Array.from(ends)
        const bounds = boundsOfRows(schema, to.map(layout.start), to)
        out.emit(kept.withColumns(schema, [...kept.columns, ...bounds]))
      },
    }
  },
})
