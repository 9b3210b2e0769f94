/** The engine: turns arriving records into epochs, journals them, releases their results when that
 *  is durable, and checkpoints. Everything here runs in one worker thread; between epochs it lets
 *  the event loop breathe. */

import { type Clock, type EpochClock, sleep } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import { asSqlError } from '../base/errors.ts'
import { random } from '../base/random.ts'
import { CheckpointStore } from '../checkpoint/store.ts'
import type { QueryPlan } from '../plan/physical.ts'
import type { SourceConnector } from '../source/source.ts'
import { type BoundedRequest, BoundedRun } from './bounded-run.ts'
import { Checkpointer } from './checkpointer.ts'
import { Dataflow } from './dataflow.ts'
import { Journal, type JournalEntry } from './journal.ts'
import type { BoundedResult, EngineConfig, EngineStatus, FromEngine } from './protocol.ts'
import { recover } from './recovery.ts'
import { Release } from './release.ts'
import type { DataflowMeta } from './snapshot.ts'

const BATCH_ROWS_MAX = 16_384
const EPOCH_ROWS_MIN = 4_096
/** Epochs whose journal entries may be on the way to the disk at once. */
const EPOCHS_HELD_MAX = 256
const TICK_US = 1_000_000
const RESULTS = { segmentBytesMax: 16 << 20, retentionBytesMax: 256 << 20 }

export interface EngineContext {
  readonly config: EngineConfig
  readonly disk: Disk
  readonly clock: Clock
  readonly connectors: ReadonlyMap<string, SourceConnector>
  /** Registers what to call when a stream grew; the engine's own wake-up goes with each reader. */
  readonly send: (message: FromEngine) => void
}

interface PendingRun {
  readonly run: BoundedRun
  readonly resolve: (result: BoundedResult) => void
  readonly reject: (error: unknown) => void
}

export class Engine {
  readonly #context: EngineContext
  readonly #clock: EpochClock = { epoch: 0, nowUs: 0, seed: 0 }
  readonly #dataflow: Dataflow
  readonly #journal: Journal
  readonly #release: Release
  readonly #checkpointer: Checkpointer
  #attaching: QueryPlan[] = []
  #detaching: string[] = []
  #runs: PendingRun[] = []
  #epochRows = EPOCH_ROWS_MIN
  #resumed = true
  #recovering = true
  #stopping = false
  #wake = () => {}
  #loop: Promise<void> = Promise.resolve()

