/** How a lookup join runs.
 *
 *  State: the left rows that wait for an answer, and with a cache the answers.
 *  An epoch first takes the answers that it was given: the rows that waited for them come out. Then
 *  its own rows: those whose key is cached come out at once, the others wait, and their keys are
 *  what the operator asks for. Nothing but the epoch's rows, answers and clock decides, so a replay
 *  that is given the same answers does the same. O(rows + matches). */

import { Batch, emptyBatch } from '../../batch/batch.ts'
import { decodeBatch } from '../../batch/ipc.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { compileFilter, type Filter } from '../../expr/compile-filter.ts'
import { compileProject, type Project } from '../../expr/compile-project.ts'
import { allRows } from '../group/group-rows.ts'
import { JoinGroups } from '../join/join-groups.ts'
import { compileFindGroups, type FindGroups } from '../join/join-keys.ts'
import { TemporalMatches } from '../join/temporal-join-matches.ts'
import type { LookupJoinNode } from '../nodes.ts'
import type { Operator, OperatorContext, Output, Section, StateSize } from '../operator.ts'
import type { Answers, Asking, Pending } from './asking.ts'
import { LookupCache } from './lookup-cache.ts'
import { LookupWaiting } from './lookup-waiting.ts'

export class LookupJoin implements Operator, Asking {
  readonly #context: OperatorContext
  readonly #groups: JoinGroups
  readonly #find: FindGroups
  readonly #keySchema: Schema
  readonly #keysOf: Project
  readonly #answerSchema: Schema
  readonly #rightSchema: Schema
  readonly #filter: Filter | undefined
  readonly #project: Project
  readonly #matches: TemporalMatches
  readonly #waiting: LookupWaiting
  readonly #cache: LookupCache | undefined
  #batches: { batch: Batch; markUs: number }[] = []
  #answers: Answers[] = []
  #watermarkUs = -Infinity

