/** Follows the events of a query over all lives of the server, resuming by Last-Event-ID. Ids must
 *  have no gap and no repeat. */

import { sleep } from '../../../engine/base/clock.ts'
import { EventReader, type SseEvent } from '../../server/test-server.ts'
import type { Child } from './child.ts'

export class Subscriber {
  readonly query: string
  readonly #child: Child
  /** How often each row is there, by its JSON. */
  readonly rows = new Map<string, number>()
  readonly problems: string[] = []
  #lastId: string | undefined
  #reader: EventReader | undefined
  #stopping = false
  reconnects = 0
  readonly done: Promise<void>

  constructor(child: Child, query: string) {
    this.#child = child
    this.query = query
    this.done = this.#run()
  }

  stop(): void {
    this.#stopping = true
    this.#reader?.close()
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const url = await this.#child.url()
      if (url === undefined) return
      try {
        await this.#follow(url)
      } catch (error) {
        const message = String(error)
        if (/^Error: 4/.test(message) && !/^Error: 404/.test(message)) this.problems.push(message)
      }
      this.reconnects++
      await sleep(5)
    }
  }

  async #follow(url: string): Promise<void> {
    const headers: Record<string, string> = this.#lastId ? { 'last-event-id': this.#lastId } : {}
    const path = `${url}/v1/queries/${this.query}/events?snapshot=false`
    this.#reader = await EventReader.open(path, { headers })
    for (;;) {
      const event = await this.#reader.next()
      if (event === undefined) return
      if (event.type === 'changes') this.#take(event)
      if (event.type === 'error') this.problems.push(JSON.stringify(event.data))
    }
  }

  #take({ id, data }: SseEvent): void {
    const seqOf = (text: string | undefined) => Number(text?.split('-')[1] ?? -1)
    if (seqOf(id) !== seqOf(this.#lastId) + 1) {
      this.problems.push(`event ${id} of ${this.query} came after ${this.#lastId}`)
    }
    this.#lastId = id
    for (const { op, row } of data.rows) {
      const key = JSON.stringify(row)
      const count = (this.rows.get(key) ?? 0) + (op[0] === '+' ? 1 : -1)
      if (count === 0) this.rows.delete(key)
      else this.rows.set(key, count)
    }
  }
}
