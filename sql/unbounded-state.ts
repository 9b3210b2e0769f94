/** Warns of operators whose state can grow for as long as a continuous query runs. */

import { printExpr } from '../engine/expr/ir.ts'
import type { LogicalNode } from './logical/node.ts'
import { eachNode, inputsOf } from './logical/visit.ts'
import { forgets } from './lower/forgets.ts'

/** One sentence per operator: which one it is and how to bound it. `stateTtlUs` bounds those that
 *  obey it; 0: there is none. */
export function unboundedState(root: LogicalNode, stateTtlUs = 0): string[] {
  const warnings = new Set<string>()
  eachNode(root, (node) => {
    const warning = stateTtlUs > 0 && forgets(node) ? undefined : warningOf(node)
    if (warning !== undefined) warnings.add(warning)
  })
  return [...warnings]
}

function warningOf(node: LogicalNode): string | undefined {
  if (inputsOf(node).every(hasEnd)) return undefined
  switch (node.kind) {
    case 'aggregate':
      return aggregateWarning(node)
    case 'join':
      return joinWarning(node)
    case 'asof-join':
      return asofWarning(node)
    case 'set-operation':
      return `${node.operator.toUpperCase()} keeps every distinct row for ever. Compare windows of both sides${OR_TTL} to bound it.`
    case 'rank':
      return rankWarning(node)
    case 'over':
      return overWarning(node)
    case 'match':
      return matchWarning(node)
    default:
      return undefined
  }
}

/** Literal rows only: they are all there from the start. */
const hasEnd = (node: LogicalNode): boolean =>
  node.kind === 'values' || (node.kind !== 'scan' && inputsOf(node).every(hasEnd))

type NodeOf<Kind extends LogicalNode['kind']> = Extract<LogicalNode, { kind: Kind }>

function aggregateWarning({ keys, aggregates, input }: NodeOf<'aggregate'>): string | undefined {
  const distinct = aggregates.find((call) => call.distinct)
  if (keys.length === 0) {
    return (
      distinct &&
      `${distinct.name}(DISTINCT …) keeps every distinct value for ever. ${boundBy(input)}`
    )
  }
  const list = keys.map(printExpr).join(', ')
  return aggregates.length === 0
    ? `DISTINCT ${list} keeps every distinct row for ever. ${boundBy(input, OR_TTL)}`
    : `GROUP BY ${list} keeps a row for every group for ever. ${boundBy(input, OR_TTL)}`
}

const OR_TTL = ", or SET 'table.exec.state.ttl',"

/** Who grouped by half a window meant to group by the window. */
function boundBy(input: LogicalNode, orElse = ''): string {
  return input.traits.windowColumns.length > 0
    ? 'Group by both window_start and window_end to drop each window when it closes.'
    : `Group by a window (TUMBLE) as well${orElse} to bound it.`
}

/** A side without end makes the join keep the other one. */
function joinWarning(node: NodeOf<'join'>): string | undefined {
  const { join, left, right, parts } = node
  if (parts.interval !== undefined || hasEnd(left) || hasEnd(right)) return undefined
  const keys = parts.leftKeys.map(
    (key, i) => `${printExpr(key)} = ${printExpr(parts.rightKeys[i])}`,
  )
  const on = keys.length === 0 ? '' : ` on ${keys.join(', ')}`
  const [what, hint] =
    join === 'semi' || join === 'anti'
      ? ['An IN or EXISTS', 'Compare the times of both sides in the subquery']
      : [
          `The ${join} join`,
          "Bound the times of both sides (b.ts BETWEEN a.ts AND a.ts + INTERVAL '1' HOUR)",
        ]
  return `${what}${on} keeps every row of both sides for ever. ${hint}, or join windows${forgets(node) ? OR_TTL : ','} to bound it.`
}

function asofWarning({ parts, left, right }: NodeOf<'asof-join'>): string | undefined {
  if (parts.time !== undefined || hasEnd(left) || hasEnd(right)) return undefined
  const { leftValue, comparison, rightValue } = parts
  const nearest = `${printExpr(leftValue)} ${comparison} ${printExpr(rightValue)}`
  return `The ASOF join on ${nearest} keeps every row of both sides for ever. Compare the event times of both sides to bound it.`
}

function rankWarning(node: NodeOf<'rank'>): string | undefined {
  const { partitionBy, input, to, traits } = node
  if (traits.windowColumns.length > 0) return undefined
  const list = partitionBy.map(printExpr).join(', ')
  if (!input.traits.appendOnly) {
    return `The ranking${list === '' ? '' : ` per ${list}`} keeps every row that can move up for ever. Rank the rows of each window to bound it.`
  }
  if (partitionBy.length === 0) return undefined
  const kept = to === 1 ? 'a row' : `${to} rows`
  return `The ranking per ${list} keeps ${kept} for every partition for ever. Partition by window_start and window_end as well${OR_TTL} to bound it.`
}

function overWarning({ partitionBy, timeColumn, traits }: NodeOf<'over'>): string | undefined {
  if (traits.windowColumns.length > 0) return undefined
  const list = partitionBy.map(printExpr).join(', ')
  const per = list === '' ? '' : ` PARTITION BY ${list}`
  if (timeColumn === undefined) {
    return `OVER${per} keeps every row for ever, because later rows can change it. ORDER BY a time attribute${OR_TTL} to bound it.`
  }
  return list === ''
    ? undefined
    : `OVER${per} keeps what it has counted for every partition for ever. Partition by a window as well${OR_TTL} to bound it.`
}

function matchWarning({ withinUs, partitionBy, references }: NodeOf<'match'>): string | undefined {
  const per = partitionBy.length === 0 ? '' : ` per ${partitionBy.map(printExpr).join(', ')}`
  if (withinUs === undefined) {
    return `MATCH_RECOGNIZE${per} keeps the rows of a match that has begun until it is complete or impossible. Add WITHIN INTERVAL … to bound it.`
  }
  const counts = references.some(({ kind }) => kind === 'number')
  return counts && per !== ''
    ? `MATCH_NUMBER()${per} keeps a number for every partition for ever.`
    : undefined
}
