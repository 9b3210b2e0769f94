/** The whole writing side on a disk that fails: streams, engine, journal, checkpoints and result
 *  logs in this thread, with producers that retry and a subscriber that resumes. */

import { logSource } from '../../connectors/log/source.ts'
import { sleep, systemClock } from '../../engine/base/clock.ts'
import {
  asSqlError,
  type ErrorJson,
  errorFromJson,
  type SqlError,
} from '../../engine/base/errors.ts'
import { BatchBuilder } from '../../engine/batch/builder.ts'
import { consolidate } from '../../engine/batch/consolidate.ts'
import { decodeBatch } from '../../engine/batch/ipc.ts'
import { rowsOf } from '../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../engine/batch/schema.ts'
import { BIGINT, TIMESTAMP, VARCHAR } from '../../engine/batch/types.ts'
import type { Expr, Value } from '../../engine/expr/ir.ts'
import { Engine } from '../../engine/graph/engine.ts'
import type { Durability, FromEngine, ResultFrame } from '../../engine/graph/protocol.ts'
import { LogReader } from '../../engine/log/reader.ts'
import type { AggregateCall, EmitPolicy } from '../../engine/operator/nodes.ts'
import type { QueryPlan } from '../../engine/plan/physical.ts'
import { Appended } from '../../engine/source/appended.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { Streams } from '../../server/streams.ts'
import type { FaultDisk } from '../engine/log/fault-disk.ts'

export const DATA = 'data'
const SECOND = 1_000_000

const FIELDS: readonly Field[] = [
  { name: 'id', type: BIGINT, nullable: false },
  { name: 'k', type: VARCHAR, nullable: false },
  { name: 'ts', type: TIMESTAMP, nullable: false },
]
const column = (index: number): Expr => ({ kind: 'column', index, ...FIELDS[index] })

export const table = (splits: number, options: Record<string, string> = {}): TableSpec => ({
  id: 't1',
  name: 'events',
  schema: schemaOf(FIELDS),
  storedCount: FIELDS.length,
  computed: [],
  connector: 'log',
  options: { splits: String(splits), ...options },
  watermark: {
    column: 2,
    idleTimeoutMs: 0,
    expr: {
      kind: 'call',
      name: '-',
      type: TIMESTAMP,
      args: [column(2), { kind: 'literal', type: { kind: 'interval_second' }, value: 20 * SECOND }],
    },
  },
})

const CALLS: readonly AggregateCall[] = [
  { name: 'COUNT', args: [], distinct: false, type: BIGINT },
  { name: 'SUM', args: [column(0)], distinct: false, type: BIGINT },
]
const AGGREGATES: Field[] = CALLS.map((call, i) => ({
  name: `a${i}`,
  type: call.type,
  nullable: true,
}))

const source = (spec: TableSpec) => ({ kind: 'source', table: spec, columns: [0, 1, 2] }) as const

/** Every record as it is. */
export const everything = (id: string, spec: TableSpec): QueryPlan => ({
  ...{ id, name: id, sql: '', schema: schemaOf(FIELDS), appendOnly: true },
  root: source(spec),
})

/** COUNT(*), SUM(id) by k, as a changelog. */
export const grouped = (id: string, spec: TableSpec): QueryPlan => {
  const fields = [FIELDS[1], ...AGGREGATES]
  const node = { keys: [column(1)], aggregates: CALLS, fields }
  return {
    ...{ id, name: id, sql: '', schema: schemaOf(fields), appendOnly: false },
    root: { kind: 'aggregate', node, inputs: [source(spec)] },
  }
}

/** The same in windows of ten seconds. */
export function windowed(id: string, spec: TableSpec, emit: EmitPolicy): QueryPlan {
  const fields: Field[] = [
    FIELDS[1],
    ...AGGREGATES,
    { name: 'window_end', type: TIMESTAMP, nullable: false },
  ]
  const node = {
    window: { kind: 'tumble', sizeUs: 10 * SECOND, offsetUs: 0 } as const,
    ...{ timeColumn: 2, keys: [column(1)], aggregates: CALLS, fields, emit },
    windowColumns: ['window_end'] as const,
  }
  return {
    ...{ id, name: id, sql: '', schema: schemaOf(fields), appendOnly: emit.kind === 'close' },
    root: { kind: 'window-aggregate', node, inputs: [source(spec)] },
  }
}

