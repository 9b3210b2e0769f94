/** What it is worth that equal parts of a plan run once: "the auctions with the most bids", which
 *  reads one aggregation twice. Beside it what splitting COUNT(DISTINCT) would cost. */

import { random } from '../engine/base/random.ts'
import type { Batch } from '../engine/batch/batch.ts'
import { BatchBuilder } from '../engine/batch/builder.ts'
import { Pipeline } from '../engine/graph/pipeline.ts'
import { hasInputs, type Plan, type QueryPlan } from '../engine/plan/physical.ts'
import {
  Catalog,
  type CreateTable,
  defineTable,
  Planner,
  parseStatements,
  type QueryStatement,
  type TableEntry,
} from '../sql/index.ts'
import { ratio, say, shortCount, type Topic } from './topic.ts'

const ROWS = 1_000_000
const BATCH_ROWS = 16_384
/** Microseconds from row to row. */
const STEP_US = 100
const RUNS = 5

const TABLE = `CREATE TABLE bid (auction BIGINT NOT NULL, price BIGINT NOT NULL,
  ts TIMESTAMP(3) NOT NULL, WATERMARK FOR ts AS ts - INTERVAL '4' SECOND)`

const MOST_BIDS = `WITH counts AS (
    SELECT auction, COUNT(*) AS num, window_start, window_end
    FROM TABLE(HOP(TABLE bid, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
    GROUP BY auction, window_start, window_end)
  SELECT a.auction, a.num
  FROM counts AS a
  JOIN (SELECT MAX(num) AS most, window_start, window_end
    FROM counts GROUP BY window_start, window_end) AS m
  ON a.window_start = m.window_start AND a.window_end = m.window_end AND a.num >= m.most`

const DISTINCT = 'SELECT auction, COUNT(DISTINCT price) AS n FROM bid GROUP BY auction'
const SPLIT = `SELECT auction, SUM(part) AS n FROM (
    SELECT auction, price % 64 AS bucket, COUNT(DISTINCT price) AS part
    FROM bid GROUP BY auction, price % 64) AS parts
  GROUP BY auction`

export const sharedPlans: Topic = {
  name: 'shared-plans',
  title: 'SQL: equal parts of a plan run once',
  async run() {
    const catalog = new Catalog()
    const [create] = parseStatements(TABLE)
    const table = defineTable(create as CreateTable, catalog)!
    catalog.add(table)
    const bids = bidsOf(table)
    const shared = best(planOf(catalog, MOST_BIDS), bids)
    const apart = best(withoutSharing(planOf(catalog, MOST_BIDS)), bids)
    const distinct = best(planOf(catalog, DISTINCT), bids)
    const split = best(planOf(catalog, SPLIT), bids)
    say(`shared ${shortCount(shared.rate)} rows/s, apart ${shortCount(apart.rate)} rows/s`)
    return {
      notes: [
        `${shortCount(ROWS)} bids, half of them for one auction of 1 000; best of ${RUNS} runs.`,
        'The split of COUNT(DISTINCT) is written out in SQL, over 64 buckets.',
      ],
      header: ['plan', 'rows/s', 'beside the first', 'state'],
      rows: [
        row('most bids, shared', shared, shared),
        row('most bids, each part on its own', apart, shared),
        row('COUNT(DISTINCT)', distinct, distinct),
        row('COUNT(DISTINCT) split', split, distinct),
      ],
    }
  },
}

interface Speed {
  readonly rate: number
  readonly bytes: number
}

const row = (name: string, { rate, bytes }: Speed, first: Speed): string[] => [
  name,
  shortCount(rate),
  ratio(rate, first.rate),
  `${(bytes / 2 ** 20).toFixed(1)} MiB`,
]

function planOf(catalog: Catalog, sql: string): QueryPlan {
  const [statement] = parseStatements(sql)
  const planner = new Planner(catalog)
  const identity = { id: 'q1', name: 'bench' }
  return planner.planQuery(statement as QueryStatement, 'continuous', identity).plan
}

/** Every part an object of its own. */
function withoutSharing(plan: QueryPlan): QueryPlan {
  const copy = (part: Plan): Plan =>
    hasInputs(part) ? ({ ...part, inputs: part.inputs.map(copy) } as Plan) : { ...part }
  return { ...plan, root: copy(plan.root) }
}

function bidsOf({ spec }: TableEntry): Batch[] {
  const chance = random(7)
  const batches: Batch[] = []
  for (let from = 0; from < ROWS; from += BATCH_ROWS) {
    const builder = new BatchBuilder(spec.schema)
    for (let i = from; i < Math.min(ROWS, from + BATCH_ROWS); i++) {
      const auction = chance.below(2) === 0 ? 0 : chance.below(1000)
      builder.append([auction, chance.below(1_000_000), i * STEP_US])
    }
    batches.push(builder.finish())
  }
  return batches
}

function best(plan: QueryPlan, bids: readonly Batch[]): Speed {
  const speeds = Array.from({ length: RUNS }, () => speedOf(plan, bids))
  return speeds.toSorted((a, b) => b.rate - a.rate)[0]
}

function speedOf(plan: QueryPlan, bids: readonly Batch[]): Speed {
  const clock = { epoch: 1, nowUs: 0, seed: 1 }
  const pipeline = new Pipeline(plan, { clock, batchRowsMax: BATCH_ROWS })
  const beganMs = performance.now()
  bids.forEach((batch, i) => {
    for (const leaf of pipeline.leaves) leaf.batch(batch)
    for (const leaf of pipeline.leaves) leaf.watermark(i * BATCH_ROWS * STEP_US - 4_000_000)
    pipeline.endEpoch()
  })
  const seconds = (performance.now() - beganMs) / 1000
  return { rate: ROWS / seconds, bytes: pipeline.stateSize().bytes }
}
