/** The engine, in a thread of its own: makes epochs of records, journals, releases, checkpoints. */

import { type Clock, type EpochClock, sleep } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import { asSqlError, type ErrorJson, fail, SqlError } from '../base/errors.ts'
import { freshSeed } from '../base/random.ts'
import { type Checkpoint, CheckpointStore } from '../checkpoint/store.ts'
import type { QueryPlan } from '../plan/physical.ts'
import type { Appended } from '../source/appended.ts'
import type { LookupConnector } from '../source/lookup.ts'
import type { AnySource } from '../source/source.ts'
import { attachAgain } from './attach-again.ts'
import type { BoundedRequest } from './bounded-run.ts'
import { BoundedRuns } from './bounded-runs.ts'
import type { Change } from './change.ts'
import { ChangeRequests } from './change-requests.ts'
import { Checkpointer } from './checkpointer.ts'
import type { Dataflow } from './dataflow.ts'
import { dataflowStatus } from './dataflow-status.ts'
import { engineDataflow } from './engine-dataflow.ts'
import { EpochSize } from './epoch-size.ts'
import { Journal, type JournalEntry } from './journal.ts'
import { JournalSync } from './journal-sync.ts'
import { makeOwnChanges } from './own-changes.ts'
import type {
  BoundedResult,
  CheckpointStatus,
  EngineConfig,
  EngineStatus,
  FromEngine,
} from './protocol.ts'
import { recover } from './recovery.ts'
import { Release } from './release.ts'
import type { DataflowMeta } from './snapshot.ts'
import { StreamSync } from './stream-sync.ts'
import { breathe, breather, WakeUp } from './wake-up.ts'

/** Whose journal entries may be on the way to the disk at once. */
const EPOCHS_HELD_MAX = 256
const TICK_US = 1_000_000
const FULL_RETRY_MS = 250
const LEAVE_MS = 1000

export interface EngineContext {
  readonly config: EngineConfig
  readonly disk: Disk
  readonly clock: Clock
  readonly connectors: ReadonlyMap<string, AnySource>
  readonly lookups?: ReadonlyMap<string, LookupConnector> | undefined
  /** How far the embedded streams are durable. */
  readonly appended: Appended
  readonly send: (message: FromEngine) => void
}

export class Engine {
  readonly #context: EngineContext
  readonly #clock: EpochClock = { epoch: 0, nowUs: 0, seed: 0 }
  readonly #dataflow: Dataflow
  readonly #journal: Journal
  readonly #journalSync: JournalSync
  readonly #release: Release
  readonly #checkpoint: Checkpoint<DataflowMeta> | undefined
  readonly #checkpointer: Checkpointer
  readonly #streamSync: StreamSync
  readonly #changes: ChangeRequests
  readonly #runs: BoundedRuns
  readonly #wakeUp: WakeUp
  readonly #epochSize: EpochSize
  /** An epoch that has polled its records and found no room in the journal. */
  #unwritten: JournalEntry | undefined
  /** Spent in epochs since the start. */
  #busyMs = 0
  #stalled: ErrorJson | undefined
  #resumed = true
  #recovering: EngineStatus['recovery']
  #opened = false
  #stopping = false
  #started: Promise<void> = Promise.resolve()
  #loop: Promise<void> = Promise.resolve()

