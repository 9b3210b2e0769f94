/** Takes what a replication slot brings, message by message, and puts whole transactions into the
 *  table's log, each with the position behind it; a large one in parts. */

import { Buffer } from 'node:buffer'
import type { Clock } from '../../engine/base/clock.ts'
import type { Value } from '../../engine/batch/value.ts'
import type { IntakeFeed } from '../../engine/source/intake.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { type ChangesPosition, positionText } from './cdc-position.ts'
import { ChangeMessages } from './change-messages.ts'
import type { PostgresServer } from './connect.ts'
import { parseLsn } from './lsn.ts'
import { allStored, MessageGroups } from './message-groups.ts'
import { type PgMessage, parsePgoutput } from './pgoutput.ts'

export interface CdcParts {
  readonly server: PostgresServer
  readonly table: TableSpec
  readonly feed: IntakeFeed
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly from: ChangesPosition
  /** What the server knows to be safe here. */
  readonly confirmed: bigint
  /** What METADATA columns say of every change. */
  readonly metadata: Readonly<Record<string, string>>
}

interface Transaction {
  readonly commitLsn: bigint
  readonly metadata: Readonly<Record<string, Value>>
  /** Messages that are stored already. */
  readonly stored: number
  /** Messages so far. Taking all rows back counts as one. */
  count: number
}

const CONFIRM_INTERVAL_MS = 1000

/** What the taker does with the connection that it takes from. */
export interface TakerConnection {
  /** Tells the server what is safe here. */
  confirm(lsn: bigint): void
  pause(): void
  resume(): void
}

export class TransactionTaker {
  readonly #parts: CdcParts
  readonly #connection: TakerConnection
  readonly #groups: MessageGroups
  /** Of our table, by the relation's number. */
  readonly #relations = new Map<number, ChangeMessages>()
  #transaction: Transaction | undefined
  /** Messages that came while one before them is being taken. */
  readonly #waiting: Buffer[] = []
  #isBusy = false
  /** Everything that committed before is put, and what of it is stored. */
  #reached: bigint
  #confirmed: bigint
  #isOver = false
  #cancel = () => {}
  #reject: (error: unknown) => void = () => {}
  /** Rejects when no more can be taken. */
  readonly failed: Promise<never>

  constructor(parts: CdcParts, connection: TakerConnection) {
    this.#parts = parts
    this.#connection = connection
    this.#groups = new MessageGroups(parts.feed)
    this.#reached = parts.confirmed
    this.#confirmed = parts.confirmed
    this.failed = new Promise((_, reject) => {
      this.#reject = reject
    })
    // It may fail when nobody waits any more.
    this.failed.catch(() => {})
    this.#confirmLater()
  }

  /** Nothing is taken any more: a transaction that lacks a part must not be put. */
  fail(error: unknown): void {
    this.#isOver = true
    this.#reject(error)
  }

  close(): void {
    this.#isOver = true
    this.#cancel()
  }

  /** Takes a message, whose bytes may change afterwards. Those behind it wait if it takes time;
   *  then no more should come. */
  take(bytes: Buffer): void {
    if (this.#isOver) return
    try {
      if (this.#isBusy) this.#waiting.push(Buffer.from(bytes))
      else this.#follow(this.#take(parsePgoutput(bytes)))
    } catch (error) {
      this.fail(error)
    }
  }

  #follow(step: Promise<void> | undefined): void {
    if (step === undefined) return
    this.#isBusy = true
    this.#connection.pause()
    step.then(
      () => this.#goOn(),
      (error) => this.fail(error),
    )
  }

  #goOn(): void {
    this.#isBusy = false
    try {
      while (!this.#isBusy && !this.#isOver) {
        const message = this.#waiting.shift()
        if (message === undefined) {
          this.#connection.resume()
          return
        }
        this.#follow(this.#take(parsePgoutput(message)))
      }
    } catch (error) {
      this.fail(error)
    }
  }

