/** An engine in this thread over a real data folder, with a hand-driven producer. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { logSource, splitFolder } from '../../../connectors/log/source.ts'
import { sleep, systemClock } from '../../../engine/base/clock.ts'
import { nodeDisk } from '../../../engine/base/disk.ts'
import type { Batch } from '../../../engine/batch/batch.ts'
import { consolidate } from '../../../engine/batch/consolidate.ts'
import { decodeBatch, encodeBatch } from '../../../engine/batch/ipc.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import type { Value } from '../../../engine/expr/ir.ts'
import { Engine } from '../../../engine/graph/engine.ts'
import type { FromEngine, ResultFrame } from '../../../engine/graph/protocol.ts'
import { LogReader } from '../../../engine/log/reader.ts'
import { LogWriter } from '../../../engine/log/writer.ts'
import type { QueryPlan } from '../../../engine/plan/physical.ts'
import { Appended } from '../../../engine/source/appended.ts'
import type { LookupConnector } from '../../../engine/source/lookup.ts'
import type { AnySource } from '../../../engine/source/source.ts'
import type { TableSpec } from '../../../engine/source/table.ts'

export const temporaryFolder = (): { path: string; remove: () => void } => {
  const path = mkdtempSync(`${tmpdir()}/millrace-test-`)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** The writing side: what the server does, without HTTP. Writers stay open over engine restarts. */
export class Producer {
  readonly #dataFolder: string
  readonly #writers = new Map<string, LogWriter>()
  readonly #listeners = new Set<Appended>()

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder
  }

  #writer(table: TableSpec, split: number): LogWriter {
    const key = `${table.id}/${split}`
    const folder = splitFolder(this.#dataFolder, table.id, String(split))
    const writer =
      this.#writers.get(key) ?? LogWriter.open(nodeDisk, folder, { segmentBytesMax: 1 << 16 })
    this.#writers.set(key, writer)
    return writer
  }

  /** Opens a split that is there already, as a server that starts does. */
  open(table: TableSpec, split: number): void {
    this.#writer(table, split)
  }

  connect(appended: Appended): void {
    this.#listeners.add(appended)
    for (const [key, writer] of this.#writers) this.#tell(key, writer)
  }

  #tell(key: string, writer: LogWriter): void {
    const [table, split] = key.split('/')
    const end = { end: writer.nextOffset, ended: writer.ended }
    for (const appended of this.#listeners) appended.set(table, split, end)
  }

  async append(table: TableSpec, split: number, batch: Batch): Promise<void> {
    const writer = this.#writer(table, split)
    writer.append({
      kind: 1,
      count: batch.rowCount,
      timestampUs: 0,
      epoch: 0,
      watermarkUs: 0,
      payload: [encodeBatch(batch)],
    })
    await writer.sync()
    this.#tell(`${table.id}/${split}`, writer)
  }

  async end(table: TableSpec, split: number): Promise<void> {
    const writer = this.#writer(table, split)
    writer.end(0)
    await writer.sync()
    this.#tell(`${table.id}/${split}`, writer)
  }
}

/** What subscribers saw, over all restarts of the engine. */
export class Subscriber {
  readonly frames = new Map<string, ResultFrame[]>()
  readonly messages: FromEngine[] = []

  receive(message: FromEngine): void {
    this.messages.push(message)
    if (message.kind !== 'results') return
    for (const frame of message.frames) {
      const list = this.frames.get(frame.queryId) ?? []
      this.frames.set(frame.queryId, [...list, frame])
    }
  }

  /** A subscriber that has seen the same, and will not see what this one sees from now on. */
  copy(): Subscriber {
    const copy = new Subscriber()
    copy.messages.push(...this.messages)
    for (const [id, frames] of this.frames) copy.frames.set(id, [...frames])
    return copy
  }

  /** After a crash: what is in the result logs and was not seen yet, as the server reads it. */
  catchUp(dataFolder: string): void {
    for (const queryId of nodeDisk.list(`${dataFolder}/results`)) {
      const seen = this.frames.get(queryId) ?? []
      const folder = `${dataFolder}/results/${queryId}`
      const writer = LogWriter.open(nodeDisk, folder, { segmentBytesMax: 1 << 30 })
      const reader = new LogReader(nodeDisk, folder)
      reader.seek(seen.length)
      for (let seq = seen.length; seq < writer.nextOffset; seq++) {
        const { payload, epoch, watermarkUs } = reader.next(writer.nextOffset)!
        seen.push({ queryId, seq, epoch, watermarkUs, payload: payload.slice() })
      }
      this.frames.set(queryId, seen)
      reader.close()
      writer.close()
    }
  }

  get ended(): Set<string> {
    return new Set(this.messages.flatMap((m) => (m.kind === 'ended' ? [m.queryId] : [])))
  }

  get failures(): string[] {
    return this.messages.flatMap((m) =>
      m.kind === 'failed' || m.kind === 'broken' ? [JSON.stringify(m.error)] : [],
    )
  }

  /** The rows that the changelog of a query adds up to. Rows of weight n come n times. */
  rows(plan: QueryPlan): Value[][] {
    const frames = this.frames.get(plan.id) ?? []
    const batches = frames.map((frame) => decodeBatch(frame.payload, plan.schema))
    const whole = consolidate(batches, plan.schema)
    if (whole === null) return []
    return rowsOf(whole).flatMap((row, i) => {
      const weight = whole.weights === null ? 1 : whole.weights[i]
      if (weight < 0) throw new Error(`row ${row} has weight ${weight}`)
      return Array.from({ length: weight }, () => row)
    })
  }
}

export interface RunningEngine {
  readonly engine: Engine
  readonly appended: Appended
}

export interface EngineOptions {
  readonly dataFolder: string
  readonly queries?: readonly QueryPlan[]
  readonly producer: Producer
  readonly subscriber: Subscriber
  readonly epochRowsMax?: number
  readonly checkpointIntervalMs?: number
  /** Besides that of the embedded queue. */
  readonly connectors?: readonly AnySource[]
  /** Who can be asked from outside. */
  readonly lookups?: readonly LookupConnector[]
}

export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const appended = new Appended()
  options.producer.connect(appended)
  const { dataFolder } = options
  const log = logSource({ disk: nodeDisk, clock: systemClock, dataFolder, appended })
  const all: readonly AnySource[] = [log, ...(options.connectors ?? [])]
  const connectors = new Map(all.map((connector) => [connector.name, connector]))
  const engine = new Engine({
    config: {
      dataFolder: options.dataFolder,
      checkpointIntervalMs: options.checkpointIntervalMs ?? 50,
      checkpointsKept: 2,
      durability: 'sync',
      resultRetentionBytesMax: 256 << 20,
      epochRowsMax: options.epochRowsMax ?? 65_536,
      queries: options.queries ?? [],
    },
    disk: nodeDisk,
    clock: systemClock,
    connectors,
    lookups: new Map((options.lookups ?? []).map((connector) => [connector.name, connector])),
    appended,
    send: (message) => options.subscriber.receive(message),
  })
  engine.opened()
  await engine.start()
  return { engine, appended }
}

/** Waits until the condition holds; fails after a while. */
export async function until(condition: () => boolean, what: () => string): Promise<void> {
  for (let i = 0; i < 4000; i++) {
    if (condition()) return
    await sleep(5)
  }
  throw new Error(`waited in vain for ${what()}`)
}
