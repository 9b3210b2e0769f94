/** Feeds the tables that INSERT INTO … SELECT writes to: each job follows the result feed of its
 *  query into its sink. What comes while a write is under way is gathered for the next; what the
 *  world outside refuses is tried again, with growing and uneven pauses. */

import { backoffMs } from '../engine/base/backoff.ts'
import { type Clock, sleep } from '../engine/base/clock.ts'
import type { Disk } from '../engine/base/disk.ts'
import { asSqlError, fail, type SqlError } from '../engine/base/errors.ts'
import { type Random, random } from '../engine/base/random.ts'
import { decodeBatch } from '../engine/batch/ipc.ts'
import { schemaOf } from '../engine/batch/schema.ts'
import type { QueryPlan } from '../engine/plan/physical.ts'
import type { SinkConnector, SinkFrame, SinkWriter } from '../engine/source/sink.ts'
import { insertColumns, type TableSpec } from '../engine/source/table.ts'
import type { FeedCursor, ResultFeed } from './result-feed.ts'
import { SinkPosition } from './sink-position.ts'

export interface SinksOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly dataFolder: string
  /** By name. */
  readonly connectors: ReadonlyMap<string, SinkConnector>
  /** What keeps a job from writing; undefined: it writes again. */
  readonly onFailed: (queryId: string, error: SqlError | undefined) => void
}

interface Job {
  readonly plan: QueryPlan
  readonly target: TableSpec
  readonly connector: SinkConnector
  readonly feed: ResultFeed
  readonly position: SinkPosition
  readonly random: Random
  appliedSeq: number
  /** Rows written since the position was saved, and when that was. */
  unsavedRows: number
  savedMs: number
  /** Tries that failed since the last success. */
  tries: number
  closed: boolean
  /** Ends a pause. */
  wake: () => void
  running: Promise<void>
}

const WRITE_BYTES_MAX = 8 << 20
const WRITE_FRAMES_MAX = 1024
/** The embedded queue remembers the keys of a split's last million rows. */
const UNSAVED_ROWS_MAX = 250_000
const SAVE_INTERVAL_MS = 1000
const LOOK_MS = 2
/** As sources do: a target that is back is not kept waiting for long. */
const RETRY = { firstMs: 100, maxMs: 5000 }

export class Sinks {
  readonly #options: SinksOptions
  readonly #jobs = new Map<string, Job>()
  /** Nobody waits for more to write at once. */
  #hurries = false

  constructor(options: SinksOptions) {
    this.#options = options
  }

  /** Refuses what the table cannot take: UNSUPPORTED. */
  check(plan: QueryPlan, target: TableSpec): void {
    const connector = this.#connector(target)
    connector.check?.(target)
    if (plan.appendOnly || connector.takesChangelog(target, plan.key)) return
    fail('UNSUPPORTED', `The query's result changes, and ${target.name} only takes new rows`, {
      hint: hintFor(target),
    })
  }

