/** How far each split of the embedded streams is durable. The writing thread tells; the engine's
 *  readers never look beyond. */

export interface SplitEnd {
  /** Rows [0, end) are durable. */
  readonly end: number
  /** No row will follow. */
  readonly ended: boolean
}

const NOTHING: SplitEnd = { end: 0, ended: false }

export class Appended {
  readonly #ends = new Map<string, SplitEnd>()
  readonly #listeners = new Map<string, Set<() => void>>()

  get(tableId: string, split: string): SplitEnd {
    return this.#ends.get(`${tableId}/${split}`) ?? NOTHING
  }

  set(tableId: string, split: string, end: SplitEnd): void {
    const key = `${tableId}/${split}`
    this.#ends.set(key, end)
    for (const listener of this.#listeners.get(key) ?? []) listener()
  }

  /** Calls `listener` after every `set` of the split; the result stops it. */
  listen(tableId: string, split: string, listener: () => void): () => void {
    const key = `${tableId}/${split}`
    const listeners = this.#listeners.get(key) ?? new Set()
    // Several readers may share a callback: each registration is its own.
    const own = () => listener()
    this.#listeners.set(key, listeners.add(own))
    return () => listeners.delete(own)
  }
}