export const rowOf = (id: number): Value[] => [id, `k${id % 7}`, id * 100_000]

export function batchOf(ids: readonly number[]) {
  const builder = new BatchBuilder(schemaOf(FIELDS))
  for (const id of ids) builder.append(rowOf(id))
  return builder.finish()
}

/** What is right for the plan over these records. */
export function answer(plan: QueryPlan, ids: readonly number[]): string[] {
  if (plan.root.kind === 'source') return ids.map((id) => rowOf(id).join('|')).sort()
  const windowed = plan.root.kind === 'window-aggregate'
  const groups = new Map<string, { key: Value[]; count: number; sum: number }>()
  for (const id of ids) {
    const [, k, ts] = rowOf(id)
    const end = (Math.floor((ts as number) / (10 * SECOND)) + 1) * 10 * SECOND
    const key = `${k} ${windowed ? end : ''}`
    const group = groups.get(key) ?? { key: windowed ? [k, end] : [k], count: 0, sum: 0 }
    group.count++
    group.sum += id
    groups.set(key, group)
  }
  return [...groups.values()]
    .map(({ key: [k, end], count, sum }) =>
      (end === undefined ? [k, count, sum] : [k, count, sum, end]).join('|'),
    )
    .sort()
}

/** One subscriber per query over all lives: what was released to it may never change. */
export class Witness {
  readonly frames = new Map<string, ResultFrame[]>()
  readonly problems: string[] = []
  readonly ended = new Set<string>()
  readonly failed = new Map<string, ErrorJson>()

  of(queryId: string): ResultFrame[] {
    const known = this.frames.get(queryId) ?? []
    this.frames.set(queryId, known)
    return known
  }

  take(frame: ResultFrame): void {
    const seen = this.of(frame.queryId)
    const before = seen[frame.seq]
    if (before !== undefined) {
      if (Buffer.compare(before.payload, frame.payload) !== 0 || before.epoch !== frame.epoch) {
        this.problems.push(`result ${frame.seq} of ${frame.queryId} changed`)
      }
    } else if (frame.seq !== seen.length) {
      this.problems.push(`result ${frame.seq} of ${frame.queryId} came after ${seen.length - 1}`)
    } else seen.push({ ...frame, payload: frame.payload.slice() })
  }

  /** The rows that the changelog adds up to. */
  rows(plan: QueryPlan): string[] {
    const batches = this.of(plan.id).map(({ payload }) => decodeBatch(payload, plan.schema))
    const whole = consolidate(batches, plan.schema)
    if (whole === null) return []
    return rowsOf(whole)
      .flatMap((row, i) => Array(whole.weights?.[i] ?? 1).fill(row.join('|')))
      .sort()
  }
}

export interface MachineOptions {
  readonly plans: readonly QueryPlan[]
  readonly tables: readonly TableSpec[]
  readonly checkpointIntervalMs: number
  readonly durability?: Durability
  readonly segmentBytesMax?: number
  readonly resultRetentionBytesMax?: number
  readonly onCompacted?: () => void
}

/** One life of a server. */
export class Machine {
  readonly disk: FaultDisk
  readonly streams: Streams
  readonly engine: Engine
  readonly messages: FromEngine[] = []
  readonly #witness: Witness
  #ready = false
  broken: SqlError | undefined
  isStalled = false

  private constructor(disk: FaultDisk, options: MachineOptions, witness: Witness) {
    this.disk = disk
    this.#witness = witness
    const appended = new Appended()
    const shared = { disk, clock: systemClock, dataFolder: DATA }
    const durability = options.durability ?? 'sync'
    const segmentBytesMax = options.segmentBytesMax ?? 2048
    this.streams = new Streams({
      ...{ ...shared, durability, segmentBytesMax },
      unsyncedBytesMax: 1 << 24,
      onAppended: (id, split, end, ended) => appended.set(id, String(split), { end, ended }),
      onCompacted: options.onCompacted,
    })
    const log = logSource({ ...shared, appended })
    this.engine = new Engine({
      config: {
        ...{ dataFolder: DATA, durability, queries: options.plans },
        checkpointIntervalMs: options.checkpointIntervalMs,
        checkpointsKept: 2,
        epochRowsMax: 4096,
        resultRetentionBytesMax: options.resultRetentionBytesMax ?? 1 << 28,
      },
      ...{ disk, clock: systemClock, connectors: new Map([[log.name, log]]), appended },
      send: (message) => this.#receive(message),
    })
  }

