/** What the rank operator keeps, in one of two ways: one row per partition (`rank-one.ts`), or a
 *  list of them (`rank-lists.ts`). */

import { Batch } from '../../batch/batch.ts'
import { Column } from '../../batch/column.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { BIGINT } from '../../batch/types.ts'
import type { RankNode } from '../nodes.ts'
import type { OperatorContext, Output, Section, StateSize } from '../operator.ts'
import { emitDifference } from '../ordered/ordered-changes.ts'
import type { OrderedRows, OrderedRowsOptions } from '../ordered/ordered-rows.ts'

export interface RankState {
  add(batch: Batch): void
  /** Says what the epoch changed. */
  emit(out: Output): void
  /** Says all rows that are in as new ones. */
  tellAll(out: Pick<Output, 'emit'>): void
  /** Forgets the partitions whose window ends below `limitUs`: nothing of them changes any more. */
  close(limitUs: number): void
  /** The epoch clock at which expired partitions should be swept; Infinity: never. */
  dueUs(): number
  snapshot(): readonly Section[]
  restore(sections: readonly Section[]): void
  stateSize(): StateSize
}

/** Slots in order with their ranks; without `ranks` they ascend from `first`. */
export interface Ranked {
  readonly slots: readonly number[]
  readonly ranks: readonly number[] | null
  readonly first: number
}

export const rankAt = ({ ranks, first }: Ranked, i: number): number =>
  ranks === null ? first + i : ranks[i]

/** Slots with their ranks, one by one. */
export interface RankList {
  readonly slots: number[]
  readonly ranks: number[]
}

export const noneRanked = (): RankList => ({ slots: [], ranks: [] })

/** What the rows of a node are kept by. */
export const orderedBy = (
  { partitionBy, orderBy, windowEnd }: Pick<RankNode, 'partitionBy' | 'orderBy' | 'windowEnd'>,
  { inputs: [input], clock }: OperatorContext,
): OrderedRowsOptions => ({
  input: input.schema,
  partitionBy,
  orderBy,
  clock,
  indexed: !input.appendOnly,
  windowEnd: windowEnd?.column,
})

/** Emits rows that go and rows that come. */
export function emitRanked(
  rows: OrderedRows,
  gone: RankList,
  come: RankList,
  { fields, withRank }: RankNode,
  out: Pick<Output, 'emit'>,
): void {
  const schema = schemaOf(fields)
  const batchOf = ({ slots, ranks }: RankList): Batch | null => {
    if (slots.length === 0) return null
    const batch = rows.rowsAt(Int32Array.from(slots))
    const columns = withRank ? [...batch.columns, rankColumn(ranks, schema)] : batch.columns
    return new Batch(schema, columns, slots.length)
  }
  emitDifference(batchOf(gone), batchOf(come), out)
}

function rankColumn(ranks: readonly number[], { fields }: Schema): Column {
  const type = fields[fields.length - 1]?.type ?? BIGINT
  const values = BigInt64Array.from(ranks, BigInt)
  return new Column({ type, length: ranks.length, values })
}
