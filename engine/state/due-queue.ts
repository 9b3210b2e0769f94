/** What is due when: a binary heap by time. An item may become due later while it waits; it is then
 *  put back when its old time comes, so that a change of its time costs nothing. */

interface Entry<T> {
  readonly dueUs: number
  readonly item: T
}

/** From so many on, going through all items is quicker than taking the due ones out one by one. */
const MANY = 1024

export class DueQueue<T> {
  #heap: Entry<T>[] = []

  get size(): number {
    return this.#heap.length
  }

  /** When the first item is due at the earliest; Infinity if there is none. */
  get nextUs(): number {
    return this.#heap[0]?.dueUs ?? Infinity
  }

  push(dueUs: number, item: T): void {
    const heap = this.#heap
    let at = heap.length
    heap.push({ dueUs, item })
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent].dueUs <= heap[at].dueUs) break
      ;[heap[parent], heap[at]] = [heap[at], heap[parent]]
      at = parent
    }
  }

  /** Takes the items that are due before `timeUs`, in any order. `dueOf` says when an item is due
   *  now; undefined: it is gone. */
  take(timeUs: number, dueOf: (item: T) => number | undefined): T[] {
    const taken: T[] = []
    while (this.nextUs < timeUs) {
      if (taken.length === MANY) return this.#takeMany(timeUs, dueOf, taken)
      const { item } = this.#pop()
      const dueUs = dueOf(item)
      if (dueUs === undefined) continue
      if (dueUs < timeUs) taken.push(item)
      else this.push(dueUs, item)
    }
    return taken
  }

  /** The rest of what is due. The others are put into a new heap in the order of their times, which
   *  is a heap already. */
  #takeMany(timeUs: number, dueOf: (item: T) => number | undefined, taken: T[]): T[] {
    const left: Entry<T>[] = []
    for (const { dueUs: old, item } of this.#heap) {
      const dueUs = old < timeUs ? dueOf(item) : old
      if (dueUs === undefined) continue
      if (dueUs < timeUs) taken.push(item)
      else left.push({ dueUs, item })
    }
    this.#heap = left.sort((a, b) => a.dueUs - b.dueUs)
    return taken
  }

  #pop(): Entry<T> {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()!
    if (heap.length === 0) return first
    heap[0] = last
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && heap[child].dueUs < heap[least].dueUs) least = child
      }
      if (least === at) return first
      ;[heap[least], heap[at]] = [heap[at], heap[least]]
      at = least
    }
  }
}
