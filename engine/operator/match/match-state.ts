/** MATCH_RECOGNIZE over partitions: rows wait until the watermark has passed them, then each
 *  partition is searched on in order of time.
 *
 *  State: per partition the rows above the watermark, and those from the first one on that an
 *  undecided attempt, or PREV, can still read. An attempt that waits goes on where it stopped;
 *  after a restart it is made again from its first row, with the same outcome.
 *  A row is late if the watermark, or that of its own split, was past it. */

import { deserialize, serialize } from 'node:v8'
import type { Batch } from '../../batch/batch.ts'
import { columnsOf } from '../../expr/ir.ts'
import { TimeHeap } from '../../state/time-heap.ts'
import { timesOf } from '../../state/times.ts'
import type { MatchNode } from '../nodes.ts'
import type { Operator, OperatorContext, Output, Section, StateSize } from '../operator.ts'
import { OrderedRows } from '../ordered/ordered-rows.ts'
import { MatchConditions } from './match-conditions.ts'
import { MatchOutput } from './match-output.ts'
import { MatchPartition, type PartitionNumbers } from './match-partition.ts'
import { MatchProgram } from './match-program.ts'
import { type MatchReach, reachOf } from './match-reach.ts'
import { MatchSearch, type SearchOptions } from './match-search.ts'
import { nextAfter } from './match-skip.ts'

const SWEEP_MIN = 1024
const SPARE_MAX = 256

export class MatchState implements Operator {
  readonly #node: MatchNode
  readonly #context: OperatorContext
  readonly #rows: OrderedRows
  readonly #output: MatchOutput
  readonly #reach: MatchReach
  readonly #searching: SearchOptions
  /** Whether a partition's number of matches is of interest. */
  readonly #counts: boolean
  #partitions: MatchPartition[] = []
  /** By slot: the partition of a row above the watermark. */
  #partitionOf: number[] = []
  readonly #coming = new TimeHeap()
  /** Partitions whose attempt waits, by the time it began and by the time it is over. */
  readonly #waiting = new TimeHeap()
  readonly #deadlines = new TimeHeap()
  /** Searches that are not in use. */
  readonly #spare: MatchSearch[] = []
  #closedUs = -Infinity
  #version = 0
  #sweepAt = SWEEP_MIN
  /** Entries that are out of date are swept when there are more than this. */
  #crowdedAt = SWEEP_MIN

