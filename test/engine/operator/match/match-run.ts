/** Runs MATCH_RECOGNIZE queries from text over given rows: in one batch, or cut into batches,
 *  watermarks and restarts at random. */

import { Batch } from '../../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../../engine/batch/builder.ts'
import { rowsOf } from '../../../../engine/batch/rows.ts'
import type { Value } from '../../../../engine/expr/ir.ts'
import { type Leaf, Pipeline } from '../../../../engine/graph/pipeline.ts'
import type { QueryPlan } from '../../../../engine/plan/physical.ts'
import {
  Catalog,
  defineTable,
  type PlanMode,
  Planner,
  parseStatements,
} from '../../../../sql/index.ts'

const TABLES = `
  CREATE TABLE ticker (symbol STRING, price BIGINT, tax BIGINT, ts TIMESTAMP(3),
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND);`

function catalogOf(): Catalog {
  const catalog = new Catalog()
  for (const statement of parseStatements(TABLES)) {
    if (statement.kind === 'create-table') catalog.add(defineTable(statement, catalog)!)
  }
  return catalog
}

export function planOf(sql: string, mode: PlanMode = 'continuous'): QueryPlan {
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') throw new Error('not a query')
  return new Planner(catalogOf()).planQuery(statement, mode, { id: 'q', name: 'q' }).plan
}

/** `symbol`, `price`, `tax`, seconds. */
export type TickerRow = readonly [string | null, number | null, number | null, number | null]

const SECOND_US = 1_000_000

export class MatchRun {
  readonly plan: QueryPlan
  readonly out: Value[][] = []
  readonly #clock = { epoch: 1, nowUs: 0, seed: 1 }
  #pipeline: Pipeline
  #lateBefore = 0

  constructor(query: string | QueryPlan) {
    this.plan = typeof query === 'string' ? planOf(query) : query
    this.#pipeline = this.#fresh()
  }

  #fresh(): Pipeline {
    return new Pipeline(this.plan, { clock: this.#clock, batchRowsMax: 8 })
  }

  get #leaf(): Leaf {
    return this.#pipeline.leaves[0]
  }

  feed(rows: readonly TickerRow[]): this {
    const { schema } = catalogOf().list('table')[0].spec
    for (let from = 0; from < rows.length; from += 8) {
      const builder = new BatchBuilder(schema)
      for (const [symbol, price, tax, second] of rows.slice(from, from + 8)) {
        builder.append([symbol, price, tax, second === null ? null : second * SECOND_US])
      }
      const batch = builder.finish()
      this.#leaf.batch(new Batch(schema, batch.columns, batch.rowCount))
    }
    return this
  }

  /** Ends an epoch with the watermark at this second; returns what came out. */
  watermark(second: number): Value[][] {
    this.#leaf.watermark(second * SECOND_US)
    return this.epoch()
  }

  epoch(): Value[][] {
    this.#clock.epoch++
    const batch = this.#pipeline.endEpoch()
    const rows = batch === null ? [] : rowsOf(batch)
    this.out.push(...rows)
    return rows
  }

  restart(): void {
    const states = this.#pipeline.snapshot().map((state) => ({
      ...state,
      sections: state.sections.map((s) => ({ ...s, bytes: s.bytes.slice() })),
    }))
    this.#lateBefore += this.#pipeline.lateRows
    const { watermarkUs } = this.#pipeline
    this.#pipeline = this.#fresh()
    this.#pipeline.restore(states, watermarkUs)
  }

  get watermarkS(): number {
    return this.#pipeline.watermarkUs / SECOND_US
  }

  get lateRows(): number {
    return this.#lateBefore + this.#pipeline.lateRows
  }

  get stateRows(): number {
    return this.#pipeline.stateSize().rows
  }
}

/** All output rows over these rows, as texts; times are in seconds. `endS`: the last watermark. */
export function matches(sql: string, rows: readonly TickerRow[], endS = Infinity): string[] {
  const run = new MatchRun(sql)
  run.feed(rows).watermark(endS)
  return textsOf(run)
}

export function textsOf({ plan, out }: Pick<MatchRun, 'plan' | 'out'>): string[] {
  return out.map((row) =>
    row
      .map((value, i) =>
        plan.schema.fields[i].type.kind === 'timestamp' && value !== null
          ? `@${Number(value) / SECOND_US}`
          : String(value),
      )
      .join(' '),
  )
}
