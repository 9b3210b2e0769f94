/** The datagen connector: row n is a function of the seed and n. */

import { randomAt } from '../../engine/base/random.ts'
import { Batch } from '../../engine/batch/batch.ts'
import type { Column } from '../../engine/batch/column.ts'
import { columnBuilder } from '../../engine/batch/column-builder.ts'
import { schemaOf } from '../../engine/batch/schema.ts'
import type { Value } from '../../engine/batch/value.ts'
import type { SourceConnector } from '../../engine/source/source.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import type { ConnectorContext } from '../context.ts'
import { GeneratedSplit, rowsOfSplit } from '../generated-split.ts'
import { type ColumnPlan, type DatagenPlan, planDatagen } from './plan.ts'
import { randomValue } from './random-value.ts'
import { datagen } from './spec.ts'

export const datagenSource = ({ clock }: ConnectorContext): SourceConnector => ({
  name: datagen.name,
  replay: 'offset',
  listSplits: (table) =>
    Array.from({ length: planDatagen(table).splits }, (_, i) => ({ id: String(i) })),
  open(table, { id }, from) {
    const plan = planDatagen(table)
    const index = Number(id)
    return new GeneratedSplit({
      ...{ clock, from },
      table: table.name,
      rowCount: rowsOfSplit(plan.rowCount, index, plan.splits),
      rowsPerSecond: plan.rowsPerSecond / plan.splits,
      make: (first, next) => makeRows(table, plan, { index, first, next }),
    })
  },
})

interface Range {
  readonly index: number
  readonly first: number
  readonly next: number
}

function makeRows(table: TableSpec, plan: DatagenPlan, { index, first, next }: Range): Batch {
  const schema = schemaOf(table.schema.fields.slice(0, table.storedCount))
  const numbers = Array.from({ length: next - first }, (_, i) => (first + i) * plan.splits + index)
  const columns = plan.columns.map((column) => columnOf(column, plan, numbers))
  return new Batch(schema, columns, numbers.length)
}

function columnOf(column: ColumnPlan, plan: DatagenPlan, numbers: readonly number[]): Column {
  const builder = columnBuilder(column.type)
  for (const n of numbers) builder.append(cellOf(column, plan, n))
  return builder.finish()
}

const NULL_SALT = 1 << 16

function cellOf(column: ColumnPlan, plan: DatagenPlan, n: number): Value {
  const { nullRate, salt, sequence, type, maxPastUs } = column
  const { seed } = plan
  if (nullRate > 0 && randomAt(seed, n, salt + NULL_SALT) < nullRate * 4294967296) return null
  if (sequence !== undefined) {
    const value = sequence.start + n
    return type.kind === 'varchar' ? String(value) : value
  }
  if (type.kind !== 'timestamp' && type.kind !== 'timestamp_ltz')
    return randomValue(column, seed, n)
  const sinceStartUs = plan.rowsPerSecond === Infinity ? n : (n * 1e6) / plan.rowsPerSecond
  const past = maxPastUs === 0 ? 0 : (randomAt(seed, n, salt) / 4294967296) * maxPastUs
  const step = 10 ** (6 - type.precision)
  return Math.floor((plan.startUs + sinceStartUs - past) / step) * step
}
