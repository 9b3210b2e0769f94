/** Drives one operator by text: batches in, what it emitted out. */

import { Batch } from '../../../engine/batch/batch.ts'
import { parseBatch, printBatch } from '../../../engine/batch/pretty.ts'
import { type Field, type Schema, schemaOf } from '../../../engine/batch/schema.ts'
import type { DataType } from '../../../engine/batch/types.ts'
import type { Expr, Value } from '../../../engine/expr/ir.ts'
import { type OperatorKind, type OperatorNode, operatorOf } from '../../../engine/operator/index.ts'
import type { Operator, Section } from '../../../engine/operator/operator.ts'

export const fields = (columns: Readonly<Record<string, DataType>>): Field[] =>
  Object.entries(columns).map(([name, type]) => ({ name, type, nullable: true }))

export const columnOf = (list: readonly Field[], name: string): Expr => {
  const index = list.findIndex((field) => field.name === name)
  return { kind: 'column', index, ...list[index] }
}

export const literal = (value: Value, type: DataType): Expr => ({ kind: 'literal', value, type })

export interface Drive {
  /** Feeds rows (see `parseBatch`); returns what came out, one row a line. */
  batch(text: string, marks?: readonly number[]): string
  watermark(watermarkUs: number): string
  epoch(nowUs?: number): string
  readonly late: string[]
  readonly watermarks: number[]
  readonly operator: Operator
  /** A fresh operator with this one's state, through a snapshot. */
  restarted(): Drive
}

/** An operator over one input. The input is append-only unless `changelog` is set. */
export function drive<K extends OperatorKind>(
  kind: K,
  node: OperatorNode<K>,
  input: readonly Field[],
  options: { changelog?: boolean; sections?: readonly Section[] } = {},
): Drive {
  const definition = operatorOf(kind)
  const info = { schema: schemaOf(input), appendOnly: options.changelog !== true }
  definition.check(node, [info])
  const schema: Schema = definition.schema(node, [info.schema])
  const clock = { epoch: 0, nowUs: 0, seed: 1 }
  const late: string[] = []
  const watermarks: number[] = []
  const operator = definition.create(node, {
    inputs: [info],
    schema,
    batchRowsMax: 64,
    clock,
    late: (batch) => late.push(printBatch(batch)),
  })
  if (options.sections !== undefined) operator.restore(options.sections)
  let out: Batch[] = []
  const output = {
    emit: (batch: Batch) => {
      out.push(batch)
    },
    watermark: (us: number) => {
      watermarks.push(us)
    },
  }
  const taken = () => {
    const text = out.map((batch) => printBatch(batch)).join('\n')
    out = []
    return text
  }
  return {
    late,
    watermarks,
    operator,
    batch(text, marks) {
      const rows = parseBatch(text, info.schema)
      const marked =
        marks === undefined
          ? rows
          : new Batch(
              rows.schema,
              rows.columns,
              rows.rowCount,
              rows.weights,
              Float64Array.from(marks),
            )
      operator.batch(0, marked, output)
      return taken()
    },
    watermark(us) {
      operator.watermark(0, us, output)
      return taken()
    },
    epoch(nowUs) {
      clock.epoch++
      if (nowUs !== undefined) clock.nowUs = nowUs
      operator.epoch(output)
      return taken()
    },
    restarted: () =>
      drive(kind, node, input, {
        ...options,
        sections: operator.snapshot().map((s) => ({ ...s, bytes: s.bytes.slice() })),
      }),
  }
}

/** Lines without indentation and empty lines, for literals in tests. */
export const lines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
