/** A sink that prints: one line per change, in the form that Flink's print connector has. */

import type { Batch } from '../../engine/batch/batch.ts'
import { jsonValue } from '../../engine/batch/json-value.ts'
import { valueAt } from '../../engine/batch/rows.ts'
import type { SinkConnector } from '../../engine/source/sink.ts'
import type { SinkContext } from '../context.ts'
import { print } from './spec.ts'

export const printSink = (context: SinkContext): SinkConnector => ({
  name: print.name,
  delivery: 'at-least-once',
  takesChangelog: () => true,
  async open({ options }) {
    const identifier = options['print-identifier']
    const prefix = identifier ? `${identifier}> ` : ''
    const to = options['standard-error'] === 'true' ? 'stderr' : 'stdout'
    return {
      appliedSeq: undefined,
      async write(frames) {
        const lines = frames.flatMap(({ batch }) => linesOf(batch))
        context.print(lines.map((line) => `${prefix}${line}\n`).join(''), to)
      },
      async close() {},
    }
  },
})

function linesOf({ columns, rowCount, weights }: Batch): string[] {
  const lines: string[] = []
  for (let row = 0; row < rowCount; row++) {
    const weight = weights === null ? 1 : weights[row]
    const cells = columns.map((column) => cellText(jsonValue(valueAt(column, row), column.type)))
    const line = `${weight > 0 ? '+I' : '-D'}[${cells.join(', ')}]`
    for (let n = Math.abs(weight); n > 0; n--) lines.push(line)
  }
  return lines
}

const cellText = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value)
