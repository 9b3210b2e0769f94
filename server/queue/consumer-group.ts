/** One consumer group at work: gives out records of a stream, each to one consumer at a time, until
 *  they are acknowledged or given up. */

import type { Clock } from '../../engine/base/clock.ts'
import { asSqlError, fail } from '../../engine/base/errors.ts'
import { DueQueue } from '../../engine/state/due-queue.ts'
import type { SplitStatus } from '../split-writer.ts'
import { AwayRecords, distinct, type Place } from './away-records.ts'
import { byOffset, byPriority } from './candidates.ts'
import type { QueueFigures } from './figures.ts'
import type { GroupLog } from './group-log.ts'
import type { GroupState } from './group-state.ts'
import { LongPoll } from './long-poll.ts'
import { rangesOf } from './offset-set.ts'
import { ReadyRecords } from './ready-records.ts'
import { type Receipt, receiptText } from './receipt.ts'
import { RecordTexts } from './record-text.ts'
import type { StreamRecords } from './stream-records.ts'

/** A record that is given up, and why. */
export interface GivenUp {
  readonly group: string
  readonly split: number
  readonly texts: RecordTexts
  readonly row: number
  readonly offset: number
  readonly deliveries: number
  readonly reason: 'too many deliveries' | 'rejected'
}

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

export interface Given {
  /** One JSON object a record. */
  readonly texts: readonly string[]
}

export interface Settled {
  readonly done: number
  /** Receipts of deliveries that another one has followed, or that are done. */
  readonly stale: readonly string[]
}

/** Records that consumers may have at the same time. */
const HELD_MAX = 10_000
const ANSWER_BYTES_MAX = 8 << 20
/** After the place for given-up records refused one. */
const RETRY_MS = 2000
const NOTHING: Given = { texts: [] }

export class ConsumerGroup {
  readonly #context: ConsumerGroupContext
  readonly #state: GroupState
  readonly #ready: ReadyRecords[]
  readonly #due = new DueQueue<Place>()
  readonly #away: AwayRecords
  readonly #waiting: LongPoll<Wish, Given>
  readonly #texts = new WeakMap<object, RecordTexts>()
  #held = 0
  #turn = 0
  #cancelTimer = () => {}
  #timerUs = Infinity
  #closed = false
  /** Records that retention took away before they were done. */
  lost = 0

  constructor(context: ConsumerGroupContext, state: GroupState) {
    this.#context = context
    this.#state = state
    this.#ready = this.#readyOfAll()
    this.#away = new AwayRecords(state.splits.length)
    this.#waiting = new LongPoll(context.clock, NOTHING)
    const firsts = context.splits().map(({ first }) => first)
    for (const [split, { open }] of state.splits.entries()) {
      for (const [offset, { held, atUs }] of open) {
        if (offset < firsts[split]) continue
        this.#goAway({ split, offset }, atUs)
        if (held) this.#held++
      }
    }
    this.#arm()
  }

