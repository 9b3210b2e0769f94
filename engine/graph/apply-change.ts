/** Makes one change to the dataflow. The live engine and the replay go through here alike. */

import { errorFromJson, fail } from '../base/errors.ts'
import type { QueryPlan } from '../plan/physical.ts'
import type { Change } from './change.ts'
import type { Dataflow } from './dataflow.ts'
import type { Query } from './query.ts'
import { takeOver } from './take-over.ts'

/** Returns whether anything changed: a query that is not there, or is in that state already, is
 *  left alone. Raises what keeps a plan from being started, UNKNOWN_QUERY, INVALID_ARGUMENT. */
export function applyChange(
  dataflow: Dataflow,
  change: Change,
  planOf: (queryId: string) => QueryPlan | undefined,
): boolean {
  if (change.kind === 'merge') {
    const cursor = dataflow.cursors.get(change.cursor)
    if (cursor !== undefined) dataflow.merge(cursor, change.readers)
    return true
  }
  if (change.kind === 'splits') {
    const reader = dataflow.cursors.get(change.cursor)?.readers.get(change.table)
    reader?.addSplits(change.found, dataflow.context.clock.nowUs)
    return true
  }
  const query = dataflow.queries.get(change.queryId)
  if (change.kind === 'attach') {
    const plan = planOf(change.queryId)
    if (plan === undefined || query !== undefined) return false
    dataflow.attach(plan)
    return true
  }
  if (query === undefined) return false
  switch (change.kind) {
    case 'detach':
      dataflow.detach(query.id)
      return true
    case 'replace': {
      const plan = planOf(change.by)
      if (plan === undefined || dataflow.queries.has(plan.id)) return false
      refuseUnlessRunning(query)
      takeOver(dataflow, query, plan)
      return true
    }
    case 'pause':
      refuseUnlessRunning(query)
      if (query.paused) return false
      dataflow.pause(query)
      return true
    case 'resume':
      refuseUnlessRunning(query)
      if (!query.paused) return false
      dataflow.unpause(query)
      return true
    case 'answer': {
      const { stage, ids, counts } = change
      const rows = change.rows === null ? null : new Uint8Array(Buffer.from(change.rows, 'base64'))
      query.pipeline.asking.get(stage)?.asking.answer({ ids, counts, rows })
      return true
    }
    case 'fail':
      if (query.running) dataflow.fail(query, errorFromJson(change.error))
      return true
  }
}

function refuseUnlessRunning({ running, error, pipeline }: Query): void {
  if (running) return
  const { name } = pipeline.plan
  const how = error === undefined ? 'has ended' : `has failed: ${error.message}`
  fail('INVALID_ARGUMENT', `Query ${name} ${how}`, { hint: 'Restart it, or drop it.' })
}
