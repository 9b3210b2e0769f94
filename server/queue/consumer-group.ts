/** One consumer group at work: gives out records of a stream, each to one consumer at a time, until
 *  they are acknowledged or given up. */

import type { Clock } from '../../engine/base/clock.ts'
import { asSqlError, fail } from '../../engine/base/errors.ts'
import { DueQueue } from '../../engine/state/due-queue.ts'
import type { SplitStatus } from '../split-writer.ts'
import { Alarm } from './alarm.ts'
import { AwayRecords, distinct, type Place } from './away-records.ts'
import { Candidates } from './candidates.ts'
import type { QueueFigures } from './figures.ts'
import type { GroupLog } from './group-log.ts'
import type { GroupEvent, GroupState, Open } from './group-state.ts'
import { LongPoll } from './long-poll.ts'
import { rangesOf } from './offset-set.ts'
import { type Receipt, receiptText } from './receipt.ts'
import type { StreamRecords } from './stream-records.ts'
import type { GivenUp } from './undelivered-records.ts'

export interface ConsumerGroupContext {
  readonly name: string
  readonly clock: Clock
  readonly log: GroupLog
  readonly records: StreamRecords
  /** The stream's splits as they are now. */
  readonly splits: () => readonly SplitStatus[]
  /** Resolves when the record is where given-up ones go. Doing it again does nothing. */
  readonly giveUp: (record: GivenUp) => Promise<void>
  readonly figures: QueueFigures
}

export interface Wish {
  readonly limit: number
  /** Absent: as the group is set. */
  readonly visibilityMs?: number | undefined
}

/** One JSON object a record. */
export type Given = readonly string[]

export interface Settled {
  readonly done: number
  /** Receipts of deliveries that another one has followed, or that are done. */
  readonly stale: readonly string[]
}

/** Records that consumers may have at the same time. */
const HELD_MAX = 10_000
/** After a record could not be read, or the place for given-up ones refused it. */
const RETRY_MS = 2000
const NOTHING: Given = []

export class ConsumerGroup {
  readonly #context: ConsumerGroupContext
  readonly #state: GroupState
  readonly #candidates: Candidates
  readonly #due = new DueQueue<Place>()
  readonly #away: AwayRecords
  readonly #waiting: LongPoll<Wish, Given>
  readonly #givingUp = new Set<Promise<void>>()
  #held = 0
  readonly #alarm: Alarm
  #closed = false
  /** Records that retention took away before they were done. */
  lost = 0

  constructor(context: ConsumerGroupContext, state: GroupState) {
    this.#context = context
    this.#state = state
    this.#away = new AwayRecords(this.splitCount)
    this.#candidates = new Candidates(context, state, this.#away)
    this.#waiting = new LongPoll(context.clock, NOTHING)
    this.#alarm = new Alarm(context.clock, () => this.#onAlarm())
    const firsts = context.splits().map(({ first }) => first)
    for (const [split, { open }] of state.splits.entries()) {
      for (const [offset, { held, atUs }] of open) {
        if (offset < firsts[split]) continue
        const place = { split, offset }
        this.#due.push(atUs, place)
        this.#candidates.restore(place)
        if (held) this.#held++
      }
    }
    this.#alarm.ringAt(this.#due.nextUs)
  }

  get splitCount(): number {
    return this.#state.splits.length
  }

  /** Gives records now, or as soon as there are any within `waitMs`. Empty: there were none. */
  consume(wish: Wish, waitMs: number, signal?: AbortSignal): Promise<Given> {
    const given = this.#waiting.size === 0 ? this.#take(wish) : NOTHING
    if (given.length > 0) return Promise.resolve(given)
    return this.#waiting.wait(wish, waitMs, signal)
  }