  #readyOfAll(): ReadyRecords[] {
    const byPriority = this.#state.settings.order === 'none'
    return this.#state.splits.map((split) => new ReadyRecords(split, byPriority))
  }

  /** Gives records now, or as soon as there are any within `waitMs`. Empty: there were none. */
  consume(wish: Wish, waitMs: number, signal?: AbortSignal): Promise<Given> {
    const given = this.#waiting.size === 0 ? this.#take(wish) : NOTHING
    if (given.texts.length > 0) return Promise.resolve(given)
    return this.#waiting.wait(wish, waitMs, signal)
  }

  /** There may be more to give: lets those who wait have it, in their order. */
  wake(): void {
    this.#waiting.serve((wish) => {
      const given = this.#take(wish)
      return given.texts.length === 0 ? undefined : given
    })
  }

  #take({ limit, visibilityMs }: Wish): Given {
    if (this.#closed) fail('UNAVAILABLE', `The consumer group ${this.#context.name} is closed`)
    this.#lookAhead()
    this.#makeReady()
    const most = Math.min(limit, HELD_MAX - this.#held)
    const places = this.#pick(most)
    if (places.length === 0) return NOTHING
    const nowUs = this.#context.clock.nowUs()
    const untilUs = nowUs + (visibilityMs ?? this.#state.settings.visibilityMs) * 1000
    this.#note('given', places, { untilUs })
    const texts = places.map((place) => {
      this.#ready[place.split].drop(place.offset)
      this.#goAway(place, untilUs)
      this.#held++
      return this.#textOf(place)
    })
    this.#arm()
    return { texts }
  }

  #textOf(place: Place): string {
    const { texts, row } = this.#find(place)
    const { deliveries } = this.#state.splits[place.split].open.get(place.offset)!
    const receipt = receiptText({ ...place, delivery: deliveries })
    return `{"receipt":"${receipt}","deliveries":${deliveries},${texts.members(row)}}`
  }

  #lookAhead(): void {
    const { records, splits } = this.#context
    for (const { split, first, end } of splits()) {
      const ready = this.#ready[split]
      const { floor, open } = this.#state.splits[split]
      if (first > floor) {
        for (const offset of open.keys()) if (offset < first) this.#comeBack({ split, offset })
      }
      this.lost += ready.lookAhead([first, end], (offset) => records.frame(split, offset, end))
    }
  }

  /** What to give out: where there is an order, nothing while an earlier record is away. */
  #pick(most: number): Place[] {
    const { order } = this.#state.settings
    const places: Place[] = []
    const turn = this.#turn++
    const all = order === 'none' ? byPriority(this.#ready, turn) : byOffset(this.#ready, turn)
    let bytes = 0
    for (const place of most > 0 ? all : []) {
      if (order === 'split' && this.#away.hasSplit(place.split)) continue
      const { texts, row } = this.#find(place)
      if (order === 'key' && this.#away.hasKey(texts.key(row))) continue
      places.push(place)
      bytes += texts.value(row).length
      if (places.length >= most || bytes > ANSWER_BYTES_MAX) break
    }
    return places
  }

  #find({ split, offset }: Place): { texts: RecordTexts; row: number } {
    const { records, splits } = this.#context
    const frame = records.frame(split, offset, splits()[split].end)
    const texts = this.#texts.get(frame) ?? new RecordTexts(frame, split, records.table)
    this.#texts.set(frame, texts)
    return { texts, row: texts.rowOf(offset) }
  }

  /** The records are done. An acknowledgement counts also if the record was given out again
   *  since. */
  async acknowledge(receipts: readonly Receipt[]): Promise<Settled> {
    const stale: string[] = []
    const places: Place[] = []
    for (const receipt of receipts) {
      const { split, offset } = receipt
      const open = this.#state.splits[split].open.get(offset)
      if (
        open !== undefined &&
        receipt.delivery <= open.deliveries &&
        !this.#away.isDying(receipt)
      ) {
        places.push({ split, offset })
      } else if (!this.#isDone(receipt)) stale.push(receiptText(receipt))
    }
    this.#settle(places)
    await this.#context.log.sync()
    return { done: receipts.length - stale.length, stale }
  }

  #settle(given: readonly Place[]): void {
    for (const places of Map.groupBy(distinct(given), ({ split }) => split).values()) {
      const held = places.filter((place) => this.#isHeld(place))
      this.#note('done', places, {})
      for (const place of places) this.#ready[place.split].drop(place.offset)
      for (const place of places) this.#away.remove(place)
      this.#held -= held.length
      this.#context.figures.served(places.length, this.#context.clock.nowUs())
    }
    this.wake()
  }

  /** Whether a consumer has the record now. */
  #isHeld(place: Place): boolean {
    const open = this.#state.splits[place.split].open.get(place.offset)
    return open?.held === true && this.#away.has(place)
  }

  #isDone({ split, offset }: Place): boolean {
    const { floor, done } = this.#state.splits[split]
    return offset < floor || done.has(offset)
  }

  /** Of these receipts, those that are of a record's last delivery and not run out. */
  #current(receipts: readonly Receipt[]): { places: Place[]; stale: string[] } {
    const isCurrent = (receipt: Receipt) => {
      const open = this.#state.splits[receipt.split].open.get(receipt.offset)
      if (!this.#isHeld(receipt) || this.#away.isDying(receipt)) return false
      return open?.deliveries === receipt.delivery
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
    this.#makeReady()
    this.#arm()
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
    this.#arm()
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

  async #giveUp(place: Place, reason: GivenUp['reason']): Promise<void> {
    const { split, offset } = place
    await this.#away.dying(place, async () => {
      const { name: group, giveUp } = this.#context
      const { deliveries } = this.#state.splits[split].open.get(offset)!
      await giveUp({ group, split, offset, deliveries, reason, ...this.#find(place) })
      if (!this.#closed) this.#settle([place])
    })
  }

  /** Records whose time has come are ready again, or given up. */
  #makeReady(): void {
    const { deliveriesMax } = this.#state.settings
    const openOf = ({ split, offset }: Place) => this.#state.splits[split].open.get(offset)
    const due = this.#due.take(this.#context.clock.nowUs() + 1, (place) =>
      this.#away.has(place) ? openOf(place)?.atUs : undefined,
    )
    for (const place of due) {
      const open = openOf(place)
      if (open === undefined || !this.#away.has(place) || this.#away.isDying(place)) continue
      if (deliveriesMax > 0 && open.deliveries >= deliveriesMax) {
        this.#giveUp(place, 'too many deliveries').catch((error) => this.#tryLater(place, error))
        continue
      }
      this.#comeBack(place)
      const { texts, row } = this.#find(place)
      this.#ready[place.split].add(Number(texts.metadata('priority', row)), place.offset)
    }
  }

  #tryLater(place: Place, error: unknown): void {
    if (this.#closed || asSqlError(error).fault === 'internal') return
    const atUs = this.#context.clock.nowUs() + RETRY_MS * 1000
    const open = this.#state.splits[place.split].open.get(place.offset)
    if (open !== undefined) open.atUs = atUs
    this.#due.push(atUs, place)
    this.#arm()
  }

  #goAway(place: Place, atUs: number): void {
    this.#due.push(atUs, place)
    const byKey = this.#state.settings.order === 'key'
    const found = byKey ? this.#find(place) : undefined
    this.#away.add(place, found?.texts.key(found.row) ?? null)
  }

  /** Before the record is ready again, or gone. */
  #comeBack(place: Place): void {
    if (this.#isHeld(place)) this.#held--
    this.#away.remove(place)
  }

  #note(
    type: 'given' | 'done' | 'back' | 'kept',
    places: readonly Place[],
    when: { untilUs?: number; atUs?: number },
  ): void {
    const bySplit = Map.groupBy(places, ({ split }) => split)
    for (const [split, of] of bySplit) {
      const offsets = rangesOf(of.map(({ offset }) => offset).sort((a, b) => a - b))
      const event = { type, split, offsets, ...when }
      this.#context.log.add(this.#context.name, event as Parameters<GroupLog['add']>[1])
    }
  }

  #arm(): void {
    const { nextUs } = this.#due
    if (this.#closed || nextUs >= this.#timerUs) return
    this.#cancelTimer()
    this.#timerUs = nextUs
    const { clock } = this.#context
    const delayMs = Math.min(Math.max(0, (nextUs - clock.nowUs()) / 1000), 3_600_000)
    this.#cancelTimer = clock.after(Math.ceil(delayMs), () => {
      this.#timerUs = Infinity
      this.#tick()
      this.wake()
      this.#arm()
    })
  }

  /** What cannot be read now is told to those who ask for it. */
  #tick(): void {
    try {
      this.#lookAhead()
      this.#makeReady()
    } catch (error) {
      if (asSqlError(error).fault === 'internal') throw error
    }
  }

  /** Those who wait get nothing. */
  close(): void {
    this.#closed = true
    this.#cancelTimer()
    this.#waiting.endAll()
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
