/** Requests whose rows go to several splits of one stream: stored whole or not at all. They go one
 *  after the other; those that wait for their turn share it. */

import { crashPoint } from '../engine/base/crash-point.ts'
import { asSqlError, fail, type SqlError } from '../engine/base/errors.ts'
import { concat } from '../engine/batch/concat.ts'
import { bytesOf, takeGroups, type WaitingRequest } from './append-group.ts'
import type { StreamRows } from './envelope.ts'
import { jointMark } from './joint-mark.ts'
import { OnceByKey } from './once-by-key.ts'
import type { RowRange } from './recent-keys.ts'
import type { SplitWriter, StoredRange } from './split-writer.ts'

/** The rows of each split, by its number. */
export type JointParts = ReadonlyMap<number, StreamRows>

interface Waiting extends WaitingRequest {
  readonly parts: JointParts
  readonly resolve: (ranges: StoredRange[]) => void
  readonly reject: (error: SqlError) => void
}

/** A part of a request, or of several, that is written. */
interface Written {
  readonly split: number
  readonly range: RowRange
}

export class JointAppends {
  readonly #splits: readonly SplitWriter[]
  readonly #once = new OnceByKey<StoredRange[]>()
  #waiting: Waiting[] = []
  #busy: Promise<void> | undefined
  #lastId: number
  unsyncedBytes = 0

  /** `lastId`: the number of the last request before. */
  constructor(splits: readonly SplitWriter[], lastId: number) {
    this.#splits = splits
    this.#lastId = lastId
  }

  /** What a frame says that is no part of such a request: those up to here are complete. */
  get mark(): number {
    return jointMark(this.#lastId, 0)
  }

  /** Resolves when all parts are durable. With a key that was seen before, nothing is stored, and
   *  the answer is where the rows are. */
  append(parts: JointParts, key: number | undefined): Promise<StoredRange[]> {
    const find = (known: number) => this.#find(known)
    return this.#once.answer(key, find, () => this.#enqueue(parts, key))
  }

  #find(key: number): StoredRange[] | undefined {
    const known = this.#splits.flatMap((split) => split.find(key) ?? [])
    return known.length > 0 ? known : undefined
  }

  #enqueue(parts: JointParts, key: number | undefined): Promise<StoredRange[]> {
    for (const split of this.#splits) split.refuseIfClosed()
    let bytes = 0
    let rowCount = 0
    let isEnveloped = false
    for (const { batch, enveloped } of parts.values()) {
      bytes += bytesOf(batch)
      rowCount += batch.rowCount
      isEnveloped ||= enveloped
    }
    this.unsyncedBytes += bytes
    return new Promise((resolve, reject) => {
      const request = { key, rowCount, enveloped: isEnveloped, bytes }
      this.#waiting.push({ ...request, parts, resolve, reject })
      this.#busy ??= this.#run()
    })
  }

  get isBusy(): boolean {
    return this.#busy !== undefined
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#busy
  }

  async #run(): Promise<void> {
    // One turn later, so that requests which arrive together are written together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const [group] = takeGroups(this.#waiting, 1)
      try {
        const ranges = await this.#store(group)
        for (const [i, one] of group.entries()) this.#done(one, () => one.resolve(ranges[i]))
      } catch (thrown) {
        const error = asSqlError(thrown)
        // None behind it is taken either: who sent several together, and sends them again, finds
        // them in their order.
        const behind = error.retry === 'backoff' ? this.#waiting.splice(0) : []
        for (const one of [...group, ...behind]) this.#done(one, () => one.reject(error))
      }
    }
    this.#busy = undefined
  }

  #done({ bytes }: Waiting, answer: () => void): void {
    this.unsyncedBytes -= bytes
    answer()
  }

  /** The ranges of each request. */
  async #store(group: readonly Waiting[]): Promise<StoredRange[][]> {
    const numbers = [...new Set(group.flatMap(({ parts }) => [...parts.keys()]))]
    const splits = numbers.map((number) => this.#splits[number])
    const turns = await Promise.all(splits.map((split) => split.takeTurn()))
    try {
      for (const split of splits) split.refuseIfClosed()
      const written = await this.#write(group, numbers)
      await this.#makeDurable(splits)
      this.#lastId++
      crashPoint('stream.after-sync')
      const [{ key }] = group
      for (const { split, range } of written) {
        if (key !== undefined) this.#splits[split].remember(key, range)
        this.#splits[split].publish()
      }
      return rangesOf(group, written)
    } finally {
      for (const letGo of turns) letGo()
    }
  }

  /** One frame in each split. If one cannot be written, none stays. */
  async #write(group: readonly Waiting[], numbers: readonly number[]): Promise<Written[]> {
    const mark = jointMark(this.#lastId + 1, numbers.length)
    const written: Written[] = []
    crashPoint('stream.before-write')
    try {
      for (const split of numbers) {
        const rows = group.flatMap(({ parts }) => parts.get(split) ?? [])
        const all = { ...rows[0], batch: concat(rows.map(({ batch }) => batch)) }
        written.push({ split, range: this.#splits[split].write(all, group[0].key, mark) })
        crashPoint('stream.part-written')
      }
    } catch (error) {
      for (const { split, range } of written) await this.#splits[split].takeBack(range.first)
      throw error
    }
    return written
  }

  async #makeDurable(splits: readonly SplitWriter[]): Promise<void> {
    const results = await Promise.allSettled(splits.map((split) => split.makeDurable()))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed === undefined) return
    // Which parts the device has is not known: a start finds out.
    const error = asSqlError(failed.reason)
    for (const split of splits) split.break(error)
    fail(error.code, error.message, { hint: error.hint, cause: error })
  }
}

/** Where each request's rows are. A split's rows stand in the order of the requests. */
function rangesOf(group: readonly Waiting[], written: readonly Written[]): StoredRange[][] {
  const nexts = new Map(written.map(({ split, range }) => [split, range.first]))
  return group.map(({ parts }) =>
    [...parts].map(([split, { batch }]) => {
      const first = nexts.get(split)!
      nexts.set(split, first + batch.rowCount)
      return { split, first, last: first + batch.rowCount - 1 }
    }),
  )
}
