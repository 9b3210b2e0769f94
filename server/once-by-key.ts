/** Requests with an idempotency key: one that is under way is joined, one that was stored before is
 *  found again, and only a new one is stored. */

export class OnceByKey<Answer> {
  readonly #onTheWay = new Map<number, Promise<Answer>>()

  /** `key`: the hash of the request's key; undefined: it has none, and is always new. `find`: the
   *  answer to a request that was stored; undefined if there was none. */
  answer(
    key: number | undefined,
    find: (key: number) => Answer | undefined,
    store: () => Promise<Answer>,
  ): Promise<Answer> {
    if (key === undefined) return store()
    const onTheWay = this.#onTheWay.get(key)
    if (onTheWay !== undefined) return onTheWay
    const known = find(key)
    if (known !== undefined) return Promise.resolve(known)
    const stored = store().finally(() => this.#onTheWay.delete(key))
    this.#onTheWay.set(key, stored)
    return stored
  }
}
