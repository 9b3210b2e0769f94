/** Feeds materialized views: each follows the result feed of its query into DuckDB. While one apply
 *  is under way results gather, and the next apply takes them all in one transaction. */

import { asSqlError, type SqlError } from '../engine/base/errors.ts'
import type { ViewRows, ViewSpec, ViewStore } from '../engine/view/view.ts'
import type { FeedCursor, ResultFeed } from './result-feed.ts'

export interface ViewsOptions {
  readonly store: ViewStore
  /** A view that cannot be kept up to date any more. */
  readonly onFailed: (viewId: string, error: SqlError) => void
}

interface Follower {
  readonly spec: ViewSpec
  readonly feed: ResultFeed
  readonly cursor: FeedCursor
  readonly stopListening: () => void
  /** The apply that is under way. */
  running: Promise<void> | undefined
  appliedSeq: number
  error: SqlError | undefined
  closed: boolean
}

/** One apply takes results up to this size. */
const APPLY_BYTES_MAX = 8 << 20
const APPLY_FRAMES_MAX = 4096

export class Views {
  readonly #options: ViewsOptions
  readonly #followers = new Map<string, Follower>()

  constructor(options: ViewsOptions) {
    this.#options = options
  }

  /** Makes the view's table if need be and begins to follow the query's results from where the
   *  table stands. */
  async add(spec: ViewSpec, feed: ResultFeed): Promise<void> {
    const { store } = this.#options
    await store.create(spec)
    const appliedSeq = await store.appliedSeq(spec.id)
    const follower: Follower = {
      spec,
      feed,
      cursor: feed.cursor(appliedSeq + 1),
      stopListening: feed.listen(() => this.#work(follower)),
      running: undefined,
      appliedSeq,
      error: undefined,
      closed: false,
    }
    this.#followers.set(spec.id, follower)
    this.#work(follower)
  }

  /** The view's rows, all of one seq. Whatever kept the view from being updated is raised. */
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
      await follower.running
    }
  }

  appliedSeq(viewId: string): number {
    return this.#followers.get(viewId)?.appliedSeq ?? -1
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
    follower.stopListening()
    this.#followers.delete(viewId)
    while (follower.running !== undefined) await follower.running
    follower.cursor.close()
  }

  #work(follower: Follower): void {
    if (follower.closed || follower.error !== undefined || follower.cursor.atEnd) return
    follower.running ??= this.#applyAll(follower).finally(() => {
      follower.running = undefined
      // A result may have come after the last look and before now.
      this.#work(follower)
    })
  }

  async #applyAll(follower: Follower): Promise<void> {
    const { spec, cursor } = follower
    try {
      while (!follower.closed && !cursor.atEnd) {
        const frames = takeFrames(cursor)
        if (frames.length === 0) return
        await this.#options.store.apply(spec.id, frames)
        follower.appliedSeq = cursor.seq - 1
      }
    } catch (error) {
      follower.error = asSqlError(error)
      this.#options.onFailed(spec.id, follower.error)
    }
  }
}

function takeFrames(cursor: FeedCursor) {
  const frames = []
  let bytes = 0
  while (bytes < APPLY_BYTES_MAX && frames.length < APPLY_FRAMES_MAX) {
    const entry = cursor.next()
    if (entry === undefined) break
    frames.push(entry.frame)
    bytes += entry.frame.payload.length
  }
  return frames
}
