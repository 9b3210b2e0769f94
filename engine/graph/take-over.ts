/** A query in the place of another: it takes over the state that the other one has for the same
 *  parts, and what is new above them is told all that they have said so far. So its result is from
 *  the start what it would be over the whole input. */

import { deserialize, serialize } from 'node:v8'
import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { BatchBuilder } from '../batch/builder.ts'
import type { Output } from '../operator/operator.ts'
import { hasInputs, type Plan, type QueryPlan, tablesOf } from '../plan/physical.ts'
import { Cursor } from './cursor.ts'
import type { Dataflow } from './dataflow.ts'
import { type KeptParts, keptParts, passesOn } from './kept-parts.ts'
import type { Pipeline } from './pipeline.ts'
import type { Query } from './query.ts'
import type { Receiver } from './stage.ts'

/** Puts the plan in the query's place, which is over; its results stay until it is detached. A
 *  paused query goes on. Raises what keeps the plan from being started. */
export function takeOver(dataflow: Dataflow, before: Query, plan: QueryPlan): void {
  const kept = keptParts(before.pipeline, plan)
  const cursor = cursorFor(dataflow, before, plan, kept)
  const query = dataflow.adopt(plan, cursor)
  dataflow.cursors.set(cursor.id, cursor)
  // A pause was nobody's silence.
  if (before.paused)
    for (const reader of cursor.readers.values()) reader.resume(dataflow.context.clock.nowUs)
  handOver(before.pipeline, query.pipeline, kept)
  before.ended = true
  before.isReplaced = true
  dataflow.release(before)
}

/** Tables of kept parts are read on from where they stand, the others from their beginning. */
function cursorFor(dataflow: Dataflow, before: Query, plan: QueryPlan, kept: KeptParts): Cursor {
  const cursor = new Cursor(plan.id)
  const known = new Set<string>()
  for (const part of kept.keys()) if (part.kind === 'source') known.add(part.table.id)
  try {
    for (const table of tablesOf(plan.root)) {
      const from = known.has(table.id) ? before.cursor.readers.get(table.id)?.state() : undefined
      cursor.readers.set(table.id, dataflow.openReader(table, from))
    }
  } catch (error) {
    for (const reader of cursor.readers.values()) void reader.close().catch(() => {})
    throw error
  }
  return cursor
}

function handOver(before: Pipeline, after: Pipeline, kept: KeptParts): void {
  for (const [part, old] of kept) after.takePart(part, before.stateAt(old))
  for (const { from, to, receiver } of after.edges) {
    if (!kept.has(from) || (to !== null && kept.has(to))) continue
    tell(after, from, receiver)
    const watermarkUs = after.watermarkAt(from)
    if (watermarkUs > -Infinity) receiver.watermark(watermarkUs)
  }
}

/** Says all rows that the part has given so far. */
function tell(pipeline: Pipeline, part: Plan, to: Pick<Receiver, 'batch'>): void {
  const out: Output = {
    emit: (batch) => inPieces(batch, pipeline.batchRowsMax, to),
    watermark() {},
  }
  if (part.kind === 'values') {
    const builder = new BatchBuilder(part.schema)
    for (const row of part.rows) builder.append(row)
    if (part.rows.length > 0) out.emit(builder.finish())
    return
  }
  if (!hasInputs(part)) fail('INTERNAL', 'the rows of a table cannot be said again')
  if (!passesOn(pipeline, part)) {
    pipeline.operatorAt(part)!.tellAll!(out)
    return
  }
  const operator = pipeline.createOperator(part)
  for (const [input, below] of part.inputs.entries()) {
    tell(pipeline, below, { batch: (batch) => operator.batch(input, batch, out) })
  }
  operator.epoch(out)
}

function inPieces(batch: Batch, rowsMax: number, to: Pick<Receiver, 'batch'>): void {
  for (let from = 0; from < batch.rowCount; from += rowsMax) {
    to.batch(batch.slice(from, Math.min(from + rowsMax, batch.rowCount)))
  }
}

/** A plan as text, for the journal: a replay needs that of a query which is no longer in the
 *  catalog. */
export const planToText = (plan: QueryPlan): string => serialize(plan).toString('base64')

export const planFromText = (text: string): QueryPlan =>
  deserialize(Buffer.from(text, 'base64')) as QueryPlan
