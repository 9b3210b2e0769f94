/** The windowing table functions: TABLE(TUMBLE(…)), TABLE(HOP(…)), TABLE(CUMULATE(…)) that no GROUP
 *  BY over their bounds follows. */

import { fail } from '../../base/errors.ts'
import type { Batch } from '../../batch/batch.ts'
import { Column } from '../../batch/column.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { type DataType, isTimestamp, typeName } from '../../batch/types.ts'
import type { WindowNode } from '../nodes.ts'
import { defineOperator, stateless } from '../operator.ts'
import { SessionRows } from './session-rows.ts'
import { boundType, windowFields, windowValue } from './window-columns.ts'
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
    else if (!input.appendOnly) {
      fail('UNSUPPORTED', 'SESSION over an updating input is not supported yet', {
        hint: 'It works over append-only input: a stream, or a window result emitted on close.',
      })
    }
  },
  schema: ({ timeColumn }, [input]) =>
    schemaOf([...input.fields, ...windowFields(input.fields[timeColumn].type)]),
  appendOnly: (_node, [input]) => input.appendOnly,
  explain: ({ window: spec }) =>
    `Window: ${spec.kind === 'session' ? `SESSION gap ${seconds(spec.gapUs)}` : printWindow(spec)}`,
  create(node, context) {
    const { window: spec, timeColumn } = node
    if (spec.kind === 'session') return new SessionRows({ ...node, gapUs: spec.gapUs }, context)
    const { inputs, schema, batchRowsMax, clock } = context
    const layout = layoutOf(spec)
    const assign = compileSliceStarts(layout, timeColumn, inputs[0].schema)
    const starts = new Float64Array(batchRowsMax)
    const type = boundType(inputs[0].schema.fields[timeColumn].type)
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
        if (rows.length > 0) out.emit(withBounds(batch, rows, ends, layout.start, type, schema))
      },
    }
  },
})

/** The rows `rows` of the batch, each with the bounds of the window that ends at its end. */
function withBounds(
  batch: Batch,
  rows: readonly number[],
  ends: readonly number[],
  start: (endUs: number) => number,
  type: DataType,
  schema: Schema,
): Batch {
  const kept = batch.keep(Int32Array.from(rows), rows.length)
  const bounds = (['window_start', 'window_end', 'window_time'] as const).map((column) => {
    const values = BigInt64Array.from(ends, (end) => BigInt(windowValue(column, start(end), end)))
    return new Column({ type, length: rows.length, values })
  })
  return kept.withColumns(schema, [...kept.columns, ...bounds])
}
