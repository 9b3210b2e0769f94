/** The engine in this thread, over any disk and clock: what `WorkerEngine` is without the worker. */

import { sourceConnectors } from '../../../connectors/index.ts'
import type { Clock } from '../../../engine/base/clock.ts'
import type { Disk } from '../../../engine/base/disk.ts'
import { asSqlError, errorFromJson, type SqlError } from '../../../engine/base/errors.ts'
import { Engine as GraphEngine } from '../../../engine/graph/engine.ts'
import type { EngineConfig, EngineRequest, FromEngine } from '../../../engine/graph/protocol.ts'
import { serve } from '../../../engine/graph/serve.ts'
import { Appended } from '../../../engine/source/appended.ts'
import type { Engine, EngineListener, ReplyTo } from '../../../server/engine.ts'

interface Pending {
  readonly resolve: (result: never) => void
  readonly reject: (error: SqlError) => void
}

export class InlineEngine implements Engine {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #appended = new Appended()
  readonly #listeners: EngineListener[] = []
  readonly #pending = new Map<number, Pending>()
  #engine: GraphEngine | undefined
  #broken: SqlError | undefined
  #nextId = 1

  constructor(disk: Disk, clock: Clock) {
    this.#disk = disk
    this.#clock = clock
  }

  start(config: EngineConfig): void {
    const shared = { disk: this.#disk, clock: this.#clock }
    const connectors = sourceConnectors({
      ...shared,
      dataFolder: config.dataFolder,
      appended: this.#appended,
    })
    // Messages arrive later, in order, as they do from another thread.
    const send = (message: FromEngine) => queueMicrotask(() => this.#receive(message))
    try {
      this.#engine = new GraphEngine({
        config,
        ...shared,
        connectors,
        appended: this.#appended,
        send,
      })
    } catch (error) {
      send({ kind: 'broken', error: asSqlError(error).toJSON() })
      return
    }
    this.#engine.start().catch((error) => {
      send({ kind: 'broken', error: asSqlError(error).toJSON() })
    })
  }

  listen(listener: EngineListener): void {
    this.#listeners.push(listener)
    if (this.#broken !== undefined) listener.broken?.(this.#broken)
  }

  request<Request extends EngineRequest>(request: Request): Promise<ReplyTo<Request['kind']>> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      const send = (message: FromEngine) => queueMicrotask(() => this.#receive(message))
      void serve(this.#engine!, this.#appended, { id, request }, send)
    })
  }

  async stop(): Promise<void> {
    await this.request({ kind: 'stop' })
  }

  async terminate(): Promise<void> {
    await this.stop().catch(() => {})
  }

  #receive(message: FromEngine): void {
    switch (message.kind) {
      case 'reply':
        this.#take(message.id)?.resolve(message.result as never)
        return
      case 'refusal':
        this.#take(message.id)?.reject(errorFromJson(message.error))
        return
      default:
        for (const listener of this.#listeners) this.#tell(listener, message)
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  #tell(listener: EngineListener, message: Exclude<FromEngine, { id: number }>): void {
    switch (message.kind) {
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
        return
      case 'broken':
        this.#broken = errorFromJson(message.error)
        listener.broken?.(this.#broken)
        for (const { reject } of this.#pending.values()) reject(this.#broken)
        this.#pending.clear()
    }
  }
}
