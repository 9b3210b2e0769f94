/** Answers the main thread's requests with an engine: the worker's side of the protocol. */

import { asSqlError, errorToThread, fail } from '../base/errors.ts'
import type { Appended } from '../source/appended.ts'
import { alterTable } from './alter-table.ts'
import { compareState } from './compare-state.ts'
import { drained } from './drain.ts'
import type { Engine } from './engine.ts'
import type { EngineRequest, FromEngine, ToEngine } from './protocol.ts'
import type { Query } from './query.ts'

/** Handles one message; the answer goes to `send`. */
export async function serve(
  engine: Engine,
  appended: Appended,
  { id, request }: ToEngine,
  send: (message: FromEngine) => void,
): Promise<void> {
  try {
    send({ kind: 'reply', id, result: await answer(engine, appended, request) })
  } catch (error) {
    send({ kind: 'refusal', id, error: errorToThread(asSqlError(error)) })
  }
}

async function answer(
  engine: Engine,
  appended: Appended,
  request: EngineRequest,
): Promise<unknown> {
  switch (request.kind) {
    case 'attach':
      return (await engine.attach(request.plan)) ?? null
    case 'replace': {
      const { plan: before } = queryOf(engine, request.queryId).pipeline
      return (await engine.attach(request.plan, before)) ?? null
    }
    case 'compare': {
      const { pipeline } = queryOf(engine, request.queryId)
      return compareState(pipeline, pipeline.withPlan(request.plan))
    }
    case 'detach':
    case 'pause':
    case 'resume':
      return (await engine.change(request.kind, request.queryId)) ?? null
    case 'run':
      return engine.bounded(request)
    case 'analyze':
      return queryOf(engine, request.queryId).pipeline.report()
    case 'appended': {
      const { tableId, split, end, ended } = request
      appended.set(tableId, String(split), { end, ended })
      return null
    }
    case 'opened':
      return engine.opened() ?? null
    case 'streams-synced':
      return engine.streamsSynced(request.error) ?? null
    case 'need':
      return engine.need(request.queryId, request.seq) ?? null
    case 'forget':
      return engine.still.sides.forget(request.tableId) ?? null
    case 'alter-table':
      return alterTable(engine.still, request.table) ?? null
    case 'checkpoint':
      return engine.checkpoint()
    case 'hold':
      return (await engine.hold()) ?? null
    case 'release':
      return engine.release() ?? null
    case 'status':
      return engine.status()
    case 'drain':
      return drained(engine)
    case 'stop':
      return (await engine.stop()) ?? null
  }
}

function queryOf({ still: { queries } }: Engine, queryId: string): Query {
  return queries.get(queryId) ?? fail('UNKNOWN_QUERY', `There is no query ${queryId}`)
}
