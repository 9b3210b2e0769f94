/** A hash table from group keys to rows of typed arrays: open addressing with linear probing, the
 *  keys and the aggregates' slots side by side outside the JavaScript heap. The hot part (hash,
 *  probe, insert, update) is generated code that works on these arrays; here is what is not hot:
 *  growth, clearing, snapshots.
 *
 *  slots[h & mask] is group + 1, or 0. Per group: its hash, a bit per key that is NULL, and one
 *  element of every array of the layout. String keys are (start, end) into `heap`. */

import { deserialize, serialize } from 'node:v8'
import { sampled } from './held-bytes.ts'
import { bySlot, ORDER_MIN } from './slot-order.ts'

export type GroupArray = Int32Array | Float64Array | Uint8Array | unknown[]
export type ArrayKind = 'i32' | 'f64' | 'u8' | 'js'

export interface GroupLayout {
  /** What each array is, and what a fresh group holds in it. */
  readonly arrays: readonly { readonly kind: ArrayKind; readonly initial: number }[]
}

const CAPACITY_MIN = 64

/** Some groups, one after another. */
export interface GroupTablePage {
  readonly hashes: Int32Array
  readonly nulls: Int32Array
  readonly arrays: readonly GroupArray[]
}

interface Frozen {
  readonly page: GroupTablePage
  readonly heap: Uint8Array
}

export class GroupTable {
  readonly layout: GroupLayout
  slots: Int32Array
  mask: number
  /** Groups in the table; every per-group array is longer than this. */
  count = 0
  hashes: Int32Array
  nulls: Int32Array
  arrays: GroupArray[]
  heap: Uint8Array = new Uint8Array(0)
  heapSize = 0

  constructor(layout: GroupLayout) {
    this.layout = layout
    this.slots = new Int32Array(CAPACITY_MIN * 2)
    this.mask = this.slots.length - 1
    this.hashes = new Int32Array(CAPACITY_MIN)
    this.nulls = new Int32Array(CAPACITY_MIN)
    this.arrays = layout.arrays.map(({ kind, initial }) => fresh(kind, CAPACITY_MIN, initial))
  }

  /** Makes a fresh group of this hash without looking for an equal one. */
  insert(hash: number): number {
    if (this.count === this.hashes.length) this.grow()
    let s = hash & this.mask
    while (this.slots[s] !== 0) s = (s + 1) & this.mask
    const group = this.count++
    this.slots[s] = group + 1
    this.hashes[group] = hash
    return group
  }

  /** Makes a group fresh again, under its old key. */
  resetGroup(group: number): void {
    this.#reset(group, group + 1)
  }

  /** Puts the arrays from position `first` on back to what a fresh group holds; the key stays. */
  resetSlots(group: number, first: number): void {
    const { arrays } = this.layout
    for (let i = first; i < arrays.length; i++) {
      const value = arrays[i].kind === 'js' ? undefined : arrays[i].initial
      this.arrays[i][group] = value as never
    }
  }

  /** Doubles the room for groups. Called by generated code when `count` reaches the capacity. */
  grow(): void {
    const capacity = this.hashes.length * 2
    this.hashes = longer(this.hashes, capacity, 0)
    this.nulls = longer(this.nulls, capacity, 0)
    this.arrays = this.arrays.map((array, i) =>
      longer(array, capacity, this.layout.arrays[i].initial),
    )
    this.#rehash(capacity * 2)
  }