  constructor(node: LookupJoinNode, context: OperatorContext) {
    const { leftKeys, table, columns, keys, filter, exprs, rightFields, cache } = node
    const [left] = context.inputs
    this.#context = context
    this.#groups = new JoinGroups(leftKeys, [-1])
    const nullSafe = leftKeys.map(() => false)
    this.#find = compileFindGroups({ keys: leftKeys, nullSafe, schema: left.schema, insert: true })
    const { fields } = table.schema
    this.#keySchema = schemaOf(keys.map((column) => ({ ...fields[column], nullable: false })))
    this.#keysOf = compileProject(leftKeys, left.schema)
    this.#answerSchema = schemaOf(columns.map((column) => fields[column]))
    this.#rightSchema = schemaOf(rightFields)
    this.#filter = filter && compileFilter(filter, this.#answerSchema)
    this.#project = compileProject(exprs, this.#answerSchema)
    const right = { schema: this.#rightSchema, appendOnly: true }
    this.#matches = new TemporalMatches(node, { ...context, inputs: [left, right] })
    this.#waiting = new LookupWaiting(left.schema)
    const options = { groups: this.#groups, right: this.#rightSchema, keys: leftKeys, context }
    this.#cache = cache && new LookupCache({ ...options, spec: cache })
  }

  get asking(): Asking {
    return this
  }

  get waiting(): number {
    return this.#waiting.rows.live
  }

  batch(_input: number, batch: Batch): void {
    this.#batches.push({ batch, markUs: this.#watermarkUs })
  }

  watermark(_input: number, watermarkUs: number): void {
    this.#watermarkUs = watermarkUs
  }

  answer(answers: Answers): void {
    this.#answers.push(answers)
  }

  epoch(out: Output): void {
    for (const answers of this.#answers) this.#takeAnswers(answers, out)
    this.#answers = []
    // Without a cache an answer is for the rows that it was asked for.
    if (this.#cache === undefined) this.#waiting.closeRequests()
    for (const { batch, markUs } of this.#batches) this.#probe(batch, markUs, out)
    this.#batches = []
    this.#tidy()
    const watermarkUs = Math.min(this.#watermarkUs, this.#waiting.markUs)
    if (watermarkUs > -Infinity) out.watermark(watermarkUs)
  }

  #takeAnswers({ ids, counts, rows }: Answers, out: Output): void {
    const { batch, of } = this.#rightRows(rows, counts)
    const asked = ids.map((id) => this.#waiting.take(id))
    const spans = spansOf(of, ids.length)
    this.#matches.begin(this.#waiting.view, batch)
    asked.forEach((slots, i) => {
      for (const slot of slots) {
        this.#matches.row(slot, 1)
        for (let row = spans[i]; row < spans[i + 1]; row++) this.#matches.pair(slot, row, 1, out)
      }
    })
    this.#matches.end(out)
    if (this.#cache !== undefined) this.#keep(this.#cache, asked, spans, batch)
  }

  /** Keeps the rows [spans[i], spans[i + 1]) of a batch for the key of the rows that asked. */
  #keep(
    cache: LookupCache,
    asked: readonly (readonly number[])[],
    spans: readonly number[],
    batch: Batch,
  ): void {
    const places = asked.flatMap((slots, i) => (slots.length > 0 ? [i] : []))
    const slots = Int32Array.from(places, (i) => asked[i][0])
    const keys = this.#keysOf(this.#waiting.view.keep(slots, slots.length), this.#context.clock)
    places.forEach((i, at) => {
      const n = spans[i + 1] - spans[i]
      const rows = Int32Array.from({ length: n }, (_, row) => spans[i] + row)
      cache.put(this.#waiting.groups[slots[at]], keys, at, batch, rows)
    })
  }

  /** The rows of answers as they are joined, and which answer each is of. */
  #rightRows(rows: Uint8Array | null, counts: readonly number[]) {
    const of: number[] = counts.flatMap((count, i) => new Array<number>(count).fill(i))
    const schema = this.#answerSchema
    const answered = rows === null ? emptyBatch(schema) : decodeBatch(rows, schema)
    const { clock } = this.#context
    let kept = answered
    let places: readonly number[] = of
    if (this.#filter !== undefined && answered.rowCount > 0) {
      const passing = new Int32Array(answered.rowCount)
      const n = this.#filter(answered, passing, clock)
      kept = answered.keep(passing, n)
      places = Array.from(passing.subarray(0, n), (row) => of[row])
    }
    const batch = new Batch(this.#rightSchema, this.#project(kept, clock), kept.rowCount)
    return { batch, of: places }
  }

  /** Joins the rows whose key is cached, or NULL; the others wait. */
  #probe(batch: Batch, markUs: number, out: Output): void {
    const { rowCount } = batch
    const groups = new Int32Array(rowCount)
    const { table } = this.#groups
    this.#find(batch, table, allRows(rowCount), rowCount, groups, this.#context.clock)
    const cache = this.#cache
    const waiting: number[] = []
    const into: number[] = []
    this.#matches.begin(batch, cache?.view ?? emptyBatch(this.#rightSchema))
    for (let row = 0; row < rowCount; row++) {
      const n = groups[row] < 0 ? 0 : (cache?.find(groups[row]) ?? -1)
      if (n < 0) {
        waiting.push(row)
        into.push(groups[row])
        continue
      }
      this.#matches.row(row, 1)
      for (let i = 0; i < n; i++) this.#matches.pair(row, cache!.answers.found[i], 1, out)
    }
    this.#matches.end(out)
    this.#waiting.add(batch, waiting, into, markUs)
  }

  #tidy(): void {
    this.#cache?.tidy()
    this.#waiting.tidy()
    const sides = this.#cache === undefined ? [] : [this.#cache.answers]
    const numbers = this.#groups.tidy([this.#waiting, ...sides])
    if (numbers !== undefined) this.#waiting.renumberGroups(numbers)
  }

  pending(after: number): Pending | null {
    const { ids, slots } = this.#waiting.pending(after)
    if (ids.length === 0) return null
    const rows = this.#waiting.view.keep(slots, ids.length)
    const columns = this.#keysOf(rows, this.#context.clock)
    return { ids, keys: new Batch(this.#keySchema, columns, ids.length) }
  }

  snapshot(): Section[] {
    const marks = Float64Array.of(this.#watermarkUs, this.#waiting.nextId)
    const version = this.#context.clock.epoch
    return [
      { name: 'marks', version, bytes: new Uint8Array(marks.buffer) },
      ...this.#waiting.snapshot(),
      ...(this.#cache?.snapshot() ?? []),
    ]
  }

  restore(sections: readonly Section[]): void {
    const marks = sections.find((section) => section.name === 'marks')
    if (marks === undefined) return
    const [watermarkUs, nextId] = new Float64Array(marks.bytes.slice().buffer)
    this.#watermarkUs = watermarkUs
    this.#waiting.nextId = nextId
    const find = (batch: Batch, rows: Int32Array, n: number, groups: Int32Array) =>
      this.#find(batch, this.#groups.table, rows, n, groups, this.#context.clock)
    this.#waiting.restore(sections, this.#cache !== undefined, find)
    this.#cache?.restore(sections)
  }

  stateSize(): StateSize {
    const cached = this.#cache?.answers
    return {
      rows: this.#waiting.rows.live + (cached?.rows.live ?? 0),
      bytes: this.#waiting.bytes + (cached?.bytes ?? 0) + this.#groups.table.bytes,
    }
  }
}

/** Where the rows of each of n answers begin, and where the last ones end; `of` ascends. */
function spansOf(of: readonly number[], n: number): number[] {
  const spans = [0]
  let next = 0
  for (let i = 0; i < n; i++) {
    while (next < of.length && of[next] === i) next++
    spans.push(next)
  }
  return spans
}
