/** What a consumer group can give out now, and in which order. */

import type { SplitStatus } from '../split-writer.ts'
import type { AwayRecords, Place } from './away-records.ts'
import { BlockedRecords } from './blocked-records.ts'
import type { GroupState } from './group-state.ts'
import { byOffset, byPriority, ReadyRecords } from './ready-records.ts'
import type { FoundRecord, StreamRecords } from './stream-records.ts'

export interface CandidatesContext {
  readonly records: StreamRecords
  /** The stream's splits as they are now. */
  readonly splits: () => readonly SplitStatus[]
}

/** A record, and where its texts are. */
export interface Found extends FoundRecord {
  readonly place: Place
}

const ANSWER_BYTES_MAX = 8 << 20

export class Candidates {
  readonly #context: CandidatesContext
  readonly #state: GroupState
  readonly #away: AwayRecords
  readonly #ready: readonly ReadyRecords[]
  readonly #blocked: BlockedRecords
  /** Records that were out before a restart, whose keys are not known yet. */
  readonly #keyless: Place[] = []
  #turn = 0

  /** `away`: what cannot be given out. */
  constructor(context: CandidatesContext, state: GroupState, away: AwayRecords) {
    const { settings, splits } = state
    this.#context = context
    this.#state = state
    this.#away = away
    this.#ready = splits.map((split) => new ReadyRecords(split, settings.order === 'none'))
    this.#blocked = new BlockedRecords(splits.length)
  }

  /** The record was away before the server started. */
  restore(place: Place): void {
    this.#away.add(place, null)
    if (this.#state.settings.order === 'key') this.#keyless.push(place)
  }

  /** A record that was away is ready again. */
  add({ place, texts, row }: Found): void {
    this.#ready[place.split].add(Number(texts.metadata('priority', row)), place.offset)
  }

  /** The record is away now, or done. */
  drop({ split, offset }: Place): void {
    this.#ready[split].drop(offset)
  }

  /** Looks further ahead in the stream, and tells how many records are lost, because retention took
   *  them before they were done. Raises what cannot be read. */
  lookAhead(onLost: (count: number) => void): void {
    const { records, splits } = this.#context
    for (const { split, first, end } of splits()) {
      const frameAt = (offset: number) => records.frame(split, offset, end)
      onLost(this.#ready[split].lookAhead([first, end], frameAt))
    }
  }

  /** Where keys are kept in order, the record's. */
  keyOf({ texts, row }: Found): string | null {
    return this.#state.settings.order === 'key' ? texts.key(row) : null
  }

  /** What to give out: where there is an order, nothing while an earlier record is away. */
  pick(most: number): Found[] {
    const { order } = this.#state.settings
    this.#learnKeys()
    this.#unblock()
    const picked: Found[] = []
    const turn = this.#turn++
    const isFree = (split: number) => order !== 'split' || !this.#away.hasSplit(split)
    const inOrder = () => byOffset(this.#ready, turn, isFree)
    const all = order === 'none' ? byPriority(this.#ready, turn) : inOrder()
    let bytes = 0
    for (const place of most > 0 ? all : []) {
      const found = this.find(place)
      const key = this.keyOf(found)
      if (key !== null && this.#away.hasKey(key)) {
        this.#ready[place.split].drop(place.offset)
        this.#blocked.add(key, place)
        continue
      }
      picked.push(found)
      bytes += found.texts.bytes
      if (picked.length >= most || bytes > ANSWER_BYTES_MAX) break
    }
    return picked
  }

  /** Records whose key is free are ready again. Those that are done were acknowledged late. */
  #unblock(): void {
    for (;;) {
      const free = this.#blocked.takeFree((key) => this.#away.hasKey(key))
      const left = free.filter((place) => !this.#state.isDone(place))
      for (const { split, offset } of left) this.#ready[split].add(0, offset)
      if (left.length > 0 || free.length === 0) return
    }
  }

  #learnKeys(): void {
    for (;;) {
      const place = this.#keyless.at(-1)
      if (place === undefined) return
      if (this.#away.has(place)) {
        const key = this.keyOf(this.find(place))
        this.#away.remove(place)
        this.#away.add(place, key)
      }
      this.#keyless.pop()
    }
  }

  /** Where the record's texts are. DISK_FAILED, DATA_DAMAGED, GONE. */
  find(place: Place): Found {
    const { records, splits } = this.#context
    return { place, ...records.find(place, splits()[place.split].end) }
  }
}
