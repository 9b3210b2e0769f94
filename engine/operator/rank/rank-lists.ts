/** The first rows of each partition as lists in order. Over append-only input a list ends at the
 *  last rank asked for; over an updating input, which is taken at the end of the epoch as its net
 *  change (so equal rows of an epoch arrive together), it has all rows. */

import type { Batch } from '../../batch/batch.ts'
import { consolidate } from '../../batch/consolidate.ts'
import { LastTouched } from '../../state/last-touched.ts'
import type { OrderedSlots } from '../../state/ordered-slots.ts'
import type { RankNode } from '../nodes.ts'
import type { OperatorContext, Output, Section, StateSize } from '../operator.ts'
import { OrderedLists } from '../ordered/ordered-lists.ts'
import { rankedSlots, worstRankOf } from './rank-numbers.ts'
import {
  emitRanked,
  noneRanked,
  orderedBy,
  type Ranked,
  type RankList,
  type RankState,
  rankAt,
} from './rank-state.ts'

export class RankLists implements RankState {
  readonly #node: RankNode
  readonly #context: OperatorContext
  readonly #lists: OrderedLists
  readonly #appendOnly: boolean
  /** The net change of an epoch is taken when all of it is here. */
  #waiting: Batch[] = []
  /** What the touched partitions had said. */
  #before = new Map<number, Ranked>()
  readonly #lastTouched: LastTouched | undefined

  constructor(node: RankNode, context: OperatorContext) {
    this.#node = node
    this.#context = context
    this.#lastTouched = node.stateTtlUs ? new LastTouched(node.stateTtlUs) : undefined
    this.#lists = new OrderedLists(orderedBy(node, context), this.#lastTouched !== undefined)
    this.#appendOnly = context.inputs[0].appendOnly
  }

