/** Runs queries over a history: in some order of the splits, cut into epochs and batches, with
 *  restarts in between. */

import type { Random } from '../../../engine/base/random.ts'
import { Batch } from '../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { consolidate } from '../../../engine/batch/consolidate.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import type { Value } from '../../../engine/expr/ir.ts'
import { type Leaf, Pipeline } from '../../../engine/graph/pipeline.ts'
import { nodesOf, type QueryPlan } from '../../../engine/plan/physical.ts'
import { Catalog, defineTable, Planner, parseStatements } from '../../../sql/index.ts'
import { RULES } from '../../../sql/optimize/optimizer.ts'
import {
  chance,
  createTable,
  type RandomTable,
  SECOND_US,
  T0_US,
  type TableEvent,
} from './tables.ts'

export function catalogOf(tables: readonly RandomTable[]): Catalog {
  const catalog = new Catalog()
  for (const table of tables) {
    const [statement] = parseStatements(createTable(table))
    if (statement.kind !== 'create-table') throw new Error('a table was expected')
    catalog.add(defineTable(statement, catalog)!)
  }
  return catalog
}

/** Raises what the planner raises. */
export function planOf(sql: string, catalog: Catalog, optimized: boolean): QueryPlan {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') throw new Error('a query was expected')
  const planner = new Planner(catalog, { rules: optimized ? RULES : [] })
  return planner.planQuery(statement, 'continuous', { id: 'q', name: 'q' }).plan
}

/** Whether some results wait until time has passed, so that they are complete at the end only. */
export function waits({ root }: QueryPlan): boolean {
  return [...nodesOf(root)].some((plan) => {
    switch (plan.kind) {
      case 'window':
        return plan.node.window.kind === 'session' && plan.node.speaksOpen !== true
      case 'window-aggregate':
        return plan.node.emit.kind !== 'changes'
      case 'over':
        return plan.node.timeColumn !== undefined
      case 'join':
        return plan.node.interval !== undefined && !['inner', 'semi'].includes(plan.node.join)
      case 'temporal-join':
      case 'match':
        return true
      case 'asof-join':
        return plan.node.time !== undefined
      default:
        return false
    }
  })
}

/** One epoch: the events of each table, and how far its watermark comes. */
export interface Epoch {
  readonly events: readonly (readonly TableEvent[])[]
  readonly watermarksUs: readonly number[]
  readonly nowUs: number
}

const SPLITS = 2

/** The history as epochs: the splits take turns at random, each in its order, and the watermark of a
 *  table is as high as its rows to come allow, or a little less. */
export function inEpochs(r: Random, history: readonly (readonly TableEvent[])[]): Epoch[] {
  const order = interleaved(r, history)
  const epochs: Epoch[] = []
  const count = 3 + r.below(4)
  let nowUs = T0_US
  let from = 0
  for (let e = 0; e < count; e++) {
    const to =
      e === count - 1 ? order.length : from + r.below(Math.ceil((order.length * 2) / count))
    const events = order.slice(from, to)
    const rest = order.slice(to)
    nowUs += r.below(60) * SECOND_US
    epochs.push({
      events: history.map((_, t) => events.filter(({ table }) => table === t)),
      watermarksUs: history.map((_, t) => {
        const slackUs = chance(r, 60) ? 0 : r.below(10) * SECOND_US
        const next = rest
          .filter(({ table }) => table === t)
          .map(({ timeUs }) => timeUs ?? -Infinity)
        const least = next.length > 0 ? Math.min(...next) : lastOf(history[t])
        return least - slackUs
      }),
      nowUs,
    })
    from = Math.min(to, order.length)
  }
  return risen(epochs)
}

const lastOf = (events: readonly TableEvent[]): number =>
  Math.max(-Infinity, ...events.map(({ timeUs }) => timeUs ?? -Infinity))

/** Watermarks never go back. */
function risen(epochs: readonly Epoch[]): Epoch[] {
  let before: readonly number[] = epochs[0].watermarksUs
  return epochs.map((epoch) => {
    before = epoch.watermarksUs.map((us, t) => Math.max(us, before[t]))
    return { ...epoch, watermarksUs: before }
  })
}

function interleaved(r: Random, history: readonly (readonly TableEvent[])[]): TableEvent[] {
  const queues = history.flatMap((events) =>
    Array.from({ length: SPLITS }, (_, split) =>
      events.filter(({ row }) => Number(row[0]) % SPLITS === split),
    ),
  )
  const order: TableEvent[] = []
  for (;;) {
    const left = queues.filter((queue) => queue.length > 0)
    if (left.length === 0) return order
    const queue = left[r.below(left.length)]
    order.push(...queue.splice(0, 1 + r.below(4)))
  }
}

