/** The result feeds of all running queries, fed by the engine's events. */

import type { Disk } from '../engine/base/disk.ts'
import type { EngineListener } from './engine.ts'
import { type FeedEnd, ResultFeed } from './result-feed.ts'

export interface ResultsOptions {
  readonly disk: Disk
  readonly dataFolder: string
  /** Per query: recent results and the texts made of them. */
  readonly bytesMax: number
  /** The results of the query before `seq` are needed by no consumer any more. */
  readonly onNeed: (queryId: string, seq: number) => void
}

export class Results {
  readonly #options: ResultsOptions
  readonly #feeds = new Map<string, ResultFeed>()

  constructor(options: ResultsOptions) {
    this.#options = options
  }

  /** What the engine calls. */
  readonly listener: EngineListener = {
    ready: (nextSeqs) => {
      for (const feed of this.#feeds.values()) feed.resumeAt(nextSeqs[feed.queryId] ?? 0)
    },
    results: (frames) => {
      for (const frame of frames) this.#feeds.get(frame.queryId)?.push(frame)
    },
    progress: (epoch, watermarks) => {
      for (const { queryId, watermarkUs } of watermarks) {
        this.#feeds.get(queryId)?.progress(epoch, watermarkUs)
      }
    },
    failed: (queryId, error) => this.#feeds.get(queryId)?.finish({ kind: 'failed', error }),
    ended: (queryId) => this.#feeds.get(queryId)?.finish({ kind: 'ended' }),
  }

  /** Makes a feed for a query; before the engine is told of it, so that no result is missed. */
  add(queryId: string): ResultFeed {
    const { disk, dataFolder, bytesMax, onNeed } = this.#options
    const folder = `${dataFolder}/results/${queryId}`
    const feed = new ResultFeed(queryId, {
      ...{ disk, folder, bytesMax },
      onNeed: (seq) => onNeed(queryId, seq),
    })
    this.#feeds.set(queryId, feed)
    return feed
  }

  get(queryId: string): ResultFeed | undefined {
    return this.#feeds.get(queryId)
  }

  /** The query is no more; its readers are told how it ended. */
  remove(queryId: string, end: FeedEnd = { kind: 'dropped' }): void {
    this.#feeds.get(queryId)?.finish(end)
    this.#feeds.delete(queryId)
  }
}