  constructor(context: EngineContext) {
    const { config, disk, connectors, send } = context
    this.#context = context
    this.#journal = new Journal(disk, `${config.dataFolder}/journal`)
    this.#release = new Release(send)
    this.#dataflow = new Dataflow({
      disk,
      dataFolder: config.dataFolder,
      connectors,
      clock: this.#clock,
      batchRowsMax: BATCH_ROWS_MAX,
      results: RESULTS,
      onReady: () => this.#wake(),
    })
    const store = new CheckpointStore<DataflowMeta>(disk, `${config.dataFolder}/checkpoints`)
    this.#checkpointer = new Checkpointer({
      store,
      dataflow: this.#dataflow,
      journal: this.#journal,
      clock: context.clock,
      intervalMs: config.checkpointIntervalMs,
    })
  }

  /** Recovers and then runs until `stop`. Resolves when it has recovered. */
  async start(): Promise<void> {
    const { config, send } = this.#context
    await recover({
      plans: new Map(config.queries.map((plan) => [plan.id, plan])),
      dataflow: this.#dataflow,
      journal: this.#journal,
      checkpointer: this.#checkpointer,
      clock: this.#clock,
      output: (epoch, output) => this.#release.hold(epoch, output),
      wait: () => this.#idle(100),
    })
    this.#release.upTo(this.#clock.epoch)
    const running = this.#dataflow.queries
    this.#attaching.push(...config.queries.filter((plan) => !running.has(plan.id)))
    this.#recovering = false
    const nextSeqs = Object.fromEntries([...running].map(([id, q]) => [id, q.results.nextSeq]))
    send({ kind: 'ready', nextSeqs })
    this.#loop = this.#run()
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopping) {
        const worked = this.#stepRuns() || this.#epoch()
        this.#checkpointer.tick()
        if (worked && this.#release.heldCount < EPOCHS_HELD_MAX) await breathe()
        else await this.#idle(this.#waitMs())
      }
    } catch (error) {
      this.#context.send({ kind: 'broken', error: asSqlError(error).toJSON() })
    }
  }

  /** Runs one epoch if there is a reason for one. */
  #epoch(): boolean {
    if (this.#release.heldCount >= EPOCHS_HELD_MAX) return false
    const attached = this.#attaching.splice(0).filter((plan) => this.#tryAttach(plan))
    const detached = this.#detaching.splice(0)
    for (const queryId of detached) this.#dataflow.detach(queryId)
    const { ranges, rowCount } = this.#dataflow.poll(this.#epochRows)
    const nowUs = Math.max(this.#clock.nowUs, this.#context.clock.nowUs())
    const due = this.#dataflow.dueUs(TICK_US) <= nowUs || this.#dataflow.hasBroken
    if (ranges.length + attached.length + detached.length === 0 && !due) return false
    this.#adaptEpochRows(rowCount)
    this.#commit({
      epoch: this.#journal.nextEpoch,
      nowUs,
      seed: random(this.#journal.nextEpoch).next(),
      resumed: this.#resumed,
      attached: attached.map((plan) => plan.id),
      detached,
      ranges,
    })
    return true
  }

  /** A query that cannot start fails alone. */
  #tryAttach(plan: QueryPlan): boolean {
    try {
      this.#dataflow.attach(plan)
      return true
    } catch (error) {
      const { id: queryId } = plan
      this.#context.send({ kind: 'failed', queryId, error: asSqlError(error).toJSON() })
      return false
    }
  }

  /** Larger epochs under load, small ones when there is little to do. */
  #adaptEpochRows(rowCount: number): void {
    const { epochRowsMax } = this.#context.config
    if (rowCount >= this.#epochRows) this.#epochRows = Math.min(this.#epochRows * 2, epochRowsMax)
    else if (rowCount < this.#epochRows / 4) {
      this.#epochRows = Math.max(this.#epochRows / 2, EPOCH_ROWS_MIN)
    }
  }

  #commit(entry: JournalEntry): void {
    const { epoch } = entry
    this.#journal.append(entry)
    Object.assign(this.#clock, { epoch, nowUs: entry.nowUs, seed: entry.seed })
    if (entry.resumed) this.#dataflow.resume()
    this.#resumed = false
    this.#release.hold(epoch, this.#dataflow.run())
    this.#journal.sync().then(
      () => {
        this.#release.upTo(epoch)
        this.#wake()
      },
      (error) => this.#break(error),
    )
  }

  #break(error: unknown): void {
    if (this.#stopping) return
    this.#stopping = true
    this.#context.send({ kind: 'broken', error: asSqlError(error).toJSON() })
    this.#wake()
  }

  /** Gives each bounded run a turn. */
  #stepRuns(): boolean {
    const runs = this.#runs
    if (runs.length === 0) return false
    this.#runs = runs.filter(({ run, resolve, reject }) => {
      try {
        const result = run.step()
        if (result === undefined) return true
        resolve(result)
      } catch (error) {
        reject(error)
      }
      void run.close()
      return false
    })
    // The continuous queries go on meanwhile.
    this.#epoch()
    return true
  }

  #waitMs(): number {
    const dueUs = this.#dataflow.dueUs(TICK_US)
    const due = (dueUs - this.#context.clock.nowUs()) / 1000
    return Math.max(1, Math.min(due, this.#checkpointer.dueMs()))
  }

  /** Waits for a wake-up, at most so long. */
  #idle(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#context.clock.after(Math.min(waitMs, 60_000), resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }

  /** Starts a continuous query; it takes part from the next epoch on. */
  attach(plan: QueryPlan): void {
    this.#attaching.push(plan)
    this.#wake()
  }

  detach(queryId: string): void {
    this.#attaching = this.#attaching.filter((plan) => plan.id !== queryId)
    this.#detaching.push(queryId)
    this.#wake()
  }

  bounded(request: BoundedRequest): Promise<BoundedResult> {
    const clock = { ...this.#clock, nowUs: this.#context.clock.nowUs() }
    const run = new BoundedRun(this.#dataflow, request, clock)
    return new Promise((resolve, reject) => {
      this.#runs.push({ run, resolve, reject })
      this.#wake()
    })
  }

  async checkpoint(): Promise<void> {
    await this.#checkpointer.save()
  }

  status(): EngineStatus {
    const queries = [...this.#dataflow.queries.values()]
    const readers = [...this.#dataflow.main.readers.values()]
    return {
      epoch: this.#clock.epoch,
      queries: queries.map((query) => query.status(this.#recovering, this.#dataflow.main)),
      sources: readers.map((reader) => ({
        tableId: reader.table.id,
        rowsIn: reader.rowsIn,
        watermarkUs: reader.watermarkUs,
        lagRows: reader.lagRows(),
      })),
      checkpoint: this.#checkpointer.stats,
    }
  }

  /** Ends the epoch that runs, checkpoints, closes everything. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake()
    await this.#loop
    await this.#checkpointer.save()
    this.#release.upTo(this.#clock.epoch)
    await this.#dataflow.close()
    this.#journal.close()
    // Let the last messages leave the thread.
    await sleep(0)
  }
}

/** One turn of the event loop: messages come in, finished fsyncs are noticed. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