export class Running {
  readonly plan: QueryPlan
  readonly #r: Random
  readonly #tables: readonly RandomTable[]
  readonly #catalog: Catalog
  readonly #clock = { epoch: 0, nowUs: T0_US, seed: 1 }
  readonly #batchRowsMax: number
  #pipeline: Pipeline
  readonly #output: Batch[] = []
  /** After each epoch: the watermark of the result, and how many batches were out. */
  readonly marks: { watermarkUs: number; batches: number }[] = []

  constructor(
    plan: QueryPlan,
    { r, tables, catalog }: { r: Random; tables: readonly RandomTable[]; catalog: Catalog },
  ) {
    this.plan = plan
    this.#r = r
    this.#tables = tables
    this.#catalog = catalog
    this.#batchRowsMax = 1 + r.below(12)
    this.#pipeline = this.#fresh()
  }

  #fresh(): Pipeline {
    return new Pipeline(this.plan, { clock: this.#clock, batchRowsMax: this.#batchRowsMax })
  }

  epoch({ events, watermarksUs, nowUs }: Epoch): void {
    this.#clock.epoch++
    this.#clock.nowUs = nowUs
    for (const leaf of this.#pipeline.leaves) {
      const t = this.#tableOf(leaf)
      this.#feed(leaf, this.#tables[t], events[t])
    }
    for (const leaf of this.#pipeline.leaves) {
      const t = this.#tableOf(leaf)
      if (this.#tables[t].timed) leaf.watermark(watermarksUs[t])
    }
    this.#collect()
    if (chance(this.#r, 20)) this.#restart()
  }

  end(): void {
    this.#clock.epoch++
    for (const leaf of this.#pipeline.leaves) leaf.watermark(Infinity)
    this.#collect()
  }

  #tableOf({ tableId }: Leaf): number {
    const entry = this.#catalog.byId(tableId)
    return this.#tables.findIndex(({ name }) => name === entry?.name)
  }

  #feed(leaf: Leaf, { kind }: RandomTable, events: readonly TableEvent[]): void {
    const entry = this.#catalog.byId(leaf.tableId)
    if (entry?.kind !== 'table') throw new Error('a table was expected')
    for (let from = 0; from < events.length; ) {
      const to = Math.min(events.length, from + 1 + this.#r.below(this.#batchRowsMax))
      const builder = new BatchBuilder(entry.spec.schema)
      for (const { row } of events.slice(from, to)) builder.append(row)
      const { schema, columns, rowCount } = builder.finish()
      const signs = Int32Array.from(events.slice(from, to), ({ sign }) => sign)
      leaf.batch(new Batch(schema, columns, rowCount, kind === 'append' ? null : signs))
      from = to
    }
  }

  #collect(): void {
    const batch = this.#pipeline.endEpoch()
    if (batch !== null) this.#output.push(batch)
    this.marks.push({ watermarkUs: this.#pipeline.watermarkUs, batches: this.#output.length })
  }

  #restart(): void {
    const states = this.#pipeline.snapshot().map((state) => ({
      ...state,
      sections: state.sections.map((section) => ({ ...section, bytes: section.bytes.slice() })),
    }))
    const { watermarkUs } = this.#pipeline
    this.#pipeline = this.#fresh()
    this.#pipeline.restore(states, watermarkUs)
  }

  /** The rows that the changelog adds up to. Raises for a weight below zero. */
  rows(): (readonly Value[])[] {
    const whole = consolidate(this.#output, this.plan.schema)
    if (whole === null) return []
    return rowsOf(whole).flatMap((row, i) => {
      const weight = whole.weights === null ? 1 : whole.weights[i]
      if (weight < 0) throw new Error(`weight ${weight} of ${rowText(row)}`)
      return Array.from({ length: weight }, () => row)
    })
  }

  /** A change with a time below a watermark that was promised before; undefined: there is none. */
  belowWatermark(time: number): string | undefined {
    for (const { watermarkUs, batches } of this.marks) {
      for (const batch of this.#output.slice(batches)) {
        const row = rowsOf(batch).find((cells) => {
          const cell = cells[time]
          return cell !== null && Number(cell) < watermarkUs
        })
        if (row !== undefined) return `${rowText(row)} comes after the watermark ${watermarkUs}`
      }
    }
    return undefined
  }
}

/** One text for a row of either side. */
export const rowText = (row: readonly unknown[]): string => row.map(cellText).join(' | ')

function cellText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (Array.isArray(value)) return `[${value.map(cellText).join(', ')}]`
  if (typeof value === 'object' && 'micros' in value) return String(value.micros)
  if (typeof value === 'object' && 'items' in value) return cellText(value.items)
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toPrecision(12)
  return typeof value === 'string' ? `'${value}'` : String(value)
}