  constructor(node: MatchNode, context: OperatorContext) {
    this.#node = node
    this.#context = context
    const { inputs, clock } = context
    const input = inputs[0].schema
    const { partitionBy, orderBy } = node
    this.#rows = new OrderedRows({ input, partitionBy, orderBy, clock, indexed: false })
    const { store } = this.#rows
    this.#output = new MatchOutput(node, input, store, clock)
    this.#reach = reachOf(node)
    this.#searching = {
      program: new MatchProgram(node.pattern),
      conditions: new MatchConditions(node, input, store, clock),
      reach: this.#reach,
      withinUs: node.withinUs ?? Infinity,
    }
    this.#counts = countsMatches(node)
  }

  batch(_input: number, batch: Batch): void {
    this.#version++
    const times = timesOf(batch.columns[this.#node.timeColumn], 0, batch.rowCount)
    const { rows, late } = this.#onTime(batch, times)
    if (late.length > 0) this.#context.late(batch.keep(Int32Array.from(late), late.length))
    if (rows.length === 0) return
    const partitions = this.#rows.partitionsOf(batch)
    const extended = this.#rows.extended(batch)
    const first = this.#rows.append(extended, Int32Array.from(rows), rows.length)
    rows.forEach((row, j) => {
      this.#partition(partitions[row]).add(first + j, this.#rows.order)
      this.#partitionOf[first + j] = partitions[row]
      this.#coming.push(times[row], first + j)
    })
  }

  #onTime({ watermarks }: Batch, times: Float64Array): { rows: number[]; late: number[] } {
    const rows: number[] = []
    const late: number[] = []
    times.forEach((time, row) => {
      const mark = Math.max(this.#closedUs, watermarks === null ? -Infinity : watermarks[row])
      // A row without a time has no place in the order, so it is never in time.
      if (time >= mark) rows.push(row)
      else late.push(row)
    })
    return { rows, late }
  }

  #partition(number: number): MatchPartition {
    while (this.#partitions.length <= number) this.#partitions.push(new MatchPartition())
    return this.#partitions[number]
  }

  watermark(_input: number, watermarkUs: number, out: Output): void {
    if (watermarkUs > this.#closedUs) {
      this.#closedUs = watermarkUs
      this.#version++
      for (const partition of this.#ready()) this.#advance(partition, out)
      this.#flush(out)
      this.#tidy()
    }
    out.watermark(Math.min(watermarkUs, this.#heldUs()))
  }

  /** The partitions of which more is known now. */
  #ready(): Set<number> {
    const ready = new Set<number>()
    const coming = this.#coming
    while (coming.firstUs < this.#closedUs) {
      ready.add(this.#partitionOf[coming.firstSlot])
      coming.pop()
    }
    const waiting = this.#closedUs === Infinity ? this.#waiting : this.#deadlines
    while (waiting.firstUs < this.#closedUs) {
      ready.add(waiting.firstSlot)
      waiting.pop()
    }
    return ready
  }

  /** Makes all attempts of a partition that can be decided. */
  #advance(number: number, out: Output): void {
    const partition = this.#partitions[number]
    partition.close(this.#closedUs, this.#timeOf)
    if (!partition.waits) return
    let search = partition.search
    partition.search = undefined
    for (; partition.waits; search.restart(partition.next, partition.matches + 1)) {
      search ??= this.#fresh(partition)
      const outcome = search.run(partition)
      if (outcome === 'wait') {
        partition.search = search
        break
      }
      if (outcome === 'match') this.#matched(search, partition)
      else this.#missed(search, partition)
      if (this.#output.rowCount >= this.#context.batchRowsMax) this.#flush(out)
    }
    if (partition.search === undefined && search !== undefined) this.#put(search)
    partition.trim(this.#reach.behind, (slot) => this.#rows.store.kill(slot))
    this.#noteWaiting(partition, number)
  }

  #noteWaiting(partition: MatchPartition, number: number): void {
    const { withinUs } = this.#searching
    const sinceUs = partition.waitsSinceUs
    if (sinceUs === partition.notedUs) return
    partition.notedUs = sinceUs
    if (sinceUs === Infinity) return
    this.#waiting.push(sinceUs, number)
    if (withinUs < Infinity) this.#deadlines.push(sinceUs + withinUs, number)
  }

  #fresh({ next, matches }: MatchPartition): MatchSearch {
    const search = this.#spare.pop() ?? new MatchSearch(this.#searching)
    search.restart(next, matches + 1)
    return search
  }

  #put(search: MatchSearch): void {
    if (this.#spare.length < SPARE_MAX) this.#spare.push(search)
  }

  #matched({ path }: MatchSearch, partition: MatchPartition): void {
    partition.matches++
    this.#output.match(path, partition)
    const end = path.start + path.depth
    // An empty match covers the row that it stands at.
    partition.covered = Math.max(partition.covered, end, path.depth === 0 ? path.start + 1 : 0)
    partition.next = nextAfter(path, this.#node)
  }

  #missed({ path }: MatchSearch, partition: MatchPartition): void {
    if (this.#node.unmatched && partition.next >= partition.covered) {
      this.#output.unmatched(path, partition)
    }
    partition.next++
  }

  readonly #timeOf = (slot: number): number => {
    const { lanes } = this.#rows.store.view.columns[this.#node.timeColumn]
    return lanes[slot * 2 + 1] * 4294967296 + (lanes[slot * 2] >>> 0)
  }

  #flush(out: Output): void {
    const { rowCount } = this.#output
    if (rowCount === 0) return
    const { batchRowsMax } = this.#context
    const batch = this.#output.take()
    for (let from = 0; from < rowCount; from += batchRowsMax) {
      out.emit(batch.slice(from, Math.min(rowCount, from + batchRowsMax)))
    }
  }

  /** When the earliest attempt that waits began: its match is said later, with times from there. */
  #heldUs(): number {
    const heap = this.#waiting
    while (heap.size > 0 && this.#partitions[heap.firstSlot]?.waitsSinceUs !== heap.firstUs) {
      heap.pop()
    }
    return heap.firstUs
  }

  #tidy(): void {
    const rows = this.#rows.tidy((numberOf) => {
      for (const partition of this.#partitions) partition.renumber(numberOf)
    })
    const partitions = this.#sweepPartitions()
    if (rows || partitions || this.#waiting.size > this.#crowdedAt) this.#rebuild()
  }

  /** Forgets partitions of which nothing is kept. */
  #sweepPartitions(): boolean {
    const { count } = this.#rows.partitions
    if (count <= this.#sweepAt) return false
    const isEmpty = (p: number) => this.#canForget(this.#partition(p))
    let empty = 0
    for (let p = 0; p < count; p++) empty += Number(isEmpty(p))
    const kept = this.#rows.tidyPartitions(empty, isEmpty)
    if (kept !== undefined) {
      this.#partitions = Array.from(kept, (p) => this.#partitions[p])
    }
    this.#sweepAt = Math.max(SWEEP_MIN, this.#rows.partitions.count * 2)
    return kept !== undefined
  }

  #canForget(partition: MatchPartition): boolean {
    return partition.isEmpty && (partition.matches === 0 || !this.#counts)
  }

  /** Builds what hangs on slots and partition numbers anew. */
  #rebuild(): void {
    for (const heap of [this.#coming, this.#waiting, this.#deadlines]) heap.clear()
    this.#partitionOf = []
    this.#partitions.forEach((partition, number) => {
      partition.forEachComing((slot) => {
        this.#partitionOf[slot] = number
        this.#coming.push(this.#timeOf(slot), slot)
      })
      partition.notedUs = Infinity
      this.#noteWaiting(partition, number)
    })
    this.#crowdedAt = Math.max(SWEEP_MIN, this.#waiting.size * 2)
  }

  actsAtUs(): number {
    return Math.min(this.#coming.firstUs, this.#deadlines.firstUs) + 1
  }

  epoch(): void {}

  snapshot(): readonly Section[] {
    const version = this.#version
    const closed = new Uint8Array(Float64Array.of(this.#closedUs).buffer)
    const numbers = this.#partitions.map(({ next, matches, covered }) => [next, matches, covered])
    return [
      ...this.#rows.snapshot(),
      { name: 'closed', version, bytes: closed },
      { name: 'partitions', version, bytes: this.#rows.partitions.snapshot() },
      { name: 'numbers', version, bytes: serialize(numbers) },
    ]
  }

  restore(sections: readonly Section[]): void {
    const find = (name: string) => sections.find((section) => section.name === name)
    const closed = find('closed')
    if (closed === undefined) return
    this.#version = closed.version
    this.#closedUs = new Float64Array(closed.bytes.slice().buffer)[0]
    this.#rows.partitions.restore(find('partitions')!.bytes)
    const numbers = deserialize(find('numbers')!.bytes) as number[][]
    this.#rows.restore(sections, (slot, partition) => {
      this.#partition(partition).add(slot, this.#rows.order)
    })
    numbers.forEach(([next, matches, covered], number) => {
      const partition = this.#partition(number)
      partition.close(this.#closedUs, this.#timeOf)
      Object.assign(partition, { next, matches, covered } satisfies PartitionNumbers)
    })
    this.#rebuild()
  }

  stateSize(): StateSize {
    const { store, bytes } = this.#rows
    const heaps = this.#coming.bytes + this.#waiting.bytes + this.#deadlines.bytes
    const own = this.#partitions.reduce((sum, partition) => sum + partition.bytes, 0)
    return { rows: store.live, bytes: bytes + heaps + own + this.#partitionOf.length * 8 }
  }
}

const countsMatches = ({ references, measures, variables }: MatchNode): boolean => {
  const conditions = variables.flatMap(({ condition }) => condition ?? [])
  return [...measures, ...conditions].some((expr) =>
    [...columnsOf(expr)].some((index) => references[index].kind === 'number'),
  )
}
