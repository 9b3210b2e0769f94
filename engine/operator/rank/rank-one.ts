/** The first row of each partition over append-only input: deduplication, keep-first or keep-last
 *  by the order. State: one row a partition, until it has had no news for `stateTtlUs`. */

import type { EpochClock } from '../../base/clock.ts'
import type { Batch } from '../../batch/batch.ts'
import { grownBytes, grownInts } from '../../state/grown.ts'
import { LastTouched } from '../../state/last-touched.ts'
import type { RankNode } from '../nodes.ts'
import type { OperatorContext, Output, Section, StateSize } from '../operator.ts'
import { OrderedRows } from '../ordered/ordered-rows.ts'
import { emitRanked, noneRanked, orderedBy, type RankState } from './rank-state.ts'

const NONE = -1

export class RankOne implements RankState {
  readonly #node: RankNode
  readonly #rows: OrderedRows
  readonly #partitions: Int32Array
  readonly #candidates: Int32Array
  /** Per partition: the slot of its first row, and of the one that was said; -1: none. */
  #best = new Int32Array(0)
  #said = new Int32Array(0)
  /** Per partition: where its candidate was in the last batch that had one. */
  #places = new Int32Array(0)
  /** Per partition: touched in this epoch. */
  #dirty = new Uint8Array(0)
  #touched: number[] = []
  readonly #clock: EpochClock
  readonly #lastTouched: LastTouched | undefined

  constructor(node: RankNode, context: OperatorContext) {
    this.#node = node
    this.#clock = context.clock
    this.#lastTouched = node.stateTtlUs ? new LastTouched(node.stateTtlUs) : undefined
    this.#rows = new OrderedRows(orderedBy(node, context))
    this.#partitions = new Int32Array(context.batchRowsMax)
    this.#candidates = new Int32Array(context.batchRowsMax)
  }

  add(batch: Batch): void {
    const rows = this.#rows
    const extended = rows.extended(batch)
    const partitions = rows.partitionsOf(batch, this.#partitions)
    this.#makeRoom()
    this.#forgetExpired(partitions, batch.rowCount)
    const candidates = this.#candidates
    const n = this.#findCandidates(extended, partitions)
    if (n === 0) return
    const first = rows.append(extended, candidates, n)
    for (let j = 0; j < n; j++) this.#take(first + j, partitions[candidates[j]])
  }

  /** The rows that come before their partition's first one, at most one a partition. */
  #findCandidates(extended: Batch, partitions: Int32Array): number {
    const rows = this.#rows
    const best = this.#best
    const candidates = this.#candidates
    const places = this.#places
    let n = 0
    for (let row = 0; row < extended.rowCount; row++) {
      const partition = partitions[row]
      const place = places[partition]
      if (place < n && partitions[candidates[place]] === partition) {
        if (rows.compareRows(extended, row, candidates[place]) < 0) candidates[place] = row
        continue
      }
      const slot = best[partition]
      if (slot !== NONE && rows.compareRow(extended, row, slot) >= 0) continue
      places[partition] = n
      candidates[n++] = row
    }
    return n
  }

