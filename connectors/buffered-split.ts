/** A split of a broker whose client hands over messages on its own time. They wait in a bounded
 *  buffer; a lost connection is made anew and goes on after the last message in the buffer, so none
 *  is lost and none comes twice. */

import type { Clock } from '../engine/base/clock.ts'
import type { SqlError } from '../engine/base/errors.ts'
import type { Chunk, Offset, PollLimit, SplitReader } from '../engine/source/source.ts'
import { MessageBuffer, type OffsetForm } from './message-buffer.ts'
import { type Messages, NO_MESSAGES, type WantedMetadata } from './message-piece.ts'
import { type Life, Reconnect } from './reconnect.ts'

export interface BufferedSplitOptions<T> {
  readonly clock: Clock
  /** The broker, for messages. */
  readonly what: string
  readonly form: OffsetForm<T>
  readonly from: Offset
  /** See Split. */
  readonly stop?: Offset | undefined
  readonly metadata: readonly WantedMetadata[]
  /** One life of the connection (see Reconnect): adds the messages from `buffer.position` on, and
   *  calls `life.up` when it is connected. */
  readonly follow: (buffer: MessageBuffer<T>, life: Life) => Promise<void>
  /** See SplitReader. Default: nothing. */
  readonly commit?: (offset: Offset) => Promise<void>
}

export class BufferedSplit<T> implements SplitReader {
  readonly #options: BufferedSplitOptions<T>
  readonly #buffer: MessageBuffer<T>
  readonly #connection: Reconnect
  /** After the last chunk. */
  #offset: Offset
  #onReady = () => {}

  constructor(options: BufferedSplitOptions<T>) {
    const { clock, what, form, from, metadata, follow } = options
    const onReady = () => this.#onReady()
    this.#options = options
    this.#offset = from
    this.#buffer = new MessageBuffer({ form, metadata, from: form.parse(from), onReady })
    this.#connection = new Reconnect({
      ...{ clock, what },
      life: (life) => follow(this.#buffer, life),
      onChange: onReady,
    })
  }

  poll(limit: PollLimit): Chunk | null {
    const { form, stop } = this.#options
    const until = limit.until ?? stop
    const last = until === undefined ? undefined : form.parse(until)
    const taken = this.#buffer.take(limit, last)
    if (taken !== null) {
      // Where one position has several texts, it is called as the journal called it.
      const isLast = last !== undefined && form.compare(taken.next, last) === 0
      const offsetOf = (index: number) => form.record(taken.nextOf(index))
      const to = isLast ? until! : form.text(taken.next, taken.count)
      return this.#chunk(to, { ...taken.messages, offsetOf })
    }
    if (this.#buffer.rowCount === 0 && this.#connection.failure) throw this.#connection.failure
    return last !== undefined && this.#isPast(last) ? this.#chunk(until!, NO_MESSAGES) : null
  }

  #chunk(to: Offset, messages: Messages & Pick<Chunk, 'offsetOf'>): Chunk {
    const from = this.#offset
    this.#offset = to
    return { from, to, end: to === this.#options.stop, ...messages }
  }

  /** Whether nothing is before `until`, although no message ends there: it was deleted, or none was
   *  for us. */
  #isPast(until: T): boolean {
    const { compare, parse } = this.#options.form
    const order = compare(parse(this.#offset), until)
    return order === 0 || (order < 0 && compare(this.#buffer.position, until) >= 0)
  }

  onReady(callback: () => void): void {
    this.#onReady = callback
  }

  end(): Offset | undefined {
    const { end, addedCount } = this.#buffer
    if (end === undefined && this.#connection.failure) throw this.#connection.failure
    return end === undefined ? undefined : this.#options.form.text(end, addedCount)
  }

  lagRows(): number | undefined {
    const { behind, rowCount } = this.#buffer
    this.#buffer.onLagAsked()
    return behind === undefined ? undefined : behind + rowCount
  }

  trouble(): SqlError | undefined {
    return this.#connection.trouble
  }

  async commit(offset: Offset): Promise<void> {
    await this.#options.commit?.(offset)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}
