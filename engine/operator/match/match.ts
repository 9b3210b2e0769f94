/** MATCH_RECOGNIZE: finds patterns in the rows of each partition, in order of event time. A match
 *  is the one that the SQL standard prefers among all that begin at its first row; attempts begin
 *  at the earliest row that is not skipped. The output is append-only, said when it is certain. */

import { fail } from '../../base/errors.ts'
import { schemaOf } from '../../batch/schema.ts'
import { isTimestamp, typeName } from '../../batch/types.ts'
import { isDeterministic } from '../../expr/facts.ts'
import { childrenOf, type Expr, printExpr, USER_CALL } from '../../expr/ir.ts'
import { checkCall } from '../group/check-aggregates.ts'
import type { MatchNode } from '../nodes.ts'
import { defineOperator, type InputInfo } from '../operator.ts'
import { checkOrdering, printOrder } from '../rank/rank.ts'
import { printTerm } from './match-print.ts'
import { MatchProgram } from './match-program.ts'
import { MatchState } from './match-state.ts'

export const match = defineOperator<'match', MatchNode>({
  kind: 'match',
  inputs: 1,
  check(node, [input]) {
    checkOrdering(node.partitionBy, node.orderBy)
    checkTime(node, input)
    for (const { condition } of node.variables) checkCondition(condition)
    for (const reference of node.references) {
      if (reference.kind === 'aggregate') checkCall(reference.call)
    }
    for (const measure of node.measures) checkClock(measure, 'MEASURES')
    new MatchProgram(node.pattern)
  },
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: () => true,
  explain(node) {
    const { partitionBy, orderBy, variables, pattern, withinUs } = node
    const by = partitionBy.length === 0 ? '' : ` by ${partitionBy.map(printExpr).join(', ')}`
    const within = withinUs === undefined ? '' : ` within ${withinUs / 1e6} s`
    const names = variables.map(({ name }) => name)
    return `Match: ${printTerm(pattern, names)}${by} order ${printOrder(orderBy)}${within}`
  },
  create: (node, context) => new MatchState(node, context),
})

function checkTime({ timeColumn, orderBy }: MatchNode, input: InputInfo): void {
  const [key] = orderBy
  const { name, type } = input.schema.fields[timeColumn]
  if (!input.appendOnly) {
    fail('UNSUPPORTED', 'MATCH_RECOGNIZE needs append-only input', {
      hint: 'It works over a stream, or over a window result that is emitted on close.',
    })
  }
  const isTime = key?.expr.kind === 'column' && key.expr.index === timeColumn && !key.descending
  if (!isTime) {
    fail('INVALID_ARGUMENT', `MATCH_RECOGNIZE is ordered by ${name} first, ascending`)
  }
  if (!isTimestamp(type)) {
    fail('TYPE_MISMATCH', `Event time is a TIMESTAMP; ${name} is ${typeName(type)}`)
  }
}

function checkCondition(condition: Expr | undefined): void {
  if (condition === undefined) return
  checkClock(condition, 'DEFINE')
  refuseUserCalls(condition)
}

/** When a row is looked at depends on the watermark, so the clock would say nothing of the row. */
function checkClock(expr: Expr, clause: string): void {
  if (isDeterministic(expr)) return
  fail('UNSUPPORTED', `The clock and chance are not supported in ${clause}`, {
    at: expr.at,
    hint: 'Compute the column before MATCH_RECOGNIZE, or in the SELECT around it.',
  })
}

/** They run over whole batches, and a condition reads single rows. */
function refuseUserCalls(expr: Expr): void {
  if (expr.kind === 'call' && expr.name === USER_CALL) {
    fail('UNSUPPORTED', 'A JavaScript function is not supported in DEFINE', {
      at: expr.at,
      hint: 'Compute it as a column before: FROM (SELECT *, f(x) AS y FROM t) MATCH_RECOGNIZE (…).',
    })
  }
  for (const part of childrenOf(expr)) refuseUserCalls(part)
}
