/** Where processing time begins: from here on the watermark is the epoch's clock, so that windows
 *  over a `PROCTIME()` column close when their time has passed, whether rows come or not.
 *
 *  The rows pass as they are; none is late, because the time in the column is that of the epoch
 *  which brings it. The clock is in the journal, so a replay closes the same windows. */

import { fail } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import { isTimestamp, typeName } from '../batch/types.ts'
import type { ProcessingTimeNode } from './nodes.ts'
import {
  defineOperator,
  type Operator,
  type OperatorContext,
  type Output,
  type Section,
  stateless,
} from './operator.ts'

const US_PER_MS = 1000

export const processingTime = defineOperator<'processing-time', ProcessingTimeNode>({
  kind: 'processing-time',
  inputs: 1,
  check({ timeColumn }, [input]) {
    const { name, type } = input.schema.fields[timeColumn]
    if (!isTimestamp(type)) {
      fail('TYPE_MISMATCH', `Processing time is a TIMESTAMP; ${name} is ${typeName(type)}`)
    }
    if (!input.appendOnly) {
      fail('UNSUPPORTED', 'Rows that may be taken back have no time at which they are processed')
    }
  },
  schema: (_node, [input]) => input,
  appendOnly: () => true,
  explain: () => `ProcessingTime`,
  create: (_node, context) => new ProcessingTime(context),
})

class ProcessingTime implements Operator {
  readonly #context: OperatorContext
  #ended = false

  constructor(context: OperatorContext) {
    this.#context = context
  }

  batch(_input: number, batch: Batch, out: Output): void {
    out.emit(new Batch(batch.schema, batch.columns, batch.rowCount))
  }

  watermark(_input: number, watermarkUs: number, out: Output): void {
    if (watermarkUs !== Infinity) return
    this.#ended = true
    out.watermark(Infinity)
  }

  /** PROCTIME() is in whole milliseconds: the rows of the next epoch may be of this same one. */
  epoch(out: Output): void {
    if (this.#ended) return
    const { nowUs } = this.#context.clock
    out.watermark(Math.floor(nowUs / US_PER_MS) * US_PER_MS)
  }

  snapshot(): Section[] {
    return [{ name: 'ended', version: Number(this.#ended), bytes: Uint8Array.of(+this.#ended) }]
  }

  restore(sections: readonly Section[]): void {
    this.#ended = sections.find(({ name }) => name === 'ended')?.bytes[0] === 1
  }

  stateSize = stateless.stateSize
}
