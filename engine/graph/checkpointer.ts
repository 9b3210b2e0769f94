/** Decides when a checkpoint is due and makes it: a copy of the state between two epochs, written
 *  while the next epochs run. One at a time. */

import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { crashPoint } from '../base/crash-point.ts'
import { asSqlError, fail } from '../base/errors.ts'
import type { CheckpointStore } from '../checkpoint/store.ts'
import type { TableReader, TableReaderState } from '../source/table-reader.ts'
import type { Dataflow } from './dataflow.ts'
import type { Journal } from './journal.ts'
import { neededOffsets } from './needed-offsets.ts'
import type { CheckpointStatus, NeededOffsets } from './protocol.ts'
import { type DataflowMeta, takeSnapshot } from './snapshot.ts'

export interface CheckpointerContext {
  /** Loaded. */
  readonly store: CheckpointStore<DataflowMeta>
  readonly dataflow: Dataflow
  readonly journal: Journal
  readonly clock: Clock
  readonly intervalMs: number
  /** Makes the records durable that the state was made of; resolves at once if they are. */
  readonly syncStreams: () => Promise<void>
  /** What the streams must keep has changed. */
  readonly onNeeded: (offsets: NeededOffsets) => void
  /** The journal or a result log is lost: nothing can be promised any more. */
  readonly onBroken: (error: unknown) => void
}

export class Checkpointer {
  readonly #context: CheckpointerContext
  #saving: Promise<void> | undefined
  #lastMs: number
  /** The files are being copied: none may go. */
  held = false
  #stats: CheckpointStatus

  constructor(context: CheckpointerContext) {
    this.#context = context
    this.#lastMs = context.clock.monotonicMs()
    const { kept, damaged } = context.store
    this.#stats = {
      epoch: kept.at(-1)?.epoch ?? -1,
      ...{ bytes: 0, durationMs: 0, madeUs: 0 },
      // What was damaged has failed, if late.
      failures: damaged.length,
    }
  }

  get stats(): CheckpointStatus {
    return this.#stats
  }

  /** Milliseconds until a checkpoint is due; Infinity if nothing happened since the last one. */
  dueMs(): number {
    if (this.held || this.#saving !== undefined || !this.#hasNews) return Infinity
    if (this.#isReplacing) return Infinity
    const { clock, intervalMs } = this.#context
    return this.#lastMs + intervalMs - clock.monotonicMs()
  }

  /** Whether a query has another in its place and is still there: it is not known then which of the
   *  two the catalog has. */
  get #isReplacing(): boolean {
    return [...this.#context.dataflow.queries.values()].some(({ isReplaced }) => isReplaced)
  }

  get #hasNews(): boolean {
    return this.#context.journal.nextEpoch - 1 > this.#stats.epoch
  }

  /** Starts a checkpoint if one is due. A failed one is counted; the next try comes in its time. */
  tick(): void {
    if (this.dueMs() > 0) return
    this.save().catch(() => {})
  }

  /** Makes a checkpoint of the state between the last epoch and the next. Nothing happens if there
   *  is one of that state already. */
  async save(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving.catch(() => {})
    if (this.held) fail('UNAVAILABLE', 'A backup is being made: no checkpoint meanwhile')
    if (this.#isReplacing) {
      fail('UNAVAILABLE', 'A query is being replaced: no checkpoint meanwhile')
    }
    if (!this.#hasNews) return
    this.#saving = this.#save()
    try {
      await this.#saving
    } catch (thrown) {
      const error = asSqlError(thrown)
      this.#stats = { ...this.#stats, failures: this.#stats.failures + 1, error: error.toJSON() }
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
    crashPoint('checkpoint.begun')
    const { meta, sections } = takeSnapshot(dataflow)
    const made = store.made(sections)
    await this.#syncLogs()
    crashPoint('checkpoint.logs-synced')
    const { bytes } = await store.save(epoch, meta, made)
    crashPoint('checkpoint.done')
    const durationMs = clock.monotonicMs() - startMs
    const { failures } = this.#stats
    this.#stats = { epoch, bytes, durationMs, madeUs: clock.nowUs(), failures }
    await this.commit()
  }

  /** What the checkpoint builds on must be durable before it. */
  async #syncLogs(): Promise<void> {
    const { dataflow, journal, syncStreams } = this.#context
    const logs = [...dataflow.queries.values()].map((query) => query.results)
    await syncStreams()
    try {
      await Promise.all([journal.sync(), dataflow.sides.sync(), ...logs.map((log) => log.sync())])
    } catch (error) {
      this.#context.onBroken(error)
      throw error
    }
  }

  /** Sources may forget what no kept checkpoint needs, and so may the journal (law 6). If the
   *  newest checkpoint turns out to be damaged, the oldest one must still find its records. */
  async commit(): Promise<void> {
    const { store, dataflow, journal } = this.#context
    const [oldest] = store.kept
    // Without any query there never is a checkpoint, and retention waits for a word.
    if (oldest === undefined) return this.tellNeeded()
    for (const [reader, state] of readersIn(dataflow, store.kept.at(-1)!.meta)) {
      reader.checkpointed(state)
    }
    for (const [reader, state] of readersIn(dataflow, oldest.meta)) await reader.commit(state)
    this.tellNeeded()
    dataflow.trim()
    journal.trim((store.oldestEpoch ?? 0) + 1)
  }

  /** Says what the embedded streams must keep, as of now. */
  tellNeeded(): void {
    const { store, dataflow, onNeeded } = this.#context
    const checkpoints = store.kept.map(({ meta }) => meta)
    const offsets = neededOffsets(dataflow, checkpoints)
    dataflow.sides.need(offsets)
    onNeeded(offsets)
  }
}

/** The readers that were there when the checkpoint was made, and where they stood. */
function* readersIn(
  dataflow: Dataflow,
  { cursors }: DataflowMeta,
): Generator<[TableReader, TableReaderState]> {
  for (const { id, tables } of cursors) {
    for (const [table, reader] of dataflow.cursors.get(id)?.readers ?? []) {
      if (tables[table] !== undefined) yield [reader, tables[table]]
    }
  }
}
