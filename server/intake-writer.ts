/** The way of an intake's messages into its table's log: what comes while one append is under way
 *  is gathered for the next. Nothing is acknowledged before it is on the disk (law 6); what the
 *  disk cannot take is held and tried again, and no more is asked for meanwhile (law 8). */

import type { Clock } from '../engine/base/clock.ts'
import { asSqlError, SqlError } from '../engine/base/errors.ts'
import type { Batch } from '../engine/batch/batch.ts'
import type { Schema } from '../engine/batch/schema.ts'
import { type IntakeGroup, intakeKeys, intakeSchema } from '../engine/source/intake.ts'
import type { TableSpec } from '../engine/source/table.ts'
import { IntakeBatch, refusedMetadata } from './intake-batch.ts'
import { lastMark, type MarkedLog, RecentIds } from './intake-marks.ts'

export interface IntakeWriterOptions {
  readonly table: TableSpec
  readonly clock: Clock
  /** The table's log as it is now. */
  readonly log: () => MarkedLog
  /** Resolves when the rows are on the disk. */
  readonly append: (batch: Batch) => Promise<unknown>
  /** What keeps messages from being stored; undefined: they are stored again. */
  readonly onTrouble: (error: SqlError | undefined) => void
}

const WAITING_BYTES_MAX = 8 << 20
const WAITING_MESSAGES_MAX = 65_536
const RETRY_FIRST_MS = 50
const RETRY_MAX_MS = 5000
export class IntakeWriter {
  readonly #options: IntakeWriterOptions
  readonly #schema: Schema
  readonly keys: ReadonlySet<string>
  /** In order; a new one begins where the connection changes, or whether it waits. */
  #waiting: IntakeBatch[] = []
  #bytes = 0
  #messages = 0
  #position: string | undefined
  #positionRead = false
  #ids: RecentIds | undefined
  #offset = 0
  #busy = false
  #closed = false
  #roomWaiters: (() => void)[] = []
  #idleWaiters: (() => void)[] = []
  #endPause = () => {}
  stored = 0
  duplicates = 0
  /** Messages that could not be stored, and nobody waits for. */
  lost = 0

  constructor(options: IntakeWriterOptions) {
    this.#options = options
    this.#schema = intakeSchema(options.table)
    this.keys = new Set(intakeKeys(this.#schema))
  }

  /** The position after the last group put; read from the log at first. */
  get position(): string | undefined {
    if (!this.#positionRead) this.#position = lastMark(this.#options.log())
    this.#positionRead = true
    return this.#position
  }

  get isFull(): boolean {
    return this.#bytes >= WAITING_BYTES_MAX || this.#messages >= WAITING_MESSAGES_MAX
  }

  room(): Promise<void> {
    if (!this.isFull || this.#closed) return Promise.resolve()
    return new Promise((resolve) => this.#roomWaiters.push(resolve))
  }

  put(group: IntakeGroup, life: object): void {
    if (this.#closed) {
      group.stored?.(new SqlError('UNAVAILABLE', 'The table takes no more messages'))
      return
    }
    const refused = refusedMetadata(group, this.#schema)
    if (refused !== undefined) {
      const problem = `The metadata '${refused}' of a message is no value of its type`
      if (group.stored === undefined) this.lost += group.messages.length
      else group.stored(new SqlError('INVALID_VALUE', problem))
      return
    }
    const { position, id } = group
    if (position !== undefined) {
      this.#position = position
      this.#positionRead = true
    }
    if (id !== undefined && this.#isKnown(id)) {
      this.duplicates += group.messages.length
      this.#add({ ...group, messages: [], id: undefined }, life)
      return
    }
    this.#offset += group.messages.length
    if (id !== undefined) this.#ids?.add(id, this.#offset)
    this.#add(group, life)
  }

  #isKnown(id: string): boolean {
    if (this.#ids === undefined) {
      const log = this.#options.log()
      this.#ids = RecentIds.load(log)
      this.#offset = log.end
    }
    return this.#ids.has(id)
  }

  #add(group: IntakeGroup, life: object): void {
    const isKept = group.stored === undefined
    let batch = this.#waiting.at(-1)
    if (batch === undefined || batch.life !== life || batch.isKept !== isKept) {
      batch = new IntakeBatch(this.#schema, life, isKept)
      this.#waiting.push(batch)
    }
    const before = batch.bytes
    batch.add(group)
    this.#bytes += batch.bytes - before
    this.#messages += group.messages.length
    if (!this.#busy) void this.#work()
  }

  /** A connection is over: what it brought and would bring again is given up, unless it is on its
   *  way already. */
  giveUp(life: object): void {
    const error = new SqlError('UNAVAILABLE', 'The connection was lost before this was stored')
    this.#drop((batch) => batch.life === life && !batch.isKept, error)
  }

  #drop(which: (batch: IntakeBatch) => boolean, error: SqlError): void {
    const dropped = this.#waiting.filter(which)
    this.#waiting = this.#waiting.filter((batch) => !which(batch))
    for (const batch of dropped) {
      for (const id of batch.ids) this.#ids?.delete(id)
      this.#done(batch, batch.rowCount, error)
    }
  }

  /** Stores what waits, for at most so long, and takes no more. */
  async close(waitMs: number): Promise<void> {
    this.#closed = true
    await this.idle(waitMs)
    this.#drop(() => true, new SqlError('UNAVAILABLE', 'The table takes no more messages'))
    this.#endPause()
    this.wake()
  }

  /** Resolves when nothing waits any more, or after so long. */
  idle(waitMs: number): Promise<void> {
    if (!this.#busy) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(waitMs, resolve)
      this.#idleWaiters.push(() => {
        cancel()
        resolve()
      })
    })
  }

  async #work(): Promise<void> {
    this.#busy = true
    // One turn later: what arrives together is written together.
    await Promise.resolve()
    for (;;) {
      const batch = this.#waiting.shift()
      if (batch === undefined) break
      await this.#store(batch)
    }
    this.#busy = false
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  async #store(batch: IntakeBatch): Promise<void> {
    const { rowCount } = batch
    const rows = batch.finish()
    for (let tries = 0; rows !== undefined; tries++) {
      try {
        await this.#options.append(rows)
        if (tries > 0) this.#options.onTrouble(undefined)
        break
      } catch (thrown) {
        const error = asSqlError(thrown)
        this.#options.onTrouble(error)
        if (this.#closed) return this.#done(batch, rowCount, error)
        await this.#pause(Math.min(RETRY_FIRST_MS * 2 ** tries, RETRY_MAX_MS))
      }
    }
    this.stored += rowCount
    this.#done(batch, rowCount)
  }

  #pause(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(waitMs, resolve)
      this.#endPause = () => {
        cancel()
        resolve()
      }
    })
  }

  #done(batch: IntakeBatch, rowCount: number, error?: SqlError): void {
    this.#bytes -= batch.bytes
    this.#messages -= rowCount
    batch.done(error)
    if (!this.isFull) this.wake()
  }

  /** Lets everybody look again who waits for room. */
  wake(): void {
    for (const resolve of this.#roomWaiters.splice(0)) resolve()
  }
}
