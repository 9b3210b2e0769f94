/** Makes the logical nodes that look at the order of rows within a partition. */

import { assert } from '../../engine/base/assert.ts'
import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import { BIGINT } from '../../engine/batch/types.ts'
import type { Expr } from '../../engine/expr/ir.ts'
import type { OverCall } from '../../engine/operator/nodes.ts'
import { makeProcessingTime } from './make-rows.ts'
import { fieldsOf, type LogicalNode, type OverNode, type RankNode, type Traits } from './node.ts'
import { timeColumnsOf } from './traits.ts'

export type RankParts = Omit<RankNode, 'kind' | 'input' | 'schema' | 'traits'>

export const rankPartsOf = (node: RankNode): RankParts => ({
  ranking: node.ranking,
  partitionBy: node.partitionBy,
  orderBy: node.orderBy,
  from: node.from,
  to: node.to,
  withRank: node.withRank,
})

const RANK_FIELD: Field = { name: 'rank', type: BIGINT, nullable: false }

export function makeRank(input: LogicalNode, parts: RankParts): RankNode {
  const fields = fieldsOf(input)
  return {
    ...parts,
    kind: 'rank',
    input,
    schema: schemaOf(parts.withRank ? [...fields, RANK_FIELD] : fields),
    traits: rankTraits(input.traits, parts, fields.length),
  }
}

function rankTraits(input: Traits, parts: RankParts, width: number): Traits {
  const { ranking, partitionBy, from, to, withRank } = parts
  const partition = columnsOnly(partitionBy)
  const single = ranking === 'row_number' && from === to
  const numbered = ranking === 'row_number' && withRank
  const own =
    partition === undefined || !(single || numbered)
      ? []
      : [single ? partition : [...partition, width]]
  return {
    ...orderedTraits(input, partitionBy),
    // A row that moves up is no longer processed when its column says.
    processingColumns: [],
    // The first rows to come stay the first ones if nothing is said of an order.
    appendOnly: input.appendOnly && parts.orderBy.length === 0 && ranking === 'row_number',
    keys: [...own, ...input.keys],
  }
}

/** What a row is unique by stays; its times only do where each window is ranked by itself, because
 *  a row of a closed window no longer changes. */
function orderedTraits(input: Traits, partitionBy: readonly Expr[]): Traits {
  const found = input.windowColumns.filter(({ column }) =>
    partitionBy.some((expr) => expr.kind === 'column' && expr.index === column),
  )
  const roles = found.map(({ role }) => role)
  const perWindow = roles.includes('window_start') && roles.includes('window_end')
  const windowColumns = perWindow ? input.windowColumns : []
  return {
    ...input,
    timeColumns: timeColumnsOf(windowColumns),
    windowColumns,
  }
}

const columnsOnly = (exprs: readonly Expr[]): number[] | undefined => {
  const columns = exprs.flatMap((expr) => (expr.kind === 'column' ? [expr.index] : []))
  return columns.length === exprs.length ? columns : undefined
}

export type OverParts = Pick<OverNode, 'partitionBy' | 'orderBy' | 'calls'>

/** The input of an OVER that is ordered by `PROCTIME()`: by the clock, if that makes the results
 *  final. Windows below would lose what they are, so there it stays. */
export function clockedInput(input: LogicalNode, parts: OverParts): LogicalNode {
  const [key] = parts.orderBy
  const { timeColumns, processingColumns, windowColumns } = input.traits
  if (key?.expr.kind !== 'column' || windowColumns.length > 0) return input
  const { index } = key.expr
  if (timeColumns.includes(index) || !processingColumns.includes(index)) return input
  const timed = makeProcessingTime(input, index)
  return finalTime(timed.traits, parts) === undefined ? input : timed
}

/** `added`: one field per call. */
export function makeOver(input: LogicalNode, parts: OverParts, added: readonly Field[]): OverNode {
  assert(added.length === parts.calls.length, 'a field per call')
  const timeColumn = finalTime(input.traits, parts)
  return {
    ...parts,
    kind: 'over',
    input,
    timeColumn,
    schema: schemaOf([...fieldsOf(input), ...added]),
    traits:
      timeColumn === undefined
        ? { ...orderedTraits(input.traits, parts.partitionBy), ...CHANGING }
        : { ...input.traits, timeColumns: [timeColumn], processingColumns: [] },
  }
}

const CHANGING = { appendOnly: false, processingColumns: [] }

/** The time that the rows are ordered by, if no later row can change the calls' results. */
function finalTime(input: Traits, { orderBy, calls }: OverParts): number | undefined {
  if (!input.appendOnly || orderBy.length !== 1) return undefined
  const [{ expr, descending }] = orderBy
  if (descending || expr.kind !== 'column' || !input.timeColumns.includes(expr.index)) {
    return undefined
  }
  return calls.every(looksBack) ? expr.index : undefined
}

/** These depend on all rows of the partition, or on the next ones. */
const LOOKS_AHEAD: ReadonlySet<string> = new Set(['LEAD', 'NTILE', 'PERCENT_RANK', 'CUME_DIST'])

const looksBack = ({ name, frame }: OverCall): boolean => !LOOKS_AHEAD.has(name) && frame.to <= 0
