/** Feeds materialized views: each follows the result feed of its query into DuckDB. While one apply
 *  is under way results gather, and the next apply takes them all in one transaction. */

import type { Clock } from '../engine/base/clock.ts'
import { crashPoint } from '../engine/base/crash-point.ts'
import { asSqlError, fail, type SqlError } from '../engine/base/errors.ts'
import type { ViewFrame, ViewRows, ViewSpec, ViewStore } from '../engine/view/view.ts'
import type { FeedCursor, ResultFeed } from './result-feed.ts'

export interface ViewsOptions {
  readonly store: ViewStore
  readonly clock: Clock
  /** A view that cannot be kept up to date, for now or any more; undefined: it can again. */
  readonly onFailed: (viewId: string, error: SqlError | undefined) => void
}

interface Follower {
  readonly spec: ViewSpec
  readonly feed: ResultFeed
  cursor: FeedCursor
  readonly stopListening: () => void
  /** The apply that is under way. */
  running: Promise<void> | undefined
  appliedSeq: number
  error: SqlError | undefined
  /** Tries that failed since the last success; the next one comes by `retry`. */
  tries: number
  cancelRetry: (() => void) | undefined
  closed: boolean
  /** Resolved whenever the view has taken a step, failed or closed. */
  readonly waiting: (() => void)[]
}

/** One apply takes results up to this size. */
const APPLY_BYTES_MAX = 8 << 20
const APPLY_FRAMES_MAX = 4096
const RETRY_MS_MIN = 250
const RETRY_MS_MAX = 10_000

export class Views {
  readonly #options: ViewsOptions
  readonly #followers = new Map<string, Follower>()

  constructor(options: ViewsOptions) {
    this.#options = options
  }

  /** Makes the view's table if need be and begins to follow the query's results from where the
   *  table stands. DATA_DAMAGED if the table is ahead of the results and they do not go back to
   *  the beginning. */
  async add(spec: ViewSpec, feed: ResultFeed): Promise<void> {
    const { store } = this.#options
    await store.create(spec)
    const appliedSeq = await this.#standing(spec, feed)
    const follower: Follower = {
      spec,
      feed,
      cursor: feed.cursor(appliedSeq + 1),
      stopListening: feed.listen(() => this.#work(follower)),
      waiting: [],
      ...{ running: undefined, appliedSeq, error: undefined, tries: 0, cancelRetry: undefined },
      closed: false,
    }
    this.#followers.set(spec.id, follower)
    feed.need(follower, appliedSeq + 1)
    this.#work(follower)
  }

  /** The last result in the table. Where results were lost that had been applied (a power cut
   *  without `sync`), the table is made again from the results that are there. */
  async #standing(spec: ViewSpec, feed: ResultFeed): Promise<number> {
    const { store } = this.#options
    const appliedSeq = await store.appliedSeq(spec.id)
    if (appliedSeq < feed.nextSeq) return appliedSeq
    if (feed.firstKept > 0) {
      fail('DATA_DAMAGED', `View ${spec.id} holds result ${appliedSeq} of ${feed.nextSeq}`, {
        hint: 'Drop it and create it again, or restore the data folder from a backup.',
      })
    }
    await store.drop(spec.id)
    await store.create(spec)
    return -1
  }

  /** The view's rows, all of one seq. Whatever keeps the view from being updated is raised. */
  async read(viewId: string): Promise<ViewRows> {
    const follower = this.#followers.get(viewId)
    if (follower?.error !== undefined) throw follower.error
    return this.#options.store.read(viewId)
  }

  /** Resolves when the view holds every result released so far. */
  async caughtUp(viewId: string): Promise<void> {
    const follower = this.#followers.get(viewId)
    if (follower === undefined) return
    const target = follower.feed.nextSeq - 1
    while (follower.appliedSeq < target && !follower.closed && follower.error === undefined) {
      this.#work(follower)
      // One step, not all of them: under a steady stream of results there is always a next one.
      await new Promise<void>((resolve) => follower.waiting.push(resolve))
    }
  }

  /** Resolves when every view holds every result released so far, or cannot. */
  async allCaughtUp(): Promise<void> {
    await Promise.all([...this.#followers.keys()].map((id) => this.caughtUp(id)))
  }

  appliedSeq(viewId: string): number {
    return this.#followers.get(viewId)?.appliedSeq ?? -1
  }

  /** Runs `action` while nothing changes in the views' file. */
  still<T>(action: () => Promise<T>): Promise<T> {
    return this.#options.store.still(action)
  }

  /** Stops following and removes the rows. */
  async drop(viewId: string): Promise<void> {
    await this.#stop(viewId)
    await this.#options.store.drop(viewId)
  }

  /** Waits for what is under way, then closes the store. */
  async close(): Promise<void> {
    await Promise.all([...this.#followers.keys()].map((id) => this.#stop(id)))
    await this.#options.store.close()
  }

  async #stop(viewId: string): Promise<void> {
    const follower = this.#followers.get(viewId)
    if (follower === undefined) return
    follower.closed = true
    wake(follower)
    follower.stopListening()
    follower.cancelRetry?.()
    this.#followers.delete(viewId)
    while (follower.running !== undefined) await follower.running
    follower.cursor.close()
    follower.feed.need(follower, undefined)
  }

  #work(follower: Follower): void {
    const { closed, error, cursor } = follower
    if (closed || error !== undefined || cursor.atEnd) return
    follower.running ??= this.#applyAll(follower).finally(() => {
      follower.running = undefined
      // A result may have come after the last look and before now.
      this.#work(follower)
    })
  }

  async #applyAll(follower: Follower): Promise<void> {
    const { spec, cursor, feed } = follower
    try {
      while (!follower.closed && !cursor.atEnd) {
        const frames = takeFrames(cursor)
        if (frames.length === 0) return
        crashPoint('view.before-commit')
        await this.#options.store.apply(spec.id, frames)
        crashPoint('view.after-commit')
        follower.appliedSeq = cursor.seq - 1
        wake(follower)
        feed.need(follower, cursor.seq)
        if (follower.tries > 0) this.#options.onFailed(spec.id, undefined)
        follower.tries = 0
      }
    } catch (thrown) {
      this.#fail(follower, asSqlError(thrown))
    }
  }

  /** What the world outside did to the view is tried again; the rest stays. */
  #fail(follower: Follower, error: SqlError): void {
    const { spec, feed } = follower
    follower.error = error
    wake(follower)
    this.#options.onFailed(spec.id, error)
    if (error.retry === 'never' || follower.closed) return
    const waitMs = Math.min(RETRY_MS_MIN * 2 ** follower.tries++, RETRY_MS_MAX)
    follower.cancelRetry = this.#options.clock.after(waitMs, () => {
      follower.cursor.close()
      follower.cursor = feed.cursor(follower.appliedSeq + 1)
      follower.error = undefined
      this.#work(follower)
    })
  }
}

/** Lets those look again who wait for the view to get on. */
function wake(follower: Follower): void {
  for (const resolve of follower.waiting.splice(0)) resolve()
}

function takeFrames(cursor: FeedCursor): ViewFrame[] {
  const frames: ViewFrame[] = []
  let bytes = 0
  while (bytes < APPLY_BYTES_MAX && frames.length < APPLY_FRAMES_MAX) {
    const entry = cursor.next()
    if (entry === undefined) break
    frames.push(entry.frame)
    bytes += entry.frame.payload.length
  }
  return frames
}
