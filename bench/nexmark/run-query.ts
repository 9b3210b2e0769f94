/** Runs one query over generated events through a whole engine: sources, epochs, journal, result
 *  log; from the first record to the end of the streams. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONNECTORS, sourceConnectors } from '../../connectors/index.ts'
import { sleep, systemClock } from '../../engine/base/clock.ts'
import { nodeDisk } from '../../engine/base/disk.ts'
import { errorFromJson } from '../../engine/base/errors.ts'
import { Engine } from '../../engine/graph/engine.ts'
import type {
  Durability,
  FromEngine,
  QueryStatus,
  ResultFrame,
} from '../../engine/graph/protocol.ts'
import type { StateSize } from '../../engine/operator/operator.ts'
import type { QueryPlan } from '../../engine/plan/physical.ts'
import { Appended } from '../../engine/source/appended.ts'
import {
  Catalog,
  defineTable,
  EMBEDDED_CONNECTORS,
  Planner,
  parseStatements,
} from '../../sql/index.ts'
import { createTables, type EventsOfRun } from './tables.ts'

const CATALOG_CONNECTORS = new Map([...EMBEDDED_CONNECTORS, ...CONNECTORS])

/** The plan of a continuous query over the generated tables. Raises what the planner raises. */
export const planNexmark = (sql: string, events: EventsOfRun): QueryPlan =>
  planOver(createTables(events), sql)

/** The plan of a continuous query over tables that make their rows up. */
export function planOver(tables: readonly string[], sql: string): QueryPlan {
  const catalog = new Catalog()
  for (const text of tables) {
    const [statement] = parseStatements(text)
    if (statement.kind !== 'create-table') throw new Error('a table was expected')
    catalog.add(defineTable(statement, catalog, CATALOG_CONNECTORS)!)
  }
  const [statement] = parseStatements(sql)
  if (statement.kind !== 'select') throw new Error('a query was expected')
  const identity = { id: 'q1', name: 'nexmark' }
  return new Planner(catalog).planQuery(statement, 'continuous', identity).plan
}

export interface NexmarkRun {
  readonly elapsedMs: number
  /** Of the whole process. */
  readonly cpuMs: number
  /** When the query had ended. */
  readonly status: QueryStatus
  /** What the operators kept when they were last looked at before the end. */
  readonly state: StateSize
  /** Bytes of each checkpoint, as far as it was seen. */
  readonly checkpoints: readonly number[]
}

export interface NexmarkOptions {
  /** Default: none while the query runs. */
  readonly checkpointIntervalMs?: number
  /** Default: off. */
  readonly durability?: Durability
}

/** How often the state is looked at. */
const LOOK_MS = 100

/** Runs to the end; `onFrame` gets every result. Rejects with the query's error. */
export async function runNexmark(
  plan: QueryPlan,
  onFrame: (frame: ResultFrame) => void,
  { checkpointIntervalMs = 3_600_000, durability = 'off' }: NexmarkOptions = {},
): Promise<NexmarkRun> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'millrace-nexmark-'))
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
  const send = (message: FromEngine) => {
    if (message.kind === 'results') for (const frame of message.frames) onFrame(frame)
    else if (message.kind === 'ended') resolve()
    // There are no embedded streams: nothing is to be made durable.
    else if (message.kind === 'sync-streams') engine.streamsSynced(undefined)
    else if (message.kind === 'failed' || message.kind === 'broken') {
      reject(errorFromJson(message.error))
    }
  }
  const appended = new Appended()
  const engine = new Engine({
    config: {
      dataFolder,
      checkpointIntervalMs,
      checkpointsKept: 2,
      durability,
      epochRowsMax: 65_536,
      resultRetentionBytesMax: 64 << 20,
      queries: [],
    },
    ...{ disk: nodeDisk, clock: systemClock, appended, send },
    connectors: sourceConnectors({
      ...{ disk: nodeDisk, clock: systemClock, dataFolder, appended },
    }),
  })
  // The engine's own timers don't keep a process alive.
  const over = new AbortController()
  void sleep(600_000, over.signal)
  engine.opened()
  await engine.start()
  const statusNow = () => engine.status().queries.find(({ queryId }) => queryId === plan.id)
  let state: StateSize = { rows: 0, bytes: 0 }
  const checkpoints = new Map<number, number>()
  const look = async () => {
    while (!over.signal.aborted) {
      const { checkpoint } = engine.status()
      if (checkpoint.madeUs > 0) checkpoints.set(checkpoint.epoch, checkpoint.bytes)
      const status = statusNow()
      if (status !== undefined && status.watermarkUs < Infinity && status.state !== 'ended') {
        state = { rows: status.stateRows, bytes: status.stateBytes }
      }
      await sleep(LOOK_MS, over.signal)
    }
  }
  try {
    const start = performance.now()
    const cpuBefore = process.cpuUsage()
    engine.attach(plan).catch(reject)
    void look()
    await ended
    const elapsedMs = performance.now() - start
    const { user, system } = process.cpuUsage(cpuBefore)
    const cpuMs = (user + system) / 1000
    return { elapsedMs, cpuMs, status: statusNow()!, state, checkpoints: [...checkpoints.values()] }
  } finally {
    over.abort()
    await engine.stop().catch(() => {})
    rmSync(dataFolder, { recursive: true, force: true })
  }
}
