/** What a statement answers, and its JSON text. */

import type { Batch } from '../engine/batch/batch.ts'
import { BatchBuilder } from '../engine/batch/builder.ts'
import { jsonRowTexts } from '../engine/batch/json-rows.ts'
import type { Schema } from '../engine/batch/schema.ts'
import { typeName } from '../engine/batch/types.ts'
import type { ReplacedOperator } from '../engine/graph/protocol.ts'
import { type Answer, answerSchema } from '../sql/index.ts'

export interface ResultColumn {
  readonly name: string
  readonly type: string
}

/** Rows in columns: of a SELECT, or of what the server says of itself (SHOW, EXPLAIN, …). */
export interface RowsResult {
  readonly kind: 'rows'
  readonly schema: Schema
  readonly batches: readonly Batch[]
}

export interface OkResult {
  readonly kind: 'ok'
  readonly message: string
  readonly warnings?: readonly string[]
  /** Of a query in the place of another: what became of the state of each operator. */
  readonly operators?: readonly ReplacedOperator[]
}

export type StatementResult = RowsResult | OkResult

/** `{"kind":"rows","columns":[{"name","type"}],"rows":[{column: value}]}`, or the message. */
export function resultText(result: StatementResult): string {
  if (result.kind === 'ok') return JSON.stringify(result)
  return `{"kind":"rows",${rowsText(result)}}`
}

/** `"columns":[…],"rows":[…]`. */
export function rowsText({ schema, batches }: RowsResult): string {
  const rows = batches.flatMap((batch) => jsonRowTexts(batch)).join(',')
  return `"columns":${JSON.stringify(columnsOf(schema))},"rows":[${rows}]`
}

export const columnsOf = (schema: Schema): ResultColumn[] =>
  schema.fields.map(({ name, type }) => ({ name, type: typeName(type) }))

/** A small table of the SQL side as a result. */
export function answerResult(answer: Answer): RowsResult {
  const schema = answerSchema(answer)
  const builder = new BatchBuilder(schema)
  for (const row of answer.rows) builder.append(row)
  return { kind: 'rows', schema, batches: [builder.finish()] }
}