  #rehash(size: number): void {
    const slots = new Int32Array(size)
    const mask = size - 1
    const { count } = this
    const order = count < ORDER_MIN ? undefined : bySlot(this.hashes, count, mask)
    const hashes = order?.hashes ?? this.hashes
    for (let i = 0; i < count; i++) {
      let s = hashes[i] & mask
      while (slots[s] !== 0) s = (s + 1) & mask
      slots[s] = (order === undefined ? i : order.numbers[i]) + 1
    }
    this.slots = slots
    this.mask = mask
  }

  /** Makes room for `more` bytes of key text. Called by generated code. */
  growHeap(more: number): void {
    const heap = new Uint8Array(Math.max(1024, this.heap.length * 2, this.heapSize + more))
    heap.set(this.heap.subarray(0, this.heapSize))
    this.heap = heap
  }

  /** Forgets all groups but keeps the room. */
  clear(): void {
    const { count } = this
    this.slots.fill(0)
    this.nulls.fill(0, 0, count)
    this.layout.arrays.forEach(({ initial, kind }, i) => {
      const array = this.arrays[i] as Float64Array
      if (kind === 'js') (this.arrays[i] as unknown[]).fill(undefined, 0, count)
      else array.fill(initial, 0, count)
    })
    this.count = 0
    this.heapSize = 0
  }

  /** Keeps the groups for which `keep` holds, in their order, under new numbers. Key text of the
   *  others stays in the heap until a snapshot is restored or `compactHeap` is called. */
  retain(keep: (group: number) => boolean): void {
    let to = 0
    for (let g = 0; g < this.count; g++) {
      if (!keep(g)) continue
      this.hashes[to] = this.hashes[g]
      this.nulls[to] = this.nulls[g]
      for (const array of this.arrays) array[to] = array[g] as never
      to++
    }
    this.#reset(to, this.count)
    this.count = to
    this.#rehash(this.slots.length)
  }

  /** Arrays past `count` must hold what a fresh group holds. */
  #reset(from: number, to: number): void {
    this.nulls.fill(0, from, to)
    this.layout.arrays.forEach(({ initial, kind }, i) => {
      const value = kind === 'js' ? undefined : initial
      this.arrays[i].fill(value as never, from, to)
    })
  }

  /** Moves the live key text together. `texts` are the positions of (start, end) array pairs. */
  compactHeap(texts: readonly number[]): void {
    let size = 0
    for (const start of texts) {
      const starts = this.arrays[start] as Int32Array
      const ends = this.arrays[start + 1] as Int32Array
      for (let g = 0; g < this.count; g++) size += ends[g] - starts[g]
    }
    const heap = new Uint8Array(Math.max(1024, size * 2))
    let at = 0
    for (const start of texts) {
      const starts = this.arrays[start] as Int32Array
      const ends = this.arrays[start + 1] as Int32Array
      for (let g = 0; g < this.count; g++) {
        const text = this.heap.subarray(starts[g], ends[g])
        heap.set(text, at)
        starts[g] = at
        at += text.length
        ends[g] = at
      }
    }
    this.heap = heap
    this.heapSize = at
  }

  get bytes(): number {
    let sum = this.slots.byteLength + this.hashes.byteLength * 2 + this.heap.byteLength
    for (const array of this.arrays) {
      sum += ArrayBuffer.isView(array) ? array.byteLength : sampled(array, this.count)
    }
    return sum
  }

  /** A copy of the groups [from, to), independent of capacity and probing order. */
  page(from: number, to: number): GroupTablePage {
    return {
      hashes: this.hashes.slice(from, to),
      nulls: this.nulls.slice(from, to),
      arrays: this.arrays.map((array) => array.slice(from, to)),
    }
  }

  /** Takes back pages that follow each other from group 0 on, and the key text, which is the
   *  table's from then on. */
  restorePages(pages: readonly GroupTablePage[], heap: Uint8Array): void {
    const count = pages.reduce((sum, { hashes }) => sum + hashes.length, 0)
    let capacity = CAPACITY_MIN
    while (capacity <= count) capacity *= 2
    this.count = count
    this.hashes = joined(pages, ({ hashes }) => hashes, fresh('i32', capacity, 0) as Int32Array)
    this.nulls = joined(pages, ({ nulls }) => nulls, fresh('i32', capacity, 0) as Int32Array)
    this.arrays = this.layout.arrays.map(({ kind, initial }, i) =>
      joined(pages, ({ arrays }) => arrays[i], fresh(kind, capacity, initial)),
    )
    this.heap = heap
    this.heapSize = heap.length
    this.#rehash(capacity * 2)
  }

  /** The whole table as bytes. */
  snapshot(): Uint8Array {
    const frozen: Frozen = {
      page: this.page(0, this.count),
      heap: this.heap.slice(0, this.heapSize),
    }
    return serialize(frozen)
  }

  restore(bytes: Uint8Array): void {
    const { page, heap } = deserialize(bytes) as Frozen
    this.restorePages([page], heap)
  }
}

/** Puts the pages' arrays into one that is large enough. */
function joined<A extends GroupArray>(
  pages: readonly GroupTablePage[],
  arrayOf: (page: GroupTablePage) => GroupArray,
  all: A,
): A {
  let at = 0
  for (const page of pages) {
    const part = arrayOf(page)
    if (Array.isArray(all)) for (const [i, value] of part.entries()) all[at + i] = value
    else all.set(part as Float64Array, at)
    at += part.length
  }
  return all
}

function fresh(kind: ArrayKind, length: number, initial: number): GroupArray {
  switch (kind) {
    case 'i32':
      return new Int32Array(length).fill(initial)
    case 'f64':
      return new Float64Array(length).fill(initial)
    case 'u8':
      return new Uint8Array(length).fill(initial)
    case 'js':
      return new Array<unknown>(length).fill(undefined)
  }
}

function longer<A extends GroupArray>(array: A, length: number, initial: number): A {
  if (Array.isArray(array)) {
    const padding = new Array<unknown>(length - array.length).fill(undefined)
    return array.concat(padding) as A
  }
  const Type = array.constructor as new (length: number) => Float64Array
  const grown = new Type(length)
  grown.set(array as Float64Array)
  if (initial !== 0) grown.fill(initial, array.length)
  return grown as A
}