  /** Recovers. Raises what prevents it. */
  static async boot(disk: FaultDisk, options: MachineOptions, witness: Witness): Promise<Machine> {
    const machine = new Machine(disk, options, witness)
    try {
      const opened = Promise.all(options.tables.map((spec) => machine.streams.open(spec)))
      await opened.then(() => machine.engine.opened())
      await Promise.race([machine.engine.start(), machine.#powerless()])
      machine.#catchUp()
    } catch (error) {
      await machine.kill()
      throw error
    }
    return machine
  }

  /** Rejects when the power is off: a recovery waits for a disk that cannot be read. */
  async #powerless(): Promise<never> {
    while (!this.disk.off && !this.#ready) await sleep(5)
    throw new Error('the power is off')
  }

  #receive(message: FromEngine): void {
    this.messages.push(message)
    if (message.kind === 'stalled') {
      this.isStalled = message.error !== null
      this.streams.stall(message.error === null ? undefined : errorFromJson(message.error))
    }
    if (message.kind === 'needed') this.streams.need(message.offsets)
    if (message.kind === 'broken') this.broken = errorFromJson(message.error)
    if (message.kind === 'ended') this.#witness.ended.add(message.queryId)
    // Without power everything fails, and that is no news.
    if (message.kind === 'failed' && !this.disk.off)
      this.#witness.failed.set(message.queryId, message.error)
    if (message.kind === 'sync-streams') {
      this.streams.sync().then(
        () => this.engine.streamsSynced(undefined),
        (error) => this.engine.streamsSynced(asSqlError(error).toJSON()),
      )
    }
    if (message.kind === 'results' && this.#ready) {
      for (const frame of message.frames) {
        this.#witness.take(frame)
        this.engine.need(frame.queryId, frame.seq + 1)
      }
    }
  }

  /** Reads all released results that are kept, as the server's feeds do after a restart. */
  #catchUp(): void {
    const ready = this.messages.find((message) => message.kind === 'ready')!
    for (const [queryId, nextSeq] of Object.entries(ready.nextSeqs)) {
      if (this.#witness.of(queryId).length > nextSeq) {
        this.#witness.problems.push(`released results of ${queryId} are gone after ${nextSeq}`)
      }
      for (const frame of readResults(this.disk, queryId, nextSeq)) this.#witness.take(frame)
    }
    this.#ready = true
    for (const message of this.messages) {
      if (message.kind !== 'results') continue
      for (const frame of message.frames) {
        if (frame.seq >= (ready.nextSeqs[frame.queryId] ?? 0)) this.#witness.take(frame)
      }
    }
  }

  /** Lets go of everything without finishing anything. */
  async kill(): Promise<void> {
    if (!this.disk.off) this.disk.cut()
    await this.streams.close().catch(() => {})
    await this.engine.stop().catch(() => {})
  }

  async stop(): Promise<void> {
    await this.streams.close()
    await this.engine.stop()
  }
}

export function* readResults(
  disk: FaultDisk,
  queryId: string,
  end: number,
): Generator<ResultFrame> {
  const reader = new LogReader(disk, `${DATA}/results/${queryId}`)
  try {
    for (;;) {
      const frame = reader.next(end)
      if (frame === null) return
      const { first: seq, epoch, watermarkUs, payload } = frame
      yield { queryId, seq, epoch, watermarkUs, payload }
    }
  } finally {
    reader.close()
  }
}

/** Ids of all stored records of a split, in order. */
export function storedIds(disk: FaultDisk, spec: TableSpec, split: number, end: number): number[] {
  const reader = new LogReader(disk, `${DATA}/streams/${spec.id}/${split}`)
  const ids: number[] = []
  try {
    for (;;) {
      const frame = reader.next(end)
      if (frame === null) return ids
      for (const [id] of rowsOf(decodeBatch(frame.payload, spec.schema))) ids.push(Number(id))
    }
  } finally {
    reader.close()
  }
}