  #connector(target: TableSpec): SinkConnector {
    return (
      this.#options.connectors.get(target.connector) ??
      fail('UNSUPPORTED', `The ${target.connector} connector cannot be written`)
    )
  }

  /** Removes what was kept for jobs other than these. */
  keepOnly(queryIds: readonly string[]): void {
    SinkPosition.keepOnly(this.#options.disk, this.#options.dataFolder, queryIds)
  }

  /** Begins to write the query's results from where the sink stands. Connects in the background. */
  add(plan: QueryPlan, target: TableSpec, feed: ResultFeed): void {
    const { disk, dataFolder, clock } = this.#options
    const position = SinkPosition.open(disk, dataFolder, plan.id)
    const job: Job = {
      ...{ plan, target, feed, position },
      connector: this.#connector(target),
      random: random(Number.parseInt(position.token.slice(0, 8), 16)),
      appliedSeq: position.savedSeq,
      unsavedRows: 0,
      savedMs: clock.monotonicMs(),
      ...{ tries: 0, closed: false },
      wake: () => {},
      running: Promise.resolve(),
    }
    this.#jobs.set(plan.id, job)
    feed.need(job, job.appliedSeq + 1)
    job.running = this.#run(job)
  }

  /** The last result that is in the sink; -1: none. */
  appliedSeq(queryId: string): number {
    return this.#jobs.get(queryId)?.appliedSeq ?? -1
  }

  /** Stops the job; what it wrote stays where it is. */
  async drop(queryId: string): Promise<void> {
    const job = this.#jobs.get(queryId)
    await this.#stop(queryId)
    job?.position.remove()
  }

  /** Resolves when every job has written all results so far, or cannot for now. From now on none
   *  gathers results before it writes them. */
  async caughtUp(): Promise<void> {
    this.#hurries = true
    for (const job of this.#jobs.values()) job.wake()
    for (const job of this.#jobs.values()) {
      const last = job.feed.nextSeq - 1
      while (job.appliedSeq < last && job.tries === 0 && !job.closed) await sleep(LOOK_MS)
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#jobs.keys()].map((id) => this.#stop(id)))
  }

  async #stop(queryId: string): Promise<void> {
    const job = this.#jobs.get(queryId)
    if (job === undefined) return
    job.closed = true
    this.#jobs.delete(queryId)
    job.wake()
    await job.running
    job.feed.need(job, undefined)
  }

  async #run(job: Job): Promise<void> {
    const { plan, feed } = job
    const stopListening = feed.listen(() => job.wake())
    try {
      // If results cannot be read for now, or a writer gives up, it begins again as after a crash.
      await this.#retried(job, async () => {
        const writer = await this.#retried(job, () => this.#open(job))
        if (writer !== undefined) await this.#follow(job, writer)
      })
    } catch (thrown) {
      job.closed = true
      this.#options.onFailed(plan.id, asSqlError(thrown))
    } finally {
      stopListening()
    }
  }

  async #open(job: Job): Promise<SinkWriter> {
    const { connector, target, plan, position } = job
    const { token, savedSeq } = position
    return connector.open(target, { queryId: plan.id, token, appliedSeq: savedSeq })
  }

  async #follow(job: Job, writer: SinkWriter): Promise<void> {
    const { feed, position, target } = job
    job.appliedSeq = writer.appliedSeq ?? position.savedSeq
    if (job.appliedSeq >= feed.nextSeq) this.#refuseAhead(job)
    const cursor = feed.cursor(job.appliedSeq + 1)
    const gatherMs = Number(target.options['sink.flush-interval'] ?? 0)
    try {
      while (!job.closed) {
        if (cursor.atEnd) await this.#pause(job, SAVE_INTERVAL_MS)
        else {
          if (gatherMs > 0 && !this.#hurries) await this.#pause(job, gatherMs, true)
          await this.#write(job, writer, framesOf(job, cursor))
        }
        if (writer.isLate) await this.#retried(job, () => writer.write([]))
        this.#save(job, writer, SAVE_INTERVAL_MS)
      }
    } finally {
      cursor.close()
      if (job.appliedSeq > position.savedSeq) this.#save(job, writer, 0)
      await writer.close()
    }
  }

  /** Results were lost that the sink has: only without `sync` durability. */
  #refuseAhead({ target, appliedSeq, feed }: Job): never {
    fail(
      'DATA_DAMAGED',
      `${target.name} has result ${appliedSeq}, the query only ${feed.nextSeq}`,
      {
        hint: 'Drop the query and insert again, or restore the data folder from a backup.',
      },
    )
  }

  async #write(job: Job, writer: SinkWriter, frames: readonly SinkFrame[]): Promise<void> {
    const last = frames.at(-1)
    if (last === undefined) return
    const wrote = await this.#retried(job, async () => {
      await writer.write(frames)
      return true
    })
    if (wrote === undefined) return
    job.appliedSeq = last.seq
    for (const { batch } of frames) job.unsavedRows += batch.rowCount
  }

  /** Saves the position now and then, if the sink does not know it for good. */
  #save(job: Job, writer: SinkWriter, intervalMs: number): void {
    const { position, feed } = job
    // A sink may hold results back: they are needed again if it dies.
    const appliedSeq = writer.appliedSeq ?? job.appliedSeq
    const nowMs = this.#options.clock.monotonicMs()
    const due = job.unsavedRows >= UNSAVED_ROWS_MAX || nowMs - job.savedMs >= intervalMs
    if (!due || appliedSeq === position.savedSeq) return
    job.savedMs = nowMs
    try {
      if (writer.appliedSeq === undefined || writer.forgets) position.save(appliedSeq)
    } catch (error) {
      // A disk that has no room now is asked again.
      if (asSqlError(error).retry !== 'backoff') throw error
      return
    }
    job.unsavedRows = 0
    feed.need(job, appliedSeq + 1)
  }

  /** What `action` gives; undefined if the job was stopped before it could. Errors that a retry
   *  cannot help are raised. */
  async #retried<T>(job: Job, action: () => Promise<T>): Promise<T | undefined> {
    for (; !job.closed; job.tries++) {
      try {
        const result = await action()
        if (job.tries > 0) this.#options.onFailed(job.plan.id, undefined)
        job.tries = 0
        return result
      } catch (thrown) {
        const error = asSqlError(thrown)
        if (error.retry !== 'backoff') throw error
        this.#options.onFailed(job.plan.id, error)
        await this.#pause(job, backoffMs(job.tries, RETRY, job.random), true)
      }
    }
    return undefined
  }

  /** Waits so long, or until the job is stopped; and, unless `whole`, until its feed moves. */
  #pause(job: Job, waitMs: number, whole = false): Promise<void> {
    if (job.closed) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        job.wake = () => {}
        resolve()
      }
      const cancel = this.#options.clock.after(waitMs, done)
      job.wake = () => {
        if (!whole || job.closed || this.#hurries) done()
      }
    })
  }
}

function hintFor({ primaryKey, schema }: TableSpec): string {
  if (primaryKey === undefined) {
    return "Group by a window and let it close, or write to a table with a PRIMARY KEY or WITH ('format' = 'changelog-json')."
  }
  const names = primaryKey.map((column) => schema.fields[column].name).join(', ')
  return `Its rows replace each other by ${names}: the query must have one row for each, such as by GROUP BY.`
}

/** The next results, up to a size. */
function framesOf({ plan, target }: Job, cursor: FeedCursor): SinkFrame[] {
  const { fields } = target.schema
  const schema = schemaOf(insertColumns(target).map((column) => fields[column]))
  const frames: SinkFrame[] = []
  let bytes = 0
  while (bytes < WRITE_BYTES_MAX && frames.length < WRITE_FRAMES_MAX) {
    const entry = cursor.next()
    if (entry === undefined) break
    const { seq, epoch, payload } = entry.frame
    const batch = decodeBatch(payload, plan.schema)
    frames.push({ seq, epoch, batch: batch.withColumns(schema, batch.columns) })
    bytes += payload.length
  }
  return frames
}
