/** Top-N per partition, deduplication, and ORDER BY … LIMIT of a continuous query.
 *
 *  State: over append-only input the rows that are in, and those of lower rank: one that falls
 *  behind `to` can never come back. Over an updating input all rows.
 *  Delta: of a partition that an epoch touched, the rows that left and those that came; with the
 *  rank in the output also those whose rank changed. O(log rows) per row, O(`to`) per touched
 *  partition. */

import { fail } from '../../base/errors.ts'
import { schemaOf } from '../../batch/schema.ts'
import { storageOf, typeName } from '../../batch/types.ts'
import { printExpr } from '../../expr/ir.ts'
import type { RankNode, SortKey } from '../nodes.ts'
import { defineOperator, type InputInfo } from '../operator.ts'
import { WindowRowsInTime } from '../ordered/window-rows-in-time.ts'
import { RankLists } from './rank-lists.ts'
import { RankOne } from './rank-one.ts'

export const rank = defineOperator<'rank', RankNode>({
  kind: 'rank',
  inputs: 1,
  check(node) {
    const { partitionBy, orderBy, from, to } = node
    if (!(from >= 1 && to >= from)) {
      fail(
        'INVALID_ARGUMENT',
        `A rank is at least 1 and ends at or after its start: ${from}..${to}`,
      )
    }
    checkOrdering(partitionBy, orderBy)
  },
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: (node, [input]) => keepsFirst(node, input),
  explain({ ranking, partitionBy, orderBy, from, to, withRank }) {
    const range = from === to ? `= ${from}` : to === Infinity ? `>= ${from}` : `in ${from}..${to}`
    const by = partitionBy.length === 0 ? '' : ` by ${partitionBy.map(printExpr).join(', ')}`
    const shown = withRank ? ', with rank' : ''
    return `Rank: ${ranking} ${range}${by} order ${printOrder(orderBy)}${shown}`
  },
  create(node, context) {
    const [input] = context.inputs
    const isOne = node.ranking === 'row_number' && node.to === 1
    const ranks =
      isOne && input.appendOnly ? new RankOne(node, context) : new RankLists(node, context)
    // The rows of an epoch come at its end, so its watermark must wait for them.
    let heldUs = -Infinity
    const windows = node.windowEnd && new WindowRowsInTime(node.windowEnd, context)
    return {
      batch: (_input, batch) => ranks.add(windows?.onTime(batch) ?? batch),
      watermark(_input, watermarkUs) {
        heldUs = watermarkUs
      },
      epoch(out) {
        ranks.emit(out)
        if (windows !== undefined) ranks.close(windows.close(heldUs))
        if (heldUs > -Infinity) out.watermark(heldUs)
      },
      dueUs: () => ranks.dueUs(),
      holdsAll: () => node.stateTtlUs === undefined,
      tellAll: (out) => ranks.tellAll(out),
      snapshot: () => [...ranks.snapshot(), ...(windows?.snapshot() ?? [])],
      restore(sections) {
        ranks.restore(sections)
        windows?.restore(sections)
      },
      stateSize: () => ranks.stateSize(),
    }
  },
})

/** Without ORDER BY the row numbers are those of arrival, which no later row changes. */
function keepsFirst({ ranking, orderBy }: RankNode, input: InputInfo): boolean {
  return ranking === 'row_number' && orderBy.length === 0 && input.appendOnly
}

/** Refuses too many partition keys, and keys that cannot be ordered. */
export function checkOrdering(
  partitionBy: RankNode['partitionBy'],
  orderBy: readonly SortKey[],
): void {
  if (partitionBy.length > 31) {
    fail('LIMIT_EXCEEDED', `PARTITION BY takes at most 31 keys, not ${partitionBy.length}`)
  }
  for (const { expr } of orderBy) {
    if (!['list', 'struct'].includes(storageOf(expr.type))) continue
    fail('UNSUPPORTED', `Rows cannot be ordered by a ${typeName(expr.type)}`, { at: expr.at })
  }
}

export const printOrder = (orderBy: readonly SortKey[]): string =>
  orderBy.map((key) => `${printExpr(key.expr)}${key.descending ? ' DESC' : ''}`).join(', ') ||
  'of arrival'
