/** Runs one query from its text through the engine's operators, epoch by epoch, with restarts. */

import type { Batch } from '../../engine/batch/batch.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { consolidate } from '../../engine/batch/consolidate.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import type { Value } from '../../engine/expr/ir.ts'
import { Pipeline } from '../../engine/graph/pipeline.ts'
import type { QueryPlan } from '../../engine/plan/physical.ts'
import { Catalog, defineTable, defineView, Planner, parseStatements } from '../../sql/index.ts'
import { DEFAULT_SESSION } from '../../sql/session.ts'

export const T0 = Date.UTC(2024, 0, 1) * 1000
export const SECOND_US = 1_000_000

/** What one epoch brings. */
export interface Epoch {
  readonly rows?: Readonly<Record<string, readonly (readonly Value[])[]>>
  /** The weights of a table's rows; absent: all +1. */
  readonly weights?: Readonly<Record<string, readonly number[]>>
  /** How far event time has come, by table. */
  readonly marks?: Readonly<Record<string, number>>
  readonly nowUs?: number
}

export interface QueryDrive {
  readonly plan: QueryPlan
  epoch(epoch: Epoch): void
  /** All streams end. */
  end(): void
  /** The result as sorted texts. */
  rows(): string[]
  /** Goes on with fresh operators that took over the state. */
  restart(): void
  stateSize(): { rows: number; bytes: number }
  /** Rows that were left out because they came late. */
  readonly lateRows: number
}

export interface DriveOptions {
  readonly mode?: 'bounded' | 'continuous'
  readonly batchRowsMax?: number
  /** `table.exec.state.ttl`. */
  readonly stateTtlUs?: number
  readonly queryId?: string
}

export function driveQuery(ddl: string, sql: string, options: DriveOptions = {}): QueryDrive {
  const catalog = catalogOf(ddl)
  const plan = planned(catalog, sql, options)
  const { batchRowsMax = 16 } = options
  const clock = { epoch: 0, nowUs: T0, seed: 1 }
  const make = () => new Pipeline(plan, { clock, batchRowsMax })
  let pipeline = make()
  let late = 0
  const output: Batch[] = []
  const nameOf = (tableId: string) => catalog.byId(tableId)!.name
  const run = ({ rows = {}, weights = {}, marks = {}, nowUs = clock.nowUs }: Epoch) => {
    Object.assign(clock, { epoch: clock.epoch + 1, nowUs, seed: clock.epoch + 1 })
    for (const leaf of pipeline.leaves) {
      const entry = catalog.byId(leaf.tableId)
      if (entry?.kind !== 'table') throw new Error(`no table ${leaf.tableId}`)
      const given = rows[entry.name] ?? []
      for (let from = 0; from < given.length; from += batchRowsMax) {
        const to = Math.min(from + batchRowsMax, given.length)
        const builder = new BatchBuilder(entry.spec.schema)
        for (let i = from; i < to; i++) builder.append(given[i], weights[entry.name]?.[i] ?? 1)
        leaf.batch(builder.finish())
      }
    }
    for (const leaf of pipeline.leaves) {
      const mark = marks[nameOf(leaf.tableId)]
      if (mark !== undefined) leaf.watermark(mark)
    }
    const batch = pipeline.endEpoch()
    if (batch !== null) output.push(batch)
  }
  return {
    plan,
    epoch: run,
    end() {
      for (const leaf of pipeline.leaves) leaf.watermark(Number.POSITIVE_INFINITY)
      run({})
    },
    rows() {
      const all = consolidate(output, plan.schema)
      return all === null ? [] : repeated(all).sort()
    },
    restart() {
      late += pipeline.lateRows
      const states = pipeline.snapshot().map((stage) => ({
        ...stage,
        sections: stage.sections.map((s) => ({ ...s, bytes: s.bytes.slice() })),
      }))
      const { watermarkUs } = pipeline
      pipeline = make()
      pipeline.restore(states, watermarkUs)
    },
    stateSize: () => pipeline.stateSize(),
    get lateRows() {
      return late + pipeline.lateRows
    },
  }
}

function catalogOf(ddl: string): Catalog {
  const catalog = new Catalog()
  for (const statement of parseStatements(ddl)) {
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
    if (statement.kind === 'create-view') catalog.add(defineView(statement, catalog)!.entry)
  }
  return catalog
}

function planned(catalog: Catalog, sql: string, options: DriveOptions): QueryPlan {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') throw new Error('not a query')
  const { mode = 'continuous', stateTtlUs = 0, queryId = 'q' } = options
  const planner = new Planner(catalog, { session: { ...DEFAULT_SESSION, stateTtlUs } })
  return planner.planQuery(statement, mode, { id: queryId, name: queryId }).plan
}

/** Rows as texts, each as often as its weight says. Raises if one is below 0 (law 3). */
export function repeated(batch: Batch): string[] {
  return rowsOf(batch).flatMap((row, i) => {
    const weight = batch.weights === null ? 1 : batch.weights[i]
    const line = row.map(textOf).join(' | ')
    if (weight < 0) throw new Error(`weight ${weight} of ${line}`)
    return Array.from({ length: weight }, () => line)
  })
}

export const textOf = (value: unknown): string =>
  value === null || value === undefined ? 'NULL' : String(value)
