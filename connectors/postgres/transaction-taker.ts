/** Takes what a replication slot brings, message by message, and puts whole transactions into the
 *  table's log, each with the position behind it; a large one in parts. */

import type { Clock } from '../../engine/base/clock.ts'
import type { Value } from '../../engine/batch/value.ts'
import type { IntakeFeed } from '../../engine/source/intake.ts'
import type { TableSpec } from '../../engine/source/table.ts'
import { type ChangesPosition, positionText } from './cdc-position.ts'
import { ChangeMessages } from './change-messages.ts'
import type { PostgresServer } from './connect.ts'
import { parseLsn } from './lsn.ts'
import { allStored, MessageGroups } from './message-groups.ts'
import type { PgMessage } from './pgoutput.ts'

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
const NOTHING: PgMessage = { kind: 'other' }

export class TransactionTaker {
  readonly #parts: CdcParts
  readonly #confirm: (lsn: bigint) => void
  readonly #groups: MessageGroups
  /** Of our table, by the relation's number. */
  readonly #relations = new Map<number, ChangeMessages>()
  #transaction: Transaction | undefined
  /** Messages that came, and those that are dealt with. */
  #arrived = 0
  #done = 0
  /** Everything that committed before is put, and what of it is stored. */
  #reached: bigint
  #confirmed: bigint
  #isOver = false
  #cancel = () => {}
  #reject: (error: unknown) => void = () => {}
  /** Rejects when no more can be taken. */
  readonly failed: Promise<never>

  /** `confirm`: tells the server what is safe here. */
  constructor(parts: CdcParts, confirm: (lsn: bigint) => void) {
    this.#parts = parts
    this.#confirm = confirm
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

  /** A message has come; it waits until those before it are taken. */
  arrived(parse: () => PgMessage): PgMessage {
    this.#arrived++
    try {
      return parse()
    } catch (error) {
      this.fail(error)
      return NOTHING
    }
  }

  /** Takes the next message. No further one is to be taken before the promise resolves. */
  async take(message: PgMessage): Promise<void> {
    if (this.#isOver) return
    try {
      await this.#take(message)
      this.#done++
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
        for (const text of messages.change(message)) this.#add(this.#transaction, text)
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

  #add(transaction: Transaction, text: string): void {
    transaction.count++
    if (transaction.count > transaction.stored) this.#groups.add(text, transaction.metadata)
  }

  #inside = ({ commitLsn, count }: Transaction): string => positionText(commitLsn, count)

  async #put(position: string): Promise<void> {
    const { feed, signal } = this.#parts
    if (feed.isFull) await feed.room()
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
    for (const text of messages.takeBack(feed.stored())) {
      if (this.#groups.isFull) await this.#put(before)
      this.#groups.add(text, transaction.metadata)
    }
    transaction.count++
  }

  async #commit(endLsn: bigint): Promise<void> {
    await this.#put(positionText(endLsn))
    this.#transaction = undefined
    this.#reached = endLsn
  }

  /** The server has sent everything before `lsn`. */
  heartbeat(lsn: string, isAsking: boolean): void {
    const sent = parseLsn(lsn)
    const isIdle = this.#arrived === this.#done && this.#transaction === undefined
    if (isIdle && sent > this.#reached) this.#reached = sent
    if (isAsking) this.#confirm(this.#confirmed)
  }

  #confirmLater(): void {
    this.#cancel = this.#parts.clock.after(CONFIRM_INTERVAL_MS, () => {
      if (this.#isOver) return
      const reached = this.#reached
      allStored(this.#parts.feed).then(
        () => {
          if (reached > this.#confirmed) this.#confirmed = reached
          this.#confirm(this.#confirmed)
          this.#confirmLater()
        },
        // The connection is over.
        () => {},
      )
    })
  }
}
