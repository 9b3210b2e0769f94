/** Decides when a checkpoint is due and makes it: a copy of the state between two epochs, written
 *  while the next epochs run. One at a time. */

import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Checkpoint, CheckpointStore } from '../checkpoint/store.ts'
import type { Dataflow } from './dataflow.ts'
import type { Journal } from './journal.ts'
import type { EngineStatus } from './protocol.ts'
import { type DataflowMeta, type DataflowSnapshot, takeSnapshot } from './snapshot.ts'

export interface CheckpointerContext {
  readonly store: CheckpointStore<DataflowMeta>
  readonly dataflow: Dataflow
  readonly journal: Journal
  readonly clock: Clock
  readonly intervalMs: number
}

export class Checkpointer {
  readonly #context: CheckpointerContext
  #saving: Promise<void> | undefined
  #lastMs: number
  #stats = { epoch: -1, bytes: 0, durationMs: 0, failures: 0 }

  constructor(context: CheckpointerContext) {
    this.#context = context
    this.#lastMs = context.clock.monotonicMs()
  }

  get stats(): EngineStatus['checkpoint'] {
    return this.#stats
  }

  load(): Checkpoint<DataflowMeta> | undefined {
    const checkpoint = this.#context.store.load()
    this.#stats.failures += this.#context.store.damaged.length
    if (checkpoint !== undefined) this.#stats.epoch = checkpoint.epoch
    return checkpoint
  }

  /** Milliseconds until a checkpoint is due; Infinity if nothing happened since the last one. */
  dueMs(): number {
    if (this.#saving !== undefined || !this.#hasNews) return Infinity
    const { clock, intervalMs } = this.#context
    return this.#lastMs + intervalMs - clock.monotonicMs()
  }

  get #hasNews(): boolean {
    return this.#context.journal.nextEpoch - 1 > this.#stats.epoch
  }

  /** Starts a checkpoint if one is due. A failed one is counted; the next try comes in its time. */
  tick(): void {
    if (this.dueMs() > 0) return
    this.save().catch(() => {})
  }

  /** Makes a checkpoint of the state between the last epoch and the next. */
  async save(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving.catch(() => {})
    if (!this.#hasNews) return
    this.#saving = this.#save()
    try {
      await this.#saving
    } catch (error) {
      this.#stats.failures++
      throw error
    } finally {
      this.#saving = undefined
    }
  }

  async #save(): Promise<void> {
    const { store, dataflow, journal, clock } = this.#context
    const startMs = clock.monotonicMs()
    this.#lastMs = startMs
    const { epoch } = dataflow.context.clock
    assert(epoch === journal.nextEpoch - 1, 'a checkpoint stands between two epochs')
    const snapshot = takeSnapshot(dataflow)
    const logs = [...dataflow.queries.values()].map((query) => query.results)
    // What the checkpoint builds on must be durable before it.
    await Promise.all([journal.sync(), ...logs.map((log) => log.sync())])
    const { bytes } = await store.save(epoch, snapshot.meta, snapshot.sections)
    this.#stats = { ...this.#stats, epoch, bytes, durationMs: clock.monotonicMs() - startMs }
    await this.#commit(snapshot)
  }

  /** The checkpoint is durable: sources may forget, and so may the journal (law 6). */
  async #commit(snapshot: DataflowSnapshot): Promise<void> {
    const { store, dataflow, journal } = this.#context
    for (const { id, tables } of snapshot.meta.cursors) {
      const readers = dataflow.cursors.get(id)?.readers ?? new Map()
      for (const [table, reader] of readers) {
        if (tables[table] !== undefined) await reader.commit(tables[table])
      }
    }
    journal.trim((store.oldestEpoch ?? 0) + 1)
  }
}
