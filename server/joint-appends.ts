/** Requests whose rows go to several splits of one stream: stored whole or not at all. They go one
 *  after the other; those that wait for their turn share it. */

import { crashPoint } from '../engine/base/crash-point.ts'
import { asSqlError, fail, type SqlError } from '../engine/base/errors.ts'
import { concat } from '../engine/batch/concat.ts'
import { bytesOf, FRAME_ROWS_MAX } from './append-group.ts'
import type { StreamRows } from './envelope.ts'
import { jointMark } from './joint-mark.ts'
import type { RowRange } from './recent-keys.ts'
import type { SplitWriter, StoredRange } from './split-writer.ts'

/** The rows of each split, by its number. */
export type JointParts = ReadonlyMap<number, StreamRows>

interface Waiting {
  readonly parts: JointParts
  /** The hash of its idempotency key. */
  readonly key: number | undefined
  readonly rowCount: number
  readonly bytes: number
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
  readonly #keysOnTheWay = new Map<number, Promise<StoredRange[]>>()
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
    if (key === undefined) return this.#enqueue(parts, undefined)
    const onTheWay = this.#keysOnTheWay.get(key)
    if (onTheWay !== undefined) return onTheWay
    const known = this.#splits.flatMap((split) => split.find(key) ?? [])
    if (known.length > 0) return Promise.resolve(known)
    const stored = this.#enqueue(parts, key).finally(() => this.#keysOnTheWay.delete(key))
    this.#keysOnTheWay.set(key, stored)
    return stored
  }

  #enqueue(parts: JointParts, key: number | undefined): Promise<StoredRange[]> {
    for (const split of this.#splits) split.refuseIfClosed()
    let bytes = 0
    let rowCount = 0
    for (const { batch } of parts.values()) {
      bytes += bytesOf(batch)
      rowCount += batch.rowCount
    }
    this.unsyncedBytes += bytes
    return new Promise((resolve, reject) => {
      this.#waiting.push({ parts, key, rowCount, bytes, resolve, reject })
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
      const group = this.#waiting.splice(0, this.#sharedCount())
      try {
        const ranges = await this.#store(group)
        for (const [i, one] of group.entries()) this.#done(one, () => one.resolve(ranges[i]))
      } catch (thrown) {
        const error = asSqlError(thrown)
        for (const one of group) this.#done(one, () => one.reject(error))
      }
    }
    this.#busy = undefined
  }

  #done({ bytes }: Waiting, answer: () => void): void {
    this.unsyncedBytes -= bytes
    answer()
  }

  /** How many of the first requests are stored together: those with a key stay alone. */
  #sharedCount(): number {
    const isEnveloped = ({ parts }: Waiting) => [...parts.values()].some((part) => part.enveloped)
    const [first] = this.#waiting
    if (first.key !== undefined) return 1
    let rows = 0
    let count = 0
    for (const one of this.#waiting) {
      rows += one.rowCount
      const differs = one.key !== undefined || isEnveloped(one) !== isEnveloped(first)
      if (count > 0 && (differs || rows > FRAME_ROWS_MAX)) break
      count++
    }
    return count
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