  /** There may be more to give: lets those who wait have it, in their order. */
  wake(): void {
    this.#waiting.serve((wish) => {
      const given = this.#take(wish)
      return given.length === 0 ? undefined : given
    })
  }

  #take({ limit, visibilityMs }: Wish): Given {
    if (this.#closed) fail('UNAVAILABLE', `The consumer group ${this.#context.name} is closed`)
    this.#lookAhead()
    this.#makeReady()
    const picked = this.#candidates.pick(Math.min(limit, HELD_MAX - this.#held))
    if (picked.length === 0) return NOTHING
    // Whatever can fail comes before anything has changed.
    const members = picked.map(({ texts, row }) => texts.members(row))
    const keys = picked.map((found) => this.#candidates.keyOf(found))
    const nowUs = this.#context.clock.nowUs()
    const untilUs = nowUs + (visibilityMs ?? this.#state.settings.visibilityMs) * 1000
    const places = picked.map(({ place }) => place)
    this.#note('given', places, { untilUs })
    for (const [i, place] of places.entries()) {
      this.#candidates.drop(place)
      this.#due.push(untilUs, place)
      this.#away.add(place, keys[i])
    }
    this.#held += places.length
    this.#alarm.ringAt(this.#due.nextUs)
    return places.map((place, i) => this.#given(place, members[i]))
  }

  #given(place: Place, members: string): string {
    const { deliveries } = this.#openOf(place)!
    const receipt = receiptText({ ...place, delivery: deliveries })
    return `{"receipt":"${receipt}","deliveries":${deliveries},${members}}`
  }

  #openOf({ split, offset }: Place): Open | undefined {
    return this.#state.splits[split].open.get(offset)
  }

  #lookAhead(): void {
    for (const { split, first } of this.#context.splits()) {
      const { floor, open } = this.#state.splits[split]
      if (first <= floor) continue
      for (const offset of open.keys()) if (offset < first) this.#comeBack({ split, offset })
    }
    this.#candidates.lookAhead((count) => {
      this.lost += count
    })
  }

  /** The records are done. An acknowledgement counts also if the record was given out again
   *  since. */
  async acknowledge(receipts: readonly Receipt[]): Promise<Settled> {
    const stale: string[] = []
    const places: Place[] = []
    for (const receipt of receipts) {
      const open = this.#openOf(receipt)
      const isKnown = open !== undefined && receipt.delivery <= open.deliveries
      if (isKnown && !this.#away.isDying(receipt)) places.push(receipt)
      else if (!this.#state.isDone(receipt)) stale.push(receiptText(receipt))
    }
    this.#settle(distinct(places))
    await this.#context.log.sync()
    return { done: receipts.length - stale.length, stale }
  }

  #settle(places: readonly Place[]): void {
    const held = places.filter((place) => this.#isHeld(place))
    this.#note('done', places, {})
    for (const place of places) this.#candidates.drop(place)
    for (const place of places) this.#away.remove(place)
    this.#held -= held.length
    this.#context.figures.served(places.length, this.#context.clock.nowUs())
    this.wake()
  }

  /** Whether a consumer has the record now. */
  #isHeld(place: Place): boolean {
    return this.#openOf(place)?.held === true && this.#away.has(place)
  }

  /** Of these receipts, those that are of a record's last delivery and not run out. */
  #current(receipts: readonly Receipt[]): { places: Place[]; stale: string[] } {
    const isCurrent = (receipt: Receipt) => {
      if (!this.#isHeld(receipt) || this.#away.isDying(receipt)) return false
      return this.#openOf(receipt)?.deliveries === receipt.delivery
    }
    return {
      places: distinct(receipts.filter(isCurrent)),
      stale: receipts.filter((receipt) => !isCurrent(receipt)).map(receiptText),
    }
  }

  /** Hands records back: they are ready again after `delayMs`. Only who has them now can. */
  async handBack(receipts: readonly Receipt[], delayMs: number): Promise<Settled> {
    const { places, stale } = this.#current(receipts)
    const atUs = this.#context.clock.nowUs() + delayMs * 1000
    this.#note('back', places, { atUs })
    for (const place of places) {
      this.#held--
      this.#due.push(atUs, place)
    }
    this.#alarm.ringAt(this.#due.nextUs)
    await this.#context.log.sync()
    this.wake()
    return { done: places.length, stale }
  }

  /** Keeps records for longer, from now on. Only who has them now can. */
  async keep(receipts: readonly Receipt[], visibilityMs: number): Promise<Settled> {
    const { places, stale } = this.#current(receipts)
    const untilUs = this.#context.clock.nowUs() + visibilityMs * 1000
    this.#note('kept', places, { untilUs })
    for (const place of places) this.#due.push(untilUs, place)
    this.#alarm.ringAt(this.#due.nextUs)
    await this.#context.log.sync()
    return { done: places.length, stale }
  }

  /** Gives records up, however often they were delivered. */
  async reject(receipts: readonly Receipt[]): Promise<Settled> {
    const { places, stale } = this.#current(receipts)
    await Promise.all(places.map((place) => this.#giveUp(place, 'rejected')))
    await this.#context.log.sync()
    return { done: places.length, stale }
  }

  #giveUp(place: Place, reason: GivenUp['reason']): Promise<void> {
    const done = this.#away
      .dying(place, async () => {
        const { name: group, giveUp } = this.#context
        const { deliveries } = this.#openOf(place)!
        await giveUp({ group, ...place, deliveries, reason, ...this.#candidates.find(place) })
        this.#settle([place])
      })
      .catch((error) => {
        this.#later(place)
        throw error
      })
      .finally(() => this.#givingUp.delete(done))
    this.#givingUp.add(done)
    return done
  }

  /** Records whose time has come are ready again, or given up. Those that cannot be read are
   *  looked at again later; then the first error is raised when the others are through. */
  #makeReady(): void {
    const { deliveriesMax } = this.#state.settings
    const errors: unknown[] = []
    const due = this.#due.take(this.#context.clock.nowUs() + 1, (place) =>
      this.#away.has(place) ? this.#openOf(place)?.atUs : undefined,
    )
    for (const place of due) {
      const open = this.#openOf(place)
      if (open === undefined || !this.#away.has(place) || this.#away.isDying(place)) continue
      if (deliveriesMax > 0 && open.deliveries >= deliveriesMax) {
        this.#giveUp(place, 'too many deliveries').catch(() => {})
        continue
      }
      try {
        const found = this.#candidates.find(place)
        this.#comeBack(place)
        this.#candidates.add(found)
      } catch (error) {
        this.#later(place)
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }

  #later(place: Place): void {
    const open = this.#openOf(place)
    if (open === undefined) return
    open.atUs = Math.max(open.atUs, this.#context.clock.nowUs() + RETRY_MS * 1000)
    this.#due.push(open.atUs, place)
    this.#alarm.ringAt(this.#due.nextUs)
  }

  /** Before the record is ready again, or gone. */
  #comeBack(place: Place): void {
    if (this.#isHeld(place)) this.#held--
    this.#away.remove(place)
  }

  /** Of all splits in one frame: whole, or not there at all. */
  #note(
    type: 'given' | 'done' | 'back' | 'kept',
    places: readonly Place[],
    when: { untilUs?: number; atUs?: number },
  ): void {
    const bySplit = Map.groupBy(places, ({ split }) => split)
    const events = [...bySplit].map(([split, of]) => {
      const offsets = rangesOf(of.map(({ offset }) => offset).sort((a, b) => a - b))
      return { type, split, offsets, ...when } as GroupEvent
    })
    this.#context.log.add(this.#context.name, ...events)
  }

  #onAlarm(): void {
    try {
      this.#lookAhead()
      this.#makeReady()
    } catch (error) {
      // What cannot be read now is told to those who ask for it.
      if (asSqlError(error).fault === 'internal') throw error
    }
    this.wake()
    this.#alarm.ringAt(this.#due.nextUs)
  }

  /** Those who wait get nothing, and nothing is given out any more. Resolves when no record is
   *  about to be given up. */
  async close(): Promise<void> {
    this.#closed = true
    this.#alarm.stop()
    this.#waiting.endAll()
    await Promise.allSettled(this.#givingUp)
  }

  get status() {
    const splits = this.#context.splits().map(({ split, first, end }) => {
      const { floor, done } = this.#state.splits[split]
      const position = Math.max(floor, first)
      return { split, position, backlog: Math.max(0, end - position) - done.size }
    })
    return {
      name: this.#context.name,
      ...this.#state.settings,
      splits,
      backlog: splits.reduce((sum, { backlog }) => sum + backlog, 0),
      held: this.#held,
      waiting: this.#waiting.size,
      lost: this.lost,
    }
  }
}

export type GroupStatus = ConsumerGroup['status']
