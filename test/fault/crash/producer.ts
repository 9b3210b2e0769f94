/** Writes records over HTTP with idempotency keys, sends a request again until it is acknowledged,
 *  and remembers what was. */

import { sleep } from '../../../engine/base/clock.ts'
import type { Child } from './child.ts'

export class Producer {
  readonly #child: Child
  readonly #name: string
  readonly #newIds: (count: number) => number[]
  readonly #random: () => number
  readonly acknowledged: number[] = []
  /** Answers other than "stored" that a retry got over. */
  readonly refusals = new Map<number, number>()
  #stopping = false
  readonly done: Promise<void>

  constructor(
    child: Child,
    name: string,
    source: { readonly newIds: (count: number) => number[]; readonly random: () => number },
  ) {
    this.#child = child
    this.#name = name
    this.#newIds = source.newIds
    this.#random = source.random
    this.done = this.#run()
  }

  stop(): void {
    this.#stopping = true
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#stopping; n++) {
      const ids = this.#newIds(1 + Math.floor(this.#random() * 40))
      await this.#send(`${this.#name}-${n}`, ids)
      if (this.#random() < 0.3) await sleep(this.#random() * 8)
    }
  }

  async #send(key: string, ids: readonly number[]): Promise<void> {
    const body = ids.map((id) => JSON.stringify({ id, k: `k${id % 11}` })).join('\n')
    for (;;) {
      const url = await this.#child.url()
      if (url === undefined) return
      try {
        const response = await fetch(`${url}/v1/streams/s/records`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': key },
        })
        const text = await response.text()
        if (response.status === 200) {
          const { count } = JSON.parse(text) as { count: number }
          if (count !== ids.length) throw new Error(`${key}: ${text}`)
          this.acknowledged.push(...ids)
          return
        }
        this.refusals.set(response.status, (this.refusals.get(response.status) ?? 0) + 1)
        if (response.status < 500 && response.status !== 429) throw new Error(`${key}: ${text}`)
      } catch (error) {
        if (!isConnectionError(error)) throw error
      }
      await sleep(5)
    }
  }
}

export const isConnectionError = (error: unknown): boolean =>
  error instanceof TypeError ||
  ['ECONNRESET', 'ECONNREFUSED', 'UND_ERR_SOCKET'].includes((error as { code?: string }).code ?? '')