  /** Raises DATA_VERSION before anything in the data folder is changed; DATA_DAMAGED. */
  constructor(context: EngineContext) {
    const { config, disk, clock, send } = context
    const { dataFolder, checkpointsKept, durability } = config
    this.#context = context
    const folder = `${dataFolder}/checkpoints`
    const store = new CheckpointStore<DataflowMeta>(disk, folder, checkpointsKept)
    this.#checkpoint = store.load()
    this.#journal = new Journal(disk, `${dataFolder}/journal`)
    this.#journalSync = new JournalSync(this.#journal, { durability, clock })
    this.#release = new Release(send)
    this.#streamSync = new StreamSync(durability, send)
    this.#wakeUp = new WakeUp(clock)
    this.#epochSize = new EpochSize(config.epochRowsMax)
    this.#dataflow = engineDataflow(context, this.#clock, () => this.#wakeUp.now())
    this.#checkpointer = new Checkpointer({
      ...{ store, clock, dataflow: this.#dataflow, journal: this.#journal },
      intervalMs: config.checkpointIntervalMs,
      syncStreams: () => this.#streamSync.ask(),
      onNeeded: (offsets) => send({ kind: 'needed', offsets }),
      onBroken: (error) => this.#break(error),
    })
    const planOf = new Map(config.queries.map((plan) => [plan.id, plan]))
    this.#changes = new ChangeRequests(this.#dataflow, planOf)
    this.#runs = new BoundedRuns(this.#dataflow)
  }

  /** Recovers and then runs until `stop`. Resolves when it has recovered; UNAVAILABLE if it is
   *  stopped before. */
  start(): Promise<void> {
    this.#started = this.#start()
    return this.#started
  }

  async #start(): Promise<void> {
    const { config, clock, send } = this.#context
    const lastEpoch = this.#journal.nextEpoch - 1
    this.#recovering = { epoch: this.#checkpoint?.epoch ?? -1, lastEpoch }
    const tell = () => send({ kind: 'recovering', progress: this.#recovering! })
    tell()
    const breatheNowAndThen = breather(clock)
    await recover({
      plans: new Map(config.queries.map((plan) => [plan.id, plan])),
      dataflow: this.#dataflow,
      journal: this.#journal,
      checkpoint: this.#checkpoint,
      clock: this.#clock,
      output: (epoch, output) => {
        this.#release.hold(epoch, output)
        this.#recovering = { epoch, lastEpoch }
      },
      wait: async (waitsFor) => {
        this.#recovering = { ...this.#recovering!, waitsFor }
        tell()
        await this.#wakeUp.wait(100)
        if (this.#stopping) throw stopped()
      },
      breathe: async () => {
        if (this.#stopping) throw stopped()
        if (await breatheNowAndThen()) tell()
      },
      isOpened: () => this.#opened,
      mayLoseRecords: config.durability !== 'sync',
    })
    this.#clock.epoch = this.#journal.nextEpoch - 1
    await this.#finishReplay()
    const running = this.#dataflow.queries
    const isStopping = () => this.#stopping
    const missing = config.queries.filter(({ id }) => !running.has(id))
    attachAgain(missing, { attach: (plan) => this.attach(plan), clock, send, isStopping })
    this.#recovering = undefined
    const nextSeqs = Object.fromEntries([...running].map(([id, q]) => [id, q.results.nextSeq]))
    send({ kind: 'ready', nextSeqs })
    // A source that cannot be told now is told after the next checkpoint.
    await this.#checkpointer.commit().catch(() => {})
    this.#loop = this.#run()
  }

  /** Releases what the replay gave, once all of it is written. */
  async #finishReplay(): Promise<void> {
    while (!this.#dataflow.writeRest()) {
      if (this.#stopping) throw stopped()
      this.#stall(new SqlError('DISK_FULL', 'No space left for results'))
      await this.#wakeUp.wait(FULL_RETRY_MS)
    }
    this.#releaseUpTo(this.#clock.epoch)
  }

  #releaseUpTo(epoch: number): void {
    this.#release.upTo(epoch)
    this.#dataflow.sides.release(epoch).catch((error) => this.#break(error))
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopping) {
        const ran = this.#runs.step()
        this.#dataflow.ask()
        const worked = this.#epoch() || ran
        if (!this.#isBehindDisk) this.#checkpointer.tick()
        if (worked && this.#release.heldCount < EPOCHS_HELD_MAX) await breathe()
        else await this.#wakeUp.wait(this.#waitMs())
      }
    } catch (error) {
      this.#break(error)
    }
  }

  /** Runs one epoch if there is a reason for one. */
  #epoch(): boolean {
    if (!this.#catchUpWithDisk() || this.#release.heldCount >= EPOCHS_HELD_MAX) return false
    const nowUs = Math.max(this.#clock.nowUs, this.#context.clock.nowUs())
    const changes = this.#makeChanges(nowUs)
    const { ranges, rowCount } = this.#dataflow.poll(this.#epochSize.rows)
    for (const { query, error } of this.#dataflow.failing()) {
      changes.push({ kind: 'fail', queryId: query.id, error: asSqlError(error).toJSON() })
      this.#dataflow.fail(query, error)
    }
    const due = this.#dataflow.dueUs(TICK_US) <= nowUs
    if (ranges.length + changes.length === 0 && !due) return false
    const epoch = this.#journal.nextEpoch
    const seed = freshSeed()
    const startMs = this.#context.clock.monotonicMs()
    this.#commit({ epoch, nowUs, seed, resumed: this.#resumed, changes, ranges })
    const tookMs = this.#context.clock.monotonicMs() - startMs
    this.#busyMs += tookMs
    this.#epochSize.took(rowCount, tookMs)
    return true
  }

  /** The changes that were asked for, and those that the dataflow itself is ready for. */
  #makeChanges(nowUs: number): Change[] {
    if (this.#changes.waiting) this.#clock.nowUs = nowUs
    const changes = this.#changes.makeAll()
    if (changes.length > 0) this.#checkpointer.tellNeeded()
    return [...changes, ...makeOwnChanges(this.#dataflow, nowUs)]
  }

  /** Journals the epoch, runs it, and releases its results when its entry is durable. */
  #commit(entry: JournalEntry): void {
    const { epoch } = entry
    try {
      this.#journal.append(entry)
    } catch (error) {
      if (asSqlError(error).code !== 'DISK_FULL') throw error
      this.#unwritten = entry
      this.#stall(error)
      return
    }
    this.#unwritten = undefined
    Object.assign(this.#clock, { epoch, nowUs: entry.nowUs, seed: entry.seed })
    if (entry.resumed) this.#dataflow.resume()
    this.#resumed = false
    this.#release.hold(epoch, this.#dataflow.run())
    const durable = this.#journalSync.after(epoch)
    this.#changes.answerAfter(durable)
    durable.then(
      () => {
        this.#releaseDurable()
        this.#wakeUp.now()
      },
      (error) => this.#break(error),
    )
  }

  /** Nothing goes out before it is in its result log, whatever is in the journal. */
  #releaseDurable(): void {
    if (!this.#dataflow.hasUnwritten) this.#releaseUpTo(this.#journalSync.epoch)
  }

  /** Writes what a full disk had no room for. False: there is still none. */
  #catchUpWithDisk(): boolean {
    if (!this.#isBehindDisk) return true
    if (!this.#dataflow.writeRest()) {
      this.#stall(new SqlError('DISK_FULL', 'No space left for results'))
      return false
    }
    this.#releaseDurable()
    if (this.#unwritten !== undefined) this.#commit(this.#unwritten)
    if (this.#unwritten !== undefined || this.#dataflow.hasUnwritten) return false
    this.#stalled = undefined
    this.#context.send({ kind: 'stalled', error: null })
    return true
  }

  /** An epoch or its results wait for room. */
  get #isBehindDisk(): boolean {
    return this.#stalled !== undefined || this.#dataflow.hasUnwritten
  }

  #stall(error: unknown): void {
    if (this.#stalled !== undefined) return
    this.#stalled = asSqlError(error).toJSON()
    this.#context.send({ kind: 'stalled', error: this.#stalled })
  }

  #break(error: unknown): void {
    if (this.#stopping) return
    this.#stopping = true
    this.#changes.rejectAll(error)
    this.#context.send({ kind: 'broken', error: asSqlError(error).toJSON() })
    this.#wakeUp.now()
  }

  #waitMs(): number {
    if (this.#stalled !== undefined) return FULL_RETRY_MS
    const dueUs = this.#dataflow.dueUs(TICK_US)
    const due = (dueUs - this.#context.clock.nowUs()) / 1000
    return Math.max(1, Math.min(due, this.#checkpointer.dueMs(), this.#dataflow.retryMs()))
  }

  /** Starts a continuous query, maybe in the place of another, whose plan is `replaces`. Resolves
   *  when it takes part and that is durable. */
  attach(plan: QueryPlan, replaces?: QueryPlan): Promise<void> {
    return this.#woken(this.#changes.attach(plan, replaces))
  }

  /** Detaches, pauses or resumes a query; resolves when that is done and durable. */
  change(kind: 'detach' | 'pause' | 'resume', queryId: string): Promise<void> {
    return this.#woken(this.#changes.add({ kind, queryId }))
  }

  #woken(done: Promise<void>): Promise<void> {
    // Whoever asked may have left.
    done.catch(() => {})
    if (this.#stopping) this.#changes.rejectAll(stopped())
    this.#wakeUp.now()
    return done
  }

  bounded(request: BoundedRequest): Promise<BoundedResult> {
    const nowUs = this.#context.clock.nowUs()
    const clock = { ...this.#clock, nowUs, seed: freshSeed() }
    const result = this.#runs.add(request, clock)
    this.#wakeUp.now()
    return result
  }

  /** Makes a checkpoint now. UNAVAILABLE while the engine recovers, DISK_FULL. */
  async checkpoint(): Promise<CheckpointStatus> {
    if (this.#recovering !== undefined) fail('UNAVAILABLE', 'The engine is recovering')
    if (this.#isBehindDisk) fail('DISK_FULL', 'The disk is full: no checkpoint can be made')
    await this.#checkpointer.save()
    return this.#checkpointer.stats
  }

  /** Epochs whose results are not released; undefined when it recovers or stops. */
  get heldCount(): number | undefined {
    return this.#stopping || this.#recovering ? undefined : this.#release.heldCount
  }

  /** All that runs, as it stands between two epochs. DISK_FULL if the last one is not whole. */
  get still(): Dataflow {
    if (this.#isBehindDisk) fail('DISK_FULL', 'The disk is full: an epoch is not written')
    return this.#dataflow
  }

  /** All embedded streams have said where they end. */
  opened(): void {
    this.#opened = true
    this.#wakeUp.now()
  }

  /** A reader outside needs the results of the query from `seq` on. */
  need(queryId: string, seq: number): void {
    this.#dataflow.queries.get(queryId)?.results.need(seq)
  }

  /** The answer to `sync-streams`. */
  streamsSynced(error: ErrorJson | undefined): void {
    this.#streamSync.answered(error)
  }

  status(): EngineStatus {
    return {
      ...dataflowStatus(this.#dataflow, this.#recovering !== undefined),
      checkpoint: this.#checkpointer.stats,
      recovery: this.#recovering,
      stalled: this.#stalled,
      busyMs: this.#busyMs,
    }
  }

  /** Makes a checkpoint, and from then on removes and replaces no file, so that all of them can be
   *  copied; until `release`. DISK_FULL, UNAVAILABLE. */
  async hold(): Promise<void> {
    await this.checkpoint()
    this.#checkpointer.held = true
  }

  release(): void {
    this.#checkpointer.held = false
  }

  /** Ends the epoch that runs, checkpoints, closes everything. A full disk keeps its debts. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wakeUp.now()
    const recovered = await this.#started.then(
      () => true,
      () => false,
    )
    await this.#loop
    this.#changes.rejectAll(stopped())
    this.#journalSync.close()
    try {
      if (!recovered) return
      await this.#journal.sync()
      if (!this.#dataflow.hasUnwritten) this.#release.upTo(this.#clock.epoch)
      this.release()
      if (!this.#isBehindDisk) await this.#checkpointer.save()
    } finally {
      // Who is outside and does not answer is left as a crash would leave them.
      await Promise.race([this.#dataflow.close(), sleep(LEAVE_MS)])
      this.#journal.close()
    }
  }
}

const stopped = (): SqlError => new SqlError('UNAVAILABLE', 'The engine has stopped')
