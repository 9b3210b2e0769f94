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
import { repeatByWeight } from '../batch/repeat-by-weight.ts'
import { type QueryPlan, tablesOf } from '../plan/physical.ts'
import type { Offset } from '../source/source.ts'
import type { TableReader } from '../source/table-reader.ts'
import type { Dataflow } from './dataflow.ts'
import { Lookups } from './lookups.ts'
import { Pipeline } from './pipeline.ts'
import type { BoundedResult } from './protocol.ts'

export interface BoundedRequest {
  readonly plan: QueryPlan
  readonly given: Readonly<Record<string, readonly Uint8Array[]>>
  readonly rowsMax: number
}

interface BoundedTable {
  readonly reader: TableReader
  /** Where each split ends for this run; undefined until it is known. */
  readonly ends: Map<string, Offset | undefined>
}

const STEP_ROWS = 65_536

export class BoundedRun {
  readonly #request: BoundedRequest
  readonly #pipeline: Pipeline
  readonly #lookups: Lookups
  readonly #clock: EpochClock
  readonly #batchRowsMax: number
  readonly #tables = new Map<string, BoundedTable>()
  readonly #output: Batch[] = []
  #givenDone = false
  /** The last step found nothing to do: there is nothing before a source is ready. */
  waits = false

  constructor(dataflow: Dataflow, request: BoundedRequest, clock: EpochClock) {
    this.#request = request
    this.#clock = clock
    const { batchRowsMax, monotonicMs, lookups } = dataflow.context
    this.#lookups = new Lookups(lookups)
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
    let moved = this.#answer()
    const { lookedUp } = this.#pipeline
    for (const { reader, ends } of this.#inOrder()) {
      if (!done && lookedUp.size > 0 && !lookedUp.has(reader.table.id)) break
      if (!findSplits(reader, ends, this.#clock) || !findEnds(reader, ends)) {
        done = false
        continue
      }
      if (this.#pipeline.isHeldUp) {
        done = false
        continue
      }
      const rows = Math.min(STEP_ROWS, this.#pipeline.rowsMax(reader.table.id))
      const { ranges } = reader.poll(rows, this.#batchRowsMax, (split) => ({
        until: ends.get(split),
      }))
      for (const batch of reader.take(this.#clock)) this.#push(reader.table.id, batch)
      for (const [split, end] of ends) done &&= reader.offsetOf(split) === end || reader.ended
      moved ||= ranges.length > 0
    }
    this.waits = !done && !moved
    if (!done) return undefined
    for (const leaf of this.#pipeline.leaves) leaf.watermark(Infinity)
    this.#collect()
    this.waits = this.#isWaiting
    return this.waits ? undefined : this.#result()
  }

  /** The tables that rows are looked up in, then the others. */
  #inOrder(): BoundedTable[] {
    const { lookedUp } = this.#pipeline
    const rank = ({ reader }: BoundedTable) => Number(!lookedUp.has(reader.table.id))
    return [...this.#tables.values()].sort((a, b) => rank(a) - rank(b))
  }

  /** Takes what was answered from outside, and asks for what is new. */
  #answer(): boolean {
    const failure = this.#lookups.failure(this.#pipeline)
    if (failure !== undefined) throw failure
    const taken = this.#lookups.take(this.#pipeline)
    for (const answers of taken) this.#pipeline.asking.get(answers.stage)!.asking.answer(answers)
    if (taken.length > 0) this.#collect()
    this.#lookups.ask(this.#pipeline)
    return taken.length > 0
  }

  get #isWaiting(): boolean {
    this.#lookups.ask(this.#pipeline)
    return [...this.#pipeline.asking.values()].some(({ asking }) => asking.waiting > 0)
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
    await this.#lookups.close()
    await Promise.all([...this.#tables.values()].map(({ reader }) => reader.close()))
  }
}

/** Fixes which splits a growing table has. False while that is not known. */
function findSplits(
  reader: TableReader,
  ends: Map<string, Offset | undefined>,
  { nowUs }: EpochClock,
): boolean {
  if (reader.hasLooked) return true
  const found = reader.findSplits()
  if (found === undefined) {
    if (reader.trouble !== undefined) throw reader.trouble
    return false
  }
  reader.addSplits(found, nowUs)
  for (const split of reader.splitIds) ends.set(split, reader.endOf(split))
  return true
}

/** Fixes where the splits end. False while it is not known of all; raises why it cannot be known
 *  now: a bounded query does not wait for a broker that is away. */
function findEnds(reader: TableReader, ends: Map<string, Offset | undefined>): boolean {
  for (const [split, end] of ends) if (end === undefined) ends.set(split, reader.endOf(split))
  if ([...ends.values()].every((end) => end !== undefined)) return true
  if (reader.trouble !== undefined) throw reader.trouble
  return false
}

/** Every row as often as its weight says. BAD_RECORD if a stream of changes takes a row back that
 *  it never brought (law 3). */
function repeated(batch: Batch): Batch {
  const weights = batch.weights!
  const negative = weights.findIndex((weight) => weight < 0)
  if (negative >= 0) {
    const [row] = jsonRowTexts(batch.keep(Int32Array.of(negative), 1))
    fail('BAD_RECORD', `A row of the result is taken back more often than it came: ${row}`, {
      hint: 'A source of changes takes back a row that it never brought. A table with a PRIMARY KEY takes such changes.',
    })
  }
  return repeatByWeight(batch)
}