  add(batch: Batch): void {
    if (this.#appendOnly) this.#insert(batch)
    else this.#waiting.push(batch)
  }

  readonly #touch = (partition: number, list: OrderedSlots): void => {
    if (this.#before.has(partition)) return
    this.#renew(partition)
    this.#lastTouched?.touch(partition, this.#context.clock.nowUs)
    this.#before.set(partition, this.#ranked(list))
  }

  /** A partition that comes again after its time begins anew. */
  #renew(partition: number): void {
    const touched = this.#lastTouched
    if (touched === undefined) return
    touched.makeRoom(this.#lists.rows.partitions.hashes.length)
    if (!touched.isExpired(partition, this.#context.clock.nowUs)) return
    touched.forget(partition)
    this.#lists.clear(partition)
  }

  #ranked(list: OrderedSlots): Ranked {
    return rankedSlots(this.#node, list, this.#lists.rows)
  }

  /** Takes rows that will never be retracted; those behind a full list are dropped. */
  #insert(batch: Batch): void {
    const { rows } = this.#lists
    const extended = rows.extended(batch)
    const partitions = rows.partitionsOf(batch)
    const taken = new Int32Array(batch.rowCount)
    let n = 0
    for (let row = 0; row < batch.rowCount; row++) {
      const list = this.#lists.list(partitions[row])
      this.#renew(partitions[row])
      if (!this.#isBehind(list, extended, row)) taken[n++] = row
    }
    if (n === 0) return
    const first = rows.append(extended, taken, n)
    for (let j = 0; j < n; j++) {
      const partition = partitions[taken[j]]
      const list = this.#lists.list(partition)
      this.#touch(partition, list)
      this.#lists.put(list, first + j)
      this.#trim(list)
    }
  }

  /** Whether a new row comes behind a list that has all ranks: a peer of its last row has the same
   *  rank, unless it is the row number. */
  #isBehind(list: OrderedSlots, batch: Batch, row: number): boolean {
    const { ranking, to } = this.#node
    if (list.length < to) return false
    const { rows } = this.#lists
    const order = rows.compareRow(batch, row, list.last)
    if (ranking === 'row_number') return order >= 0
    return order > 0 && (ranking === 'rank' || worstRankOf(ranking, list, rows) >= to)
  }

  /** Drops the rows behind the last rank. */
  #trim(list: OrderedSlots): void {
    const { ranking, to } = this.#node
    const { rows } = this.#lists
    while (list.length > to && worstRankOf(ranking, list, rows) > to) rows.store.kill(list.pop())
  }

  emit(out: Output): void {
    const net = consolidate(this.#waiting, this.#context.inputs[0].schema)
    this.#waiting = []
    if (net !== null) this.#lists.apply(net, this.#touch)
    if (this.#before.size > 0) this.#emitTouched(out)
    if (this.#lastTouched !== undefined) this.#sweepExpired(this.#lastTouched)
    this.#lists.tidy((kept) => this.#lastTouched?.pick(kept))
  }

  close(limitUs: number): void {
    for (const partition of this.#lists.rows.windows?.passed(limitUs) ?? [])
      this.#lists.clear(partition)
    this.#lists.tidy((kept) => this.#lastTouched?.pick(kept))
  }

  #emitTouched(out: Output): void {
    const [gone, come] = [noneRanked(), noneRanked()]
    for (const [partition, before] of this.#before) {
      const after = this.#ranked(this.#lists.list(partition))
      difference(before, after, gone, come, this.#node.withRank)
    }
    this.#before = new Map()
    emitRanked(this.#lists.rows, gone, come, this.#node, out)
  }

  tellAll(out: Pick<Output, 'emit'>): void {
    for (let partition = 0; partition < this.#lists.rows.partitions.count; partition++) {
      const ranked = this.#ranked(this.#lists.list(partition))
      const ranks = ranked.slots.map((_, i) => rankAt(ranked, i))
      const come = { slots: [...ranked.slots], ranks }
      emitRanked(this.#lists.rows, noneRanked(), come, this.#node, out)
    }
  }

  #sweepExpired(touched: LastTouched): void {
    const { count } = this.#lists.rows.partitions
    const keep = touched.sweep(count, this.#context.clock.nowUs)
    for (let p = 0; keep !== undefined && p < count; p++) {
      if (keep(p)) continue
      touched.forget(p)
      this.#lists.clear(p)
    }
  }

  dueUs(): number {
    return this.#lastTouched?.dueUs(this.#lists.rows.store.live) ?? Infinity
  }

  snapshot(): readonly Section[] {
    if (this.#lastTouched === undefined) return this.#lists.snapshot()
    const bytes = this.#lastTouched.snapshot(this.#lists.living())
    const version = this.#context.clock.epoch
    return [...this.#lists.snapshot(), { name: 'touched', version, bytes }]
  }

  restore(sections: readonly Section[]): void {
    this.#lists.restore(sections)
    const touched = sections.find((section) => section.name === 'touched')
    if (touched !== undefined) this.#lastTouched?.restore(touched.bytes)
  }

  stateSize(): StateSize {
    return this.#lists.stateSize()
  }
}

/** Up to this length a list is searched from the front. */
const SEARCH_MAX = 16

/** Adds the rows that left to `gone` and those that came to `come`; a changed rank is both. */
function difference(
  before: Ranked,
  after: Ranked,
  gone: RankList,
  come: RankList,
  withRank: boolean,
): void {
  const inBefore = finder(before.slots)
  const stayed = new Uint8Array(before.slots.length)
  for (let i = 0; i < after.slots.length; i++) {
    const slot = after.slots[i]
    const was = inBefore(slot)
    if (was >= 0 && (!withRank || rankAt(before, was) === rankAt(after, i))) stayed[was] = 1
    else {
      come.slots.push(slot)
      come.ranks.push(rankAt(after, i))
    }
  }
  for (let i = 0; i < stayed.length; i++) {
    if (stayed[i] === 1) continue
    gone.slots.push(before.slots[i])
    gone.ranks.push(rankAt(before, i))
  }
}

/** A function from a slot to its position; -1 if it is not there. */
function finder(slots: readonly number[]): (slot: number) => number {
  if (slots.length <= SEARCH_MAX) return (slot) => slots.indexOf(slot)
  const positions = new Map<number, number>()
  for (let i = 0; i < slots.length; i++) positions.set(slots[i], i)
  return (slot) => positions.get(slot) ?? -1
}
