/** Drives an operator of two inputs by text or by batches. */

import type { EpochClock } from '../../../../engine/base/clock.ts'
import { Batch } from '../../../../engine/batch/batch.ts'
import { parseBatch, printBatch } from '../../../../engine/batch/pretty.ts'
import { type Field, schemaOf } from '../../../../engine/batch/schema.ts'
import {
  type OperatorKind,
  type OperatorNode,
  operatorOf,
} from '../../../../engine/operator/index.ts'
import type { Operator, Section } from '../../../../engine/operator/operator.ts'

export interface DriveTwo {
  readonly operator: Operator
  /** The epoch's clock, as the operator sees it. */
  readonly clock: EpochClock
  readonly appendOnly: boolean
  readonly late: string[]
  readonly watermarks: number[]
  /** Feeds rows into an input; `marks`: their splits' watermarks. */
  batch(input: number, text: string, marks?: readonly number[]): void
  feed(input: number, batch: Batch): void
  watermark(input: number, us: number): void
  /** Ends the epoch; what came out since the last one, sorted lines. */
  epoch(nowUs?: number): string
  /** The same as batches. */
  epochBatches(nowUs?: number): Batch[]
  restarted(): DriveTwo
}

interface Options {
  readonly changelog?: readonly [boolean, boolean]
  readonly batchRowsMax?: number
  readonly sections?: readonly Section[]
  readonly epoch?: number
}

export function driveTwo<K extends OperatorKind>(
  kind: K,
  node: OperatorNode<K>,
  inputs: readonly (readonly Field[])[],
  options: Options = {},
): DriveTwo {
  const definition = operatorOf(kind)
  const infos = inputs.map((fields, i) => ({
    schema: schemaOf(fields),
    appendOnly: options.changelog?.[i] !== true,
  }))
  definition.check(node, infos)
  const appendOnly = definition.appendOnly(node, infos)
  const clock = { epoch: options.epoch ?? 0, nowUs: 0, seed: 1 }
  const late: string[] = []
  const watermarks: number[] = []
  const operator = definition.create(node, {
    inputs: infos,
    schema: definition.schema(
      node,
      infos.map((info) => info.schema),
    ),
    batchRowsMax: options.batchRowsMax ?? 64,
    clock,
    late: (batch) => late.push(printBatch(batch)),
  })
  if (options.sections !== undefined) operator.restore(options.sections)
  let out: Batch[] = []
  const output = {
    emit(batch: Batch) {
      if (appendOnly && batch.weights !== null) throw new Error('append-only output with weights')
      if (batch.rowCount > (options.batchRowsMax ?? 64)) throw new Error('a batch is too large')
      if (batch.rowCount === 0) throw new Error('an empty batch')
      out.push(batch)
    },
    watermark(us: number) {
      if (us < (watermarks.at(-1) ?? -Infinity)) throw new Error('the watermark went back')
      watermarks.push(us)
    },
  }
  const feed = (input: number, batch: Batch) => operator.batch(input, batch, output)
  const epochBatches = (nowUs?: number) => {
    clock.epoch++
    if (nowUs !== undefined) clock.nowUs = nowUs
    operator.epoch(output)
    const taken = out
    out = []
    return taken
  }
  return {
    operator,
    clock,
    appendOnly,
    late,
    watermarks,
    feed,
    batch(input, text, marks) {
      const rows = parseBatch(text, infos[input].schema)
      const marked = marks && Float64Array.from(marks)
      feed(input, new Batch(rows.schema, rows.columns, rows.rowCount, rows.weights, marked))
    },
    watermark: (input, us) => operator.watermark(input, us, output),
    epochBatches,
    epoch: (nowUs) =>
      epochBatches(nowUs)
        .flatMap((batch) => printBatch(batch).split('\n'))
        .sort()
        .join('\n'),
    restarted: () =>
      driveTwo(kind, node, inputs, {
        ...options,
        epoch: clock.epoch,
        sections: operator.snapshot().map((section) => ({
          name: section.name,
          version: section.version,
          bytes: section.bytes.slice(),
        })),
      }),
  }
}
