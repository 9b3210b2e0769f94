/** The windowing table function: TABLE(TUMBLE(…)) that no GROUP BY over its bounds follows. */

import { fail } from '../base/errors.ts'
import { Column } from '../batch/column.ts'
import { schemaOf } from '../batch/schema.ts'
import { isTimestamp, typeName } from '../batch/types.ts'
import type { WindowNode } from './nodes.ts'
import { defineOperator, stateless } from './operator.ts'
import { boundType, WINDOW_TIME_LAG_US, windowFields } from './window-columns.ts'
import { compileWindowStarts } from './window-start.ts'

/** Every row with the bounds of its window. Rows whose time is NULL are in no window and are
 *  dropped. Stateless, O(rows). */
export const window = defineOperator<'window', WindowNode>({
  kind: 'window',
  inputs: 1,
  check({ timeColumn }, [input]) {
    const { name, type } = input.schema.fields[timeColumn]
    if (!isTimestamp(type)) {
      fail('TYPE_MISMATCH', `A window needs a TIMESTAMP; ${name} is ${typeName(type)}`)
    }
  },
  schema: ({ timeColumn }, [input]) =>
    schemaOf([...input.fields, ...windowFields(input.fields[timeColumn].type)]),
  appendOnly: (_node, [input]) => input.appendOnly,
  explain: ({ window: spec }) => `Window: ${spec.kind.toUpperCase()} ${spec.sizeUs / 1e6} s`,
  create({ window: spec, timeColumn }, { inputs, schema, batchRowsMax, clock }) {
    const assign = compileWindowStarts(spec, timeColumn, inputs[0].schema)
    const starts = new Float64Array(batchRowsMax)
    const type = boundType(inputs[0].schema.fields[timeColumn].type)
    return {
      ...stateless,
      batch(_input, batch, out) {
        assign(batch, starts, clock)
        const rows = new Int32Array(batch.rowCount)
        let count = 0
        for (let i = 0; i < batch.rowCount; i++) {
          if (starts[i] === starts[i]) rows[count++] = i
        }
        if (count === 0) return
        const kept = count === batch.rowCount ? batch : batch.keep(rows, count)
        const bounds = [0, spec.sizeUs, spec.sizeUs - WINDOW_TIME_LAG_US].map((plus) => {
          const values = new BigInt64Array(count)
          for (let i = 0; i < count; i++) values[i] = BigInt(starts[rows[i]] + plus)
          return new Column({ type, length: count, values })
        })
        out.emit(kept.withColumns(schema, [...kept.columns, ...bounds]))
      },
    }
  },
})
