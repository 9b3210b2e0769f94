/** The engine as the main thread sees it: requests with answers, and events. It runs in its own
 *  worker thread, so that a heavy epoch never holds up HTTP. */

import module from 'node:module'
import { Worker } from 'node:worker_threads'
import { asSqlError, errorFromJson, SqlError } from '../engine/base/errors.ts'
import type {
  BoundedResult,
  CheckpointStatus,
  EngineConfig,
  EngineRequest,
  EngineStatus,
  FromEngine,
  NeededOffsets,
  NodeReport,
  RecoveryProgress,
  ReplaceReport,
  ResultFrame,
  ToEngine,
} from '../engine/graph/protocol.ts'

type Kind = EngineRequest['kind']

/** What each request is answered with. */
interface Replies {
  readonly run: BoundedResult
  readonly analyze: readonly NodeReport[]
  readonly compare: ReplaceReport
  readonly status: EngineStatus
  readonly checkpoint: CheckpointStatus
  readonly drain: number
}

export type ReplyTo<K extends Kind> = K extends keyof Replies ? Replies[K] : null

export interface EngineListener {
  /** How far the recovery is. */
  recovering?(progress: RecoveryProgress): void
  /** Everything that was acknowledged before the start is processed again; how far each query's
   *  results are released. */
  ready?(nextSeqs: Readonly<Record<string, number>>): void
  /** In seq order per query. */
  results?(frames: readonly ResultFrame[]): void
  progress?(epoch: number, watermarks: readonly QueryWatermark[]): void
  failed?(queryId: string, error: SqlError): void
  ended?(queryId: string): void
  /** The disk is full and no epoch can run; undefined: it goes on again. */
  stalled?(error: SqlError | undefined): void
  /** What the streams hold must be made durable: to be answered by `streams-synced`. */
  syncStreams?(): void
  /** What must be kept of the embedded streams. */
  needed?(offsets: NeededOffsets): void
  /** The engine cannot go on. */
  broken?(error: SqlError): void
}

export interface QueryWatermark {
  readonly queryId: string
  readonly watermarkUs: number
}

/** The real one is a worker thread; tests have a simpler one. */
export interface Engine {
  /** Opens the data folder and recovers. Once; before any request. */
  start(config: EngineConfig): void
  /** Rejects with the engine's SqlError; UNAVAILABLE if the engine has stopped. */
  request<Request extends EngineRequest>(request: Request): Promise<ReplyTo<Request['kind']>>
  /** A listener that comes after the engine broke is told at once. */
  listen(listener: EngineListener): void
  /** Final checkpoint, then the thread ends. */
  stop(): Promise<void>
  /** Ends the thread at once, without a checkpoint. */
  terminate(): Promise<void>
}

interface Pending {
  readonly resolve: (result: never) => void
  readonly reject: (error: SqlError) => void
}

/** A source in the repository, JavaScript in the published package. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith('.ts') ? './engine-worker.ts' : './engine-worker.js',
  import.meta.url,
)

export class WorkerEngine implements Engine {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #listeners: EngineListener[] = []
  readonly #exited: Promise<void>
  #nextId = 1
  /** Why no request is answered any more. */
  #gone: SqlError | undefined
  #broken: SqlError | undefined

  /** Begins to load the engine's program; it does nothing before `start`. */
  constructor() {
    const compileCache = module.getCompileCacheDir()
    this.#worker = new Worker(WORKER_FILE, {
      workerData: { compileCache },
      name: 'millrace-engine',
    })
    this.#worker.on('message', (message: FromEngine) => this.#receive(message))
    this.#worker.on('error', (error) => this.#break(asSqlError(error)))
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#leave(new SqlError('UNAVAILABLE', 'The engine has stopped'))
        resolve()
      })
    })
  }

  start(config: EngineConfig): void {
    this.#worker.postMessage(config)
  }

  listen(listener: EngineListener): void {
    this.#listeners.push(listener)
    if (this.#broken !== undefined) listener.broken?.(this.#broken)
  }

  request<Request extends EngineRequest>(request: Request): Promise<ReplyTo<Request['kind']>> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#worker.postMessage({ id, request } satisfies ToEngine)
    })
  }

  async stop(): Promise<void> {
    try {
      await this.request({ kind: 'stop' })
    } catch (error) {
      // A worker that exits instead of answering has stopped all the same.
      if (asSqlError(error).code !== 'UNAVAILABLE') throw error
    }
    // Connections that do not end would keep it.
    await this.terminate()
    await this.#exited
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  #receive(message: FromEngine): void {
    switch (message.kind) {
      case 'reply':
        this.#take(message.id)?.resolve(message.result as never)
        return
      case 'refusal':
        this.#take(message.id)?.reject(errorFromJson(message.error))
        return
      case 'broken':
        this.#break(errorFromJson(message.error))
        return
      default:
        this.#tell(message)
    }
  }

  #tell(message: Told): void {
    for (const listener of this.#listeners) tell(listener, message)
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  #break(error: SqlError): void {
    this.#broken ??= error
    for (const listener of this.#listeners) listener.broken?.(error)
    this.#leave(error)
  }

  /** No request will be answered any more. */
  #leave(error: SqlError): void {
    this.#gone ??= error
    for (const { reject } of this.#pending.values()) reject(this.#gone)
    this.#pending.clear()
  }
}

type Told = Exclude<FromEngine, { kind: 'reply' | 'refusal' | 'broken' }>

function tell(listener: EngineListener, message: Told): void {
  switch (message.kind) {
    case 'recovering':
      listener.recovering?.(message.progress)
      return
    case 'ready':
      listener.ready?.(message.nextSeqs)
      return
    case 'results':
      listener.results?.(message.frames)
      return
    case 'progress':
      listener.progress?.(message.epoch, message.queries)
      return
    case 'failed':
      listener.failed?.(message.queryId, errorFromJson(message.error))
      return
    case 'ended':
      listener.ended?.(message.queryId)
      return
    case 'stalled':
      listener.stalled?.(message.error === null ? undefined : errorFromJson(message.error))
      return
    case 'sync-streams':
      listener.syncStreams?.()
      return
    case 'needed':
      listener.needed?.(message.offsets)
  }
}