  /** Partitions that come again after their time begin anew. */
  #forgetExpired(partitions: Int32Array, n: number): void {
    const touched = this.#lastTouched
    if (touched === undefined) return
    const { nowUs } = this.#clock
    for (let j = 0; j < n; j++) {
      if (touched.isExpired(partitions[j], nowUs)) this.#forget(partitions[j], touched)
    }
  }

  #forget(partition: number, touched: LastTouched): void {
    touched.forget(partition)
    this.#rows.store.kill(this.#best[partition])
    this.#best[partition] = this.#said[partition] = NONE
  }

  #take(slot: number, partition: number): void {
    const { store } = this.#rows
    const before = this.#best[partition]
    if (before !== NONE && this.#rows.comparePeers(slot, before) >= 0) {
      store.kill(slot)
      return
    }
    if (before !== NONE) store.kill(before)
    this.#best[partition] = slot
    this.#lastTouched?.touch(partition, this.#clock.nowUs)
    if (this.#dirty[partition] === 1) return
    this.#dirty[partition] = 1
    this.#touched.push(partition)
  }

  #makeRoom(): void {
    const { length } = this.#rows.partitions.hashes
    this.#lastTouched?.makeRoom(length)
    if (this.#best.length >= length) return
    this.#best = grownInts(this.#best, length, NONE)
    this.#said = grownInts(this.#said, length, NONE)
    this.#places = grownInts(this.#places, length)
    this.#dirty = grownBytes(this.#dirty, length)
  }

  emit(out: Output): void {
    if (this.#touched.length > 0) this.#emitTouched(out)
    if (this.#lastTouched !== undefined) this.#sweepExpired(this.#lastTouched)
    this.#rows.tidy((numberOf) => {
      const renumber = (slot: number) => (slot === NONE ? NONE : numberOf(slot))
      const { count } = this.#rows.partitions
      for (let p = 0; p < count; p++) this.#said[p] = this.#best[p] = renumber(this.#best[p])
    })
  }

  #emitTouched(out: Output): void {
    const [gone, come] = [noneRanked(), noneRanked()]
    for (const partition of this.#touched) {
      const [said, best] = [this.#said[partition], this.#best[partition]]
      this.#dirty[partition] = 0
      this.#said[partition] = best
      come.slots.push(best)
      come.ranks.push(1)
      if (said === NONE) continue
      gone.slots.push(said)
      gone.ranks.push(1)
    }
    this.#touched = []
    emitRanked(this.#rows, gone, come, this.#node, out)
  }

  tellAll(out: Pick<Output, 'emit'>): void {
    const { count } = this.#rows.partitions
    const slots = [...this.#said.subarray(0, count)].filter((slot) => slot !== NONE)
    const come = { slots, ranks: slots.map(() => 1) }
    emitRanked(this.#rows, noneRanked(), come, this.#node, out)
  }

  close(limitUs: number): void {
    const { store, partitions } = this.#rows
    for (const partition of this.#rows.windows?.passed(limitUs) ?? []) {
      if (this.#best[partition] === NONE) continue
      store.kill(this.#best[partition])
      this.#best[partition] = this.#said[partition] = NONE
    }
    this.#dropEmpty(partitions.count - store.live)
  }

  /** Lets go of the partitions without a row if they are many. */
  #dropEmpty(empty: number): void {
    const kept = this.#rows.tidyPartitions(empty, (p) => this.#best[p] === NONE)
    if (kept === undefined) return
    this.#lastTouched?.pick(kept)
    const best = Int32Array.from(kept, (p) => this.#best[p])
    for (const slots of [this.#best, this.#said]) {
      slots.fill(NONE)
      slots.set(best)
    }
  }

  #sweepExpired(touched: LastTouched): void {
    const { partitions } = this.#rows
    const keep = touched.sweep(partitions.count, this.#clock.nowUs)
    if (keep === undefined) return
    let empty = 0
    for (let p = 0; p < partitions.count; p++) {
      if (!keep(p)) this.#forget(p, touched)
      if (this.#best[p] === NONE) empty++
    }
    this.#dropEmpty(empty)
  }

  /** The epoch clock at which expired partitions should be swept. */
  dueUs(): number {
    return this.#lastTouched?.dueUs(this.#rows.store.live) ?? Infinity
  }

  snapshot(): readonly Section[] {
    if (this.#lastTouched === undefined) return this.#rows.snapshot()
    // After a restart the partitions are numbered by their rows' slots.
    const { count } = this.#rows.partitions
    const living = Array.from({ length: count }, (_, p) => p).filter((p) => this.#best[p] !== NONE)
    living.sort((a, b) => this.#best[a] - this.#best[b])
    const bytes = this.#lastTouched.snapshot(living)
    return [...this.#rows.snapshot(), { name: 'touched', version: this.#clock.epoch, bytes }]
  }

  restore(sections: readonly Section[]): void {
    this.#rows.restore(sections, (slot, partition) => {
      this.#makeRoom()
      this.#best[partition] = this.#said[partition] = slot
    })
    const touched = sections.find((section) => section.name === 'touched')
    if (touched !== undefined) this.#lastTouched?.restore(touched.bytes)
  }

  stateSize(): StateSize {
    return { rows: this.#rows.store.live, bytes: this.#rows.bytes + this.#best.length * 13 }
  }
}
