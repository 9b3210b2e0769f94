/** Runs a plan over what is there now and ends: the same operators as the continuous form, over
 *  readers of its own that stop at the streams' current ends. It works in steps, so that the
 *  continuous queries are not kept waiting. */

import type { EpochClock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import type { Batch } from '../batch/batch.ts'
import { concat } from '../batch/concat.ts'
import { consolidate } from '../batch/consolidate.ts'
import { decodeBatch, encodeBatch } from '../batch/ipc.ts'
import { jsonRowTexts } from '../batch/json-rows.ts'
import { type QueryPlan, tablesOf } from '../plan/physical.ts'
import type { Offset } from '../source/source.ts'
import type { TableReader } from '../source/table-reader.ts'
import type { Dataflow } from './dataflow.ts'
import { Pipeline } from './pipeline.ts'
import type { BoundedResult } from './protocol.ts'

export interface BoundedRequest {
  readonly plan: QueryPlan
  readonly given: Readonly<Record<string, readonly Uint8Array[]>>
  readonly rowsMax: number
}

interface BoundedTable {
  readonly reader: TableReader
  /** Where each split ends for this run. */
  readonly ends: ReadonlyMap<string, Offset | undefined>
}

const STEP_ROWS = 65_536

export class BoundedRun {
  readonly #request: BoundedRequest
  readonly #pipeline: Pipeline
  readonly #clock: EpochClock
  readonly #batchRowsMax: number
  readonly #tables = new Map<string, BoundedTable>()
  readonly #output: Batch[] = []
  #givenDone = false

  constructor(dataflow: Dataflow, request: BoundedRequest, clock: EpochClock) {
    this.#request = request
    this.#clock = clock
    const { batchRowsMax, monotonicMs } = dataflow.context
    this.#batchRowsMax = batchRowsMax
    this.#pipeline = new Pipeline(request.plan, { clock, batchRowsMax, monotonicMs })
    for (const table of tablesOf(request.plan.root)) {
      if (request.given[table.id] !== undefined) continue
      const reader = dataflow.openReader(table)
      const ends = new Map(reader.splitIds.map((split) => [split, reader.endOf(split)]))
      this.#tables.set(table.id, { reader, ends })
    }
  }

  /** Does a piece of work. The result when all is done, else undefined. */
  step(): BoundedResult | undefined {
    if (!this.#givenDone) this.#pushGiven()
    let done = true
    for (const { reader, ends } of this.#tables.values()) {
      reader.poll(STEP_ROWS, this.#batchRowsMax, (split) => ends.get(split))
      for (const batch of reader.take(this.#clock)) this.#push(reader.table.id, batch)
      for (const [split, end] of ends) done &&= reader.offsetOf(split) === end || reader.ended
    }
    if (!done) return undefined
    for (const leaf of this.#pipeline.leaves) leaf.watermark(Infinity)
    this.#collect()
    return this.#result()
  }

  #pushGiven(): void {
    this.#givenDone = true
    for (const table of tablesOf(this.#request.plan.root)) {
      for (const payload of this.#request.given[table.id] ?? []) {
        const batch = decodeBatch(payload, table.schema)
        for (let from = 0; from < batch.rowCount; from += this.#batchRowsMax) {
          const to = Math.min(from + this.#batchRowsMax, batch.rowCount)
          this.#push(table.id, batch.slice(from, to))
        }
      }
    }
  }

  #push(tableId: string, batch: Batch): void {
    for (const leaf of this.#pipeline.leaves) if (leaf.tableId === tableId) leaf.batch(batch)
    this.#collect()
  }

  #collect(): void {
    const batch = this.#pipeline.endEpoch()
    if (batch !== null) this.#output.push(batch)
  }

  #result(): BoundedResult {
    const { plan, rowsMax } = this.#request
    const report = this.#pipeline.report()
    if (this.#output.length === 0) return { payloads: [], report }
    const rows = plan.appendOnly ? concat(this.#output) : consolidate(this.#output, plan.schema)
    if (rows === null) return { payloads: [], report }
    const whole = rows.weights === null ? rows : repeated(rows)
    if (whole.rowCount > rowsMax) {
      fail('LIMIT_EXCEEDED', `The result has ${whole.rowCount} rows, the limit is ${rowsMax}`, {
        hint: 'Add a LIMIT, or ask for a stream of the rows.',
      })
    }
    return { payloads: [encodeBatch(whole)], report }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#tables.values()].map(({ reader }) => reader.close()))
  }
}

/** Every row as often as its weight says. BAD_RECORD if a stream of changes takes a row back that
 *  it never brought (law 3). */
function repeated(batch: Batch): Batch {
  const weights = batch.weights!
  const rows: number[] = []
  const negative = weights.findIndex((weight) => weight < 0)
  if (negative >= 0) {
    const [row] = jsonRowTexts(batch.keep(Int32Array.of(negative), 1))
    fail('BAD_RECORD', `A row of the result is taken back more often than it came: ${row}`, {
      hint: 'A changelog-json stream brings a -U or -D of a row that it never brought.',
    })
  }
  for (let i = 0; i < batch.rowCount; i++) {
    for (let n = 0; n < weights[i]; n++) rows.push(i)
  }
  const kept = batch.keep(Int32Array.from(rows), rows.length)
  return kept.withoutWeights()
}
