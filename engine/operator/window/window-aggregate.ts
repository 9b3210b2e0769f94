/** GROUP BY with a window.
 *
 *  State: per open window, one row of slots per group. A window is dropped when the watermark
 *  passes its end, so the state is bounded by the open windows' groups.
 *  Output: with `close`, each group once, when its window is over (append-only over append-only
 *  input); with `on-time` once its time has come and again when late rows change it; with
 *  `changes` and `every`, what changed since it was last said.
 *  A row is late if its window is closed, or was over for the row's own split when the row came.
 *  O(rows), and O(groups) per closed window. */

import { fail } from '../../base/errors.ts'
import type { Batch } from '../../batch/batch.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { isTimestamp, typeName } from '../../batch/types.ts'
import { printExpr } from '../../expr/ir.ts'
import { checkAggregates, printCall } from '../group/check-aggregates.ts'
import { GroupProgram } from '../group/group-program.ts'
import type { EmitPolicy, WindowAggregateNode } from '../nodes.ts'
import {
  defineOperator,
  type Operator,
  type OperatorContext,
  type Output,
  type Section,
  type StateSize,
} from '../operator.ts'
import { ChangingWindows } from './changing-windows.ts'
import { FinalWindows } from './final-windows.ts'
import { OnTimeWindows } from './on-time-windows.ts'
import { SessionWindows } from './session-windows.ts'
import { WINDOW_TIME_LAG_US } from './window-columns.ts'
import { checkWindow, layoutOf, printWindow, seconds } from './window-layout.ts'
import { WindowRows } from './window-rows.ts'
import { compileSliceStarts } from './window-start.ts'
import type { WindowParts, WindowState } from './window-state.ts'

export const windowAggregate = defineOperator<'window-aggregate', WindowAggregateNode>({
  kind: 'window-aggregate',
  inputs: 1,
  check(node, [input]) {
    const { window, timeColumn } = node
    const { name, type } = input.schema.fields[timeColumn]
    if (!isTimestamp(type)) {
      fail('TYPE_MISMATCH', `A window needs a TIMESTAMP; ${name} is ${typeName(type)}`)
    }
    if (window.kind !== 'session') checkWindow(window)
    else if (!(window.gapUs > 0)) fail('INVALID_ARGUMENT', 'The gap of SESSION must be positive')
    else if (!input.appendOnly) {
      fail('INTERNAL', 'sessions of an updating input come with their bounds')
    }
    checkAggregates(node)
  },
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: ({ emit }) => emit.kind === 'close',
  explain({ window, keys, aggregates, emit }) {
    const by = keys.length === 0 ? '' : ` by ${keys.map(printExpr).join(', ')}`
    const calls = aggregates.map(printCall).join(', ') || 'distinct'
    const when = printEmit(emit)
    const where =
      window.kind === 'session' ? `SESSION gap ${seconds(window.gapUs)}` : printWindow(window)
    return `WindowAggregate: ${calls}${by} in ${where}, emit ${when}`
  },
  create: (node, context) => new WindowAggregate(node, context),
})

function printEmit(emit: EmitPolicy): string {
  switch (emit.kind) {
    case 'every':
      return `every ${seconds(emit.intervalUs)}`
    case 'on-time':
      return `on time, and again for ${seconds(emit.leadUs)}`
    default:
      return `on ${emit.kind}`
  }
}

class WindowAggregate implements Operator {
  readonly #node: WindowAggregateNode
  readonly #context: OperatorContext
  readonly #windows: WindowState
  #lastEmitUs = -Infinity

  constructor(node: WindowAggregateNode, context: OperatorContext) {
    this.#node = node
    this.#context = context
    this.#windows = createWindows(node, context, context.inputs[0].schema)
  }

  batch(_input: number, batch: Batch): void {
    const late = this.#windows.add(batch, this.#context.clock)
    if (late.length > 0) this.#context.late(batch.keep(Int32Array.from(late), late.length))
  }

  watermark(_input: number, watermarkUs: number, out: Output): void {
    this.#windows.close(watermarkUs, out)
    out.watermark(this.#saidUpTo(watermarkUs))
  }

  /** The window_time of a window is a millisecond before its end. An aligned one that is open ends
   *  after the watermark, at a whole millisecond; a session may end at the watermark itself. */
  #saidUpTo(watermarkUs: number): number {
    const { window, windowColumns } = this.#node
    if (!windowColumns.includes('window_time')) return watermarkUs
    if (window.kind === 'session') return watermarkUs - WINDOW_TIME_LAG_US
    return Math.floor(watermarkUs / WINDOW_TIME_LAG_US) * WINDOW_TIME_LAG_US
  }

  epoch(out: Output): void {
    const { emit } = this.#node
    if (emit.kind === 'close' || !this.#windows.dirty) return
    if (emit.kind === 'every' && this.dueUs() > this.#context.clock.nowUs) return
    this.#lastEmitUs = this.#context.clock.nowUs
    this.#windows.emit(out)
  }

  dueUs(): number {
    const { emit } = this.#node
    if (emit.kind !== 'every' || !this.#windows.dirty) return Infinity
    return this.#lastEmitUs + emit.intervalUs
  }

  actsAtUs(): number {
    return this.#windows.closesAtUs()
  }

  snapshot(): Section[] {
    const emitted = Float64Array.of(this.#lastEmitUs)
    return [
      ...this.#windows.snapshot(),
      { name: 'emitted', version: this.#lastEmitUs, bytes: new Uint8Array(emitted.buffer) },
    ]
  }

  restore(sections: readonly Section[]): void {
    const emitted = sections.find(({ name }) => name === 'emitted')
    if (emitted !== undefined) this.#lastEmitUs = new Float64Array(emitted.bytes.slice().buffer)[0]
    this.#windows.restore(sections)
  }

  stateSize(): StateSize {
    return this.#windows.stateSize()
  }
}

/** The way of keeping windows that fits the node. */
function createWindows(
  node: WindowAggregateNode,
  { inputs, schema, batchRowsMax }: OperatorContext,
  input: Schema,
): WindowState {
  const { keys, aggregates, window, timeColumn, emit, windowColumns } = node
  const parts: WindowParts = {
    program: new GroupProgram({ keys, aggregates, input, appendOnly: inputs[0].appendOnly }),
    schema,
    windowColumns,
    appendOnlyInput: inputs[0].appendOnly,
    leadUs: emit.kind === 'on-time' ? emit.leadUs : undefined,
    groups: new Int32Array(batchRowsMax),
  }
  if (window.kind === 'session') {
    return new SessionWindows({
      ...parts,
      gapUs: window.gapUs,
      speaksOpen: emit.kind !== 'close',
      batchRowsMax,
      keys: new GroupProgram({ keys, aggregates: [], input }),
      values: new GroupProgram({ keys: [], aggregates, input, appendOnly: inputs[0].appendOnly }),
      times: compileSliceStarts({ sliceUs: 1, offsetUs: 0 }, timeColumn, input),
    })
  }
  const layout = layoutOf(window)
  const rows = new WindowRows(layout, compileSliceStarts(layout, timeColumn, input), batchRowsMax)
  if (parts.appendOnlyInput && emit.kind === 'close') return new FinalWindows(parts, layout, rows)
  if (parts.appendOnlyInput && emit.kind === 'on-time') {
    return new OnTimeWindows(parts, layout, rows, emit.leadUs)
  }
  return new ChangingWindows(parts, layout, rows)
}
