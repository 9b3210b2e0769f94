/** Millrace: the operator pipeline of a windowed GROUP BY; the watermark follows the rows. */

import type { Batch } from '../../engine/batch/batch.ts'
import type { Column } from '../../engine/batch/column.ts'
import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import { BIGINT, TIMESTAMP, VARCHAR } from '../../engine/batch/types.ts'
import type { ColumnExpr } from '../../engine/expr/ir.ts'
import { Pipeline } from '../../engine/graph/pipeline.ts'
import type { AggregateCall, AlignedSpec } from '../../engine/operator/nodes.ts'
import type { OperatorPlan, QueryPlan, SourcePlan } from '../../engine/plan/physical.ts'
import { FLIGHTS_SCHEMA } from '../flights.ts'
import { type Groups, groupKey, HOUR_MS } from './groups.ts'

const source: SourcePlan = {
  kind: 'source',
  table: {
    id: 'flights',
    name: 'flights',
    schema: FLIGHTS_SCHEMA,
    storedCount: FLIGHTS_SCHEMA.fields.length,
    computed: [],
    connector: 'log',
    options: {},
  },
  // date, delay, origin
  columns: [0, 1, 3],
}

const column = (index: number, name: string, type: ColumnExpr['type']): ColumnExpr => ({
  kind: 'column',
  index,
  name,
  type,
  nullable: true,
})
const call = (name: string, args: readonly ColumnExpr[]): AggregateCall => ({
  name,
  args,
  distinct: false,
  type: BIGINT,
})
const field = (name: string, type: Field['type'], nullable = true): Field => ({
  name,
  type,
  nullable,
})

const DELAY = column(1, 'delay', BIGINT)
const OUTPUT = schemaOf([
  field('origin', VARCHAR),
  field('count', BIGINT, false),
  field('sum', BIGINT),
  field('avg', BIGINT),
  field('window_start', TIMESTAMP, false),
])

const HOURLY: AlignedSpec = { kind: 'tumble', sizeUs: HOUR_MS * 1000, offsetUs: 0 }

const rootOf = (window: AlignedSpec): OperatorPlan => ({
  kind: 'window-aggregate',
  node: {
    window,
    timeColumn: 0,
    keys: [column(2, 'origin', VARCHAR)],
    aggregates: [call('COUNT', []), call('SUM', [DELAY]), call('AVG', [DELAY])],
    windowColumns: ['window_start'],
    fields: OUTPUT.fields,
    emit: { kind: 'close' },
  },
  inputs: [source],
})

const planOf = (window: AlignedSpec): QueryPlan => ({
  id: 'bench',
  name: 'bench',
  sql: `SELECT origin, COUNT(*), SUM(delay), AVG(delay), window_start
    FROM TUMBLE(flights, date, INTERVAL '1' HOUR) GROUP BY origin, window_start, window_end`,
  root: rootOf(window),
  schema: OUTPUT,
  appendOnly: true,
})

/** Pushes the batches through, one epoch each; gives the results of the windows as they close. */
export function groupByMillrace(
  batches: readonly Batch[],
  batchRowsMax: number,
  window: AlignedSpec = HOURLY,
): Batch[] {
  const clock = { epoch: 0, nowUs: 0, seed: 1 }
  const pipeline = new Pipeline(planOf(window), { clock, batchRowsMax })
  const [leaf] = pipeline.leaves
  const results: Batch[] = []
  const endEpoch = () => {
    clock.epoch++
    const result = pipeline.endEpoch()
    if (result !== null) results.push(result)
  }
  for (const batch of batches) {
    leaf.batch(batch)
    leaf.watermark(lastDateUs(batch))
    endEpoch()
  }
  leaf.watermark(Infinity)
  endEpoch()
  return results
}

/** The flights come in order of their date. */
const lastDateUs = ({ columns, rowCount }: Batch): number =>
  Number((columns[0].values as BigInt64Array)[rowCount - 1])

export function groupsOfMillrace(results: readonly Batch[]): Groups {
  const groups: Groups = new Map()
  const text = new TextDecoder()
  const integer = (of: Column, row: number) => Number((of.values as BigInt64Array)[row])
  for (const { columns, rowCount } of results) {
    const [origin, count, sum, avg, start] = columns
    const bytes = origin.values as Uint8Array
    for (let i = 0; i < rowCount; i++) {
      const name = text.decode(bytes.subarray(origin.starts[i], origin.ends[i]))
      groups.set(groupKey(integer(start, i) / 1000, name), {
        count: integer(count, i),
        sum: integer(sum, i),
        avg: integer(avg, i),
      })
    }
  }
  return groups
}