  #take(message: PgMessage): Promise<void> | undefined {
    switch (message.kind) {
      case 'begin':
        this.#begin(message.commitLsn, message.timeUs)
        return undefined
      case 'commit':
        return this.#commit(message.endLsn)
      case 'relation': {
        const { relation } = message
        const { 'schema-name': schema, 'table-name': name } = this.#parts.table.options
        if (relation.schema !== schema || relation.name !== name) return undefined
        this.#relations.set(relation.oid, ChangeMessages.ofRelation(this.#parts.table, relation))
        return undefined
      }
      case 'insert':
      case 'update':
      case 'delete': {
        const messages = this.#relations.get(message.oid)
        if (messages === undefined || this.#transaction === undefined) return undefined
        for (const bytes of messages.change(message)) this.#add(this.#transaction, bytes)
        return this.#groups.isFull ? this.#put(this.#inside(this.#transaction)) : undefined
      }
      case 'truncate': {
        const oid = message.oids.find((found) => this.#relations.has(found))
        if (oid === undefined || this.#transaction === undefined) return undefined
        return this.#truncate(this.#transaction, this.#relations.get(oid)!)
      }
      default:
        return undefined
    }
  }

  #begin(commitLsn: bigint, timeUs: number): void {
    const { from, metadata } = this.#parts
    this.#transaction = undefined
    if (commitLsn < from.lsn) return
    const stored = commitLsn === from.lsn ? from.messages : 0
    this.#transaction = {
      ...{ commitLsn, stored, count: 0 },
      metadata: { ...metadata, op_ts: timeUs },
    }
  }

  #add(transaction: Transaction, message: Buffer): void {
    transaction.count++
    if (transaction.count > transaction.stored) this.#groups.add(message, transaction.metadata)
  }

  #inside = ({ commitLsn, count }: Transaction): string => positionText(commitLsn, count)

  #put(position: string): Promise<void> | undefined {
    const { feed } = this.#parts
    if (feed.isFull) return this.#putLater(position)
    this.#groups.put(position)
    return undefined
  }

  async #putLater(position: string): Promise<void> {
    const { feed, signal } = this.#parts
    await feed.room()
    signal.throwIfAborted()
    this.#groups.put(position)
  }

  /** PostgreSQL does not say which rows were there; the log does. */
  async #truncate(transaction: Transaction, messages: ChangeMessages): Promise<void> {
    if (transaction.count < transaction.stored) {
      transaction.count++
      return
    }
    const { feed } = this.#parts
    // When it dies in between, the log says again which rows are left.
    const before = this.#inside(transaction)
    await this.#put(before)
    await allStored(feed)
    for (const message of messages.takeBack(feed.stored())) {
      if (this.#groups.isFull) await this.#put(before)
      this.#groups.add(message, transaction.metadata)
    }
    transaction.count++
  }

  #commit(endLsn: bigint): Promise<void> | undefined {
    this.#transaction = undefined
    const step = this.#put(positionText(endLsn))
    if (step !== undefined) return step.then(() => this.#reach(endLsn))
    this.#reach(endLsn)
    return undefined
  }

  #reach(lsn: bigint): void {
    this.#reached = lsn
  }

  /** The server has sent everything before `lsn`. */
  heartbeat(lsn: string, isAsking: boolean): void {
    const sent = parseLsn(lsn)
    const isIdle = !this.#isBusy && this.#transaction === undefined
    if (isIdle && sent > this.#reached) this.#reached = sent
    if (isAsking) this.#connection.confirm(this.#confirmed)
  }

  #confirmLater(): void {
    this.#cancel = this.#parts.clock.after(CONFIRM_INTERVAL_MS, () => {
      if (this.#isOver) return
      const reached = this.#reached
      allStored(this.#parts.feed).then(
        () => {
          if (reached > this.#confirmed) this.#confirmed = reached
          this.#connection.confirm(this.#confirmed)
          this.#confirmLater()
        },
        // The connection is over.
        () => {},
      )
    })
  }
}
